/** JSONata's syntax tree as synchronous closures, for the part of the language whose cost and meaning are plain. */
import { byCondition, byPosition, field, path, type Run, type Step } from "./compile-path.ts";
import { builtins, otherFunctions } from "./functions.ts";
import { operators } from "./operators.ts";
import { isTree, pairs, tree, trees, type Tree } from "./parse.ts";
import {
  boundNames,
  clockFunctions,
  sharedFunctions,
  workflowFunctions,
  type WorkflowFunction,
} from "./bindings.ts";
import { doubt, isNumeric, JsonataFault, truthy, type Scope } from "./values.ts";

/** Thrown while compiling what is left to the original. */
export const notCompiled = new Error("left to the original");

/** Compile-time view of the variables that blocks bind: name → slot. */
interface Names {
  readonly slots: ReadonlyMap<string, number>;
  readonly next: { count: number };
}

/** The expression as a closure and the number of slots it needs, or undefined when the original has to evaluate it. */
export function compileTree(parsed: Tree): { run: Run; slots: number } | undefined {
  const names: Names = { slots: new Map(), next: { count: 0 } };
  try {
    return { run: compile(parsed, names), slots: names.next.count };
  } catch (error) {
    if (error === notCompiled) return undefined;
    throw error;
  }
}

function compile(node: Tree, names: Names): Run {
  if (node["group"] !== undefined || node["keepArray"] === true || node["tuple"] !== undefined) {
    throw notCompiled;
  }
  return withFilters(compileType(node, names), node["predicate"], names);
}

type Compile = (node: Tree, names: Names) => Run;

function compileType(node: Tree, names: Names): Run {
  const compiler = compilers.get(node.type);
  if (compiler === undefined) throw notCompiled;
  return compiler(node, names);
}

const compilers: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ["string", (node) => literal(node["value"])],
  ["number", (node) => literal(node["value"])],
  ["value", (node) => literal(node["value"])],
  ["path", compilePath],
  ["name", compileName],
  ["variable", compileVariable],
  ["binary", compileBinary],
  ["unary", compileUnary],
  ["condition", compileCondition],
  ["block", compileBlock],
  ["function", (node, names) => compileCall(node, names, undefined)],
  ["apply", compileApply],
]);

function literal(value: unknown): Run {
  return () => value;
}

function nameOf(node: Tree): string {
  const value = node["value"];
  if (typeof value !== "string") throw notCompiled;
  return value;
}

function compileName(node: Tree): Run {
  const name = nameOf(node);
  return (input, scope) => field(input, name, scope);
}

function withFilters(run: Run, filters: unknown, names: Names): Run {
  let result = run;
  for (const filter of trees(filters)) {
    if (filter.type !== "filter") throw notCompiled;
    const expression = tree(filter["expr"]);
    const value = expression["value"];
    result =
      expression.type === "number" && typeof value === "number"
        ? byPosition(result, value)
        : byCondition(result, compile(expression, names));
  }
  return result;
}

function compilePath(node: Tree, names: Names): Run {
  if (node["keepSingletonArray"] === true) throw notCompiled;
  return path(trees(node["steps"]).map((step) => compileStep(step, names)));
}

function compileStep(node: Tree, names: Names): Step {
  const refused = ["consarray", "focus", "index", "ancestor", "nextFunction"];
  if (refused.some((key) => node[key] !== undefined)) throw notCompiled;
  const filtered = node["stages"] !== undefined || node["predicate"] !== undefined;
  return {
    field: node.type === "name" && !filtered ? nameOf(node) : undefined,
    run: withFilters(compile(node, names), node["stages"], names),
    variable: node.type === "variable",
  };
}

function compileVariable(node: Tree, names: Names): Run {
  const name = nameOf(node);
  if (name === "") return (input) => input;
  if (name === "$") return (_input, scope) => scope.root;
  const slot = names.slots.get(name);
  if (slot !== undefined) return (_input, scope) => scope.slots[slot];
  if (Object.hasOwn(builtins, name) || otherFunctions.has(name) || isOurs(name)) {
    throw notCompiled;
  }
  return literal(undefined);
}

function isOurs(name: string): boolean {
  return boundNames.has(name) || Object.hasOwn(sharedFunctions, name);
}

function compileBinary(node: Tree, names: Names): Run {
  const operator = operators[nameOf(node)];
  if (operator === undefined) throw notCompiled;
  return operator(compile(tree(node["lhs"]), names), compile(tree(node["rhs"]), names));
}

function compileUnary(node: Tree, names: Names): Run {
  switch (node["value"]) {
    case "-":
      return negate(compile(tree(node["expression"]), names));
    case "[":
      return compileList(node, names);
    case "{":
      return compileObject(node, names);
    default:
      throw notCompiled;
  }
}

function negate(run: Run): Run {
  return (input, scope) => {
    const value = run(input, scope);
    if (value === undefined) return undefined;
    if (isNumeric(value)) return -value;
    throw new JsonataFault("D1002", `Cannot negate a non-numeric value: ${JSON.stringify(value)}`);
  };
}

function compileList(node: Tree, names: Names): Run {
  const items = trees(node["expressions"]).map((item) => ({
    run: compile(item, names),
    nested: item["value"] === "[",
  }));
  return (input, scope) => {
    const list: unknown[] = [];
    for (const { run, nested } of items) {
      const value = run(input, scope);
      if (Array.isArray(value) && !nested) {
        for (const each of value) list.push(each);
      } else if (value !== undefined) list.push(value);
    }
    return list;
  };
}

function compileObject(node: Tree, names: Names): Run {
  const entries = pairs(node["lhs"]).map(([key, value]) => ({
    key: compile(key, names),
    value: compile(value, names),
  }));
  return (input, scope) => {
    if (Array.isArray(input)) throw doubt;
    const result: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const entry of entries) {
      const key = entry.key(input, scope);
      if (key === undefined) continue;
      // Wrong, repeated and reserved keys are errors that the original words.
      if (typeof key !== "string" || seen.has(key) || key.startsWith("_")) throw doubt;
      seen.add(key);
      const value = entry.value(input, scope);
      if (value !== undefined) result[key] = value;
    }
    return result;
  };
}

function compileCondition(node: Tree, names: Names): Run {
  const condition = compile(tree(node["condition"]), names);
  const then = compile(tree(node["then"]), names);
  const otherwise = isTree(node["else"]) ? compile(node["else"], names) : literal(undefined);
  return (input, scope) =>
    truthy(condition(input, scope)) ? then(input, scope) : otherwise(input, scope);
}

/** A block has its own variables; each name gets a slot, numbered over the whole expression. */
function compileBlock(node: Tree, names: Names): Run {
  const slots = new Map(names.slots);
  const inner: Names = { slots, next: names.next };
  const runs = trees(node["expressions"]).map((item) => {
    if (item.type !== "bind") return compile(item, inner);
    const name = nameOf(tree(item["lhs"]));
    const value = compile(tree(item["rhs"]), inner);
    const known = slots.has(name) && !names.slots.has(name) ? slots.get(name) : undefined;
    const slot = known ?? names.next.count++;
    slots.set(name, slot);
    return bind(slot, value);
  });
  return (input, scope) => {
    let result: unknown;
    for (const run of runs) result = run(input, scope);
    return result;
  };
}

function bind(slot: number, run: Run): Run {
  return (input, scope) => {
    const value = run(input, scope);
    scope.slots[slot] = value;
    return value;
  };
}

function compileApply(node: Tree, names: Names): Run {
  const right = tree(node["rhs"]);
  if (right.type !== "function" || right["predicate"] !== undefined) throw notCompiled;
  return compileCall(right, names, compile(tree(node["lhs"]), names));
}

function compileCall(node: Tree, names: Names, first: Run | undefined): Run {
  const procedure = tree(node["procedure"]);
  if (procedure.type !== "variable") throw notCompiled;
  const name = nameOf(procedure);
  if (names.slots.has(name)) throw notCompiled;
  const rest = trees(node["arguments"]).map((argument) => compile(argument, names));
  const args = first === undefined ? rest : [first, ...rest];
  const called = ourFunction(name, args.length);
  if (called !== undefined) {
    return (input, scope) => called(evaluated(args, input, scope), scope.context);
  }
  return callBuiltin(name, args);
}

/** A function of Raicho's; the clock without arguments only, since formatting is the original's. */
function ourFunction(name: string, count: number): WorkflowFunction | undefined {
  for (const table of [
    workflowFunctions,
    sharedFunctions,
    ...(count === 0 ? [clockFunctions] : []),
  ]) {
    if (Object.hasOwn(table, name)) return table[name];
  }
  return undefined;
}

function evaluated(args: readonly Run[], input: unknown, scope: Scope): readonly unknown[] {
  return args.map((arg) => arg(input, scope));
}

function callBuiltin(name: string, given: readonly Run[]): Run {
  const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
  if (builtin === undefined) throw notCompiled;
  const [least, most] = builtin.arity;
  const usesContext = builtin.contextual && given.length === least - 1;
  const args = usesContext ? [(input: unknown) => input, ...given] : given;
  if (args.length < least || args.length > most) throw notCompiled;
  return (input, scope) => builtin.call(evaluated(args, input, scope), scope);
}
