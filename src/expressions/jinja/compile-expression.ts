/** Turns expressions into closures, once; evaluating then walks no tree. */
import { arithmetic, isNumber, negate, positive } from "../python/arithmetic.ts";
import { noMore } from "../python/arguments.ts";
import type { Keywords } from "../python/arguments.ts";
import { dictEntries, hashKey, isDict, makeDict, PyTuple } from "../python/collections.ts";
import { pyCompare, pyEquals, typeName } from "../python/compare.ts";
import { PythonError, typeError } from "../python/errors.ts";
import { stringRepr } from "../python/text.ts";
import { getAttribute, getItem, iterate, Slice, text, truth } from "./access.ts";
import type { Definition, Environment } from "./environment.ts";
import { percentFormat } from "./format.ts";
import { globals } from "./globals.ts";
import { LoopContext } from "./loop.ts";
import type { Argument, Comparison, Expression } from "./nodes.ts";
import { orquestaFunctions } from "./orquesta.ts";
import { JinjaUndefined, need, PyFunction } from "./runtime.ts";
import type { Evaluate, Frame, Run } from "./runtime.ts";
import { contains } from "./tests.ts";

/** Calls what a template may call. Throws TypeError `'str' object is not callable`. */
export function call(
  callee: unknown,
  args: readonly unknown[],
  keywords: Keywords,
  run: Run,
): unknown {
  if (callee instanceof PyFunction) return callee.call(args, keywords, run);
  if (callee instanceof LoopContext) return callee.call(args);
  need(callee);
  throw typeError(`'${typeName(callee)}' object is not callable`);
}

/** The value of a name: locals, then the dialect's names, then Jinja's globals. */
export function resolve(name: string, run: Run, frame: Frame | undefined): unknown {
  const owner = frame?.owner(name);
  if (owner !== undefined) return owner.get(name);
  const found = run.dialect === "orquesta" ? orquestaFunctions.get(name) : run.name(name);
  if (found !== undefined) return found;
  return globals.get(name) ?? new JinjaUndefined(`${stringRepr(name)} is undefined`);
}

type Of<Kind extends Expression["kind"]> = Extract<Expression, { readonly kind: Kind }>;

export class ExpressionCompiler {
  readonly #environment: Environment;
  constructor(environment: Environment) {
    this.#environment = environment;
  }

  compile(node: Expression): Evaluate {
    switch (node.kind) {
      case "constant":
        return constant(node.value);
      case "name":
        return name(node.name);
      case "attribute":
        return this.#attribute(node);
      case "index":
        return this.#index(node);
      case "call":
        return this.#call(node);
      case "filter":
        return this.filter(node, node.value === undefined ? undefined : this.compile(node.value));
      case "test":
        return this.#test(node);
      default:
        return this.#structure(node);
    }
  }

  #structure(
    node: Exclude<
      Expression,
      Of<"constant" | "name" | "attribute" | "index" | "call" | "filter" | "test">
    >,
  ): Evaluate {
    switch (node.kind) {
      case "list":
      case "tuple":
        return this.#sequence(node);
      case "dict":
        return this.#dict(node);
      case "slice":
        return this.#slice(node);
      case "and":
      case "or":
        return this.#logic(node);
      case "compare":
        return this.#compare(node);
      case "concat":
        return this.#concat(node);
      case "condition":
        return this.#condition(node);
      case "unary":
        return this.#unary(node);
      case "binary":
        return this.#binary(node);
    }
  }

  #attribute(node: Of<"attribute">): Evaluate {
    const attribute = node.name;
    if (isWholeContext(node.object)) return contextVariable(attribute);
    const object = this.compile(node.object);
    return (run, frame) => getAttribute(object(run, frame), attribute);
  }

  #index(node: Of<"index">): Evaluate {
    const object = this.compile(node.object);
    const index = this.compile(node.index);
    return (run, frame) => {
      const owner = object(run, frame);
      if (typeof owner === "string") run.handle(owner);
      return getItem(owner, index(run, frame));
    };
  }

  #sequence(node: Of<"list" | "tuple">): Evaluate {
    const items = node.items.map((item) => this.compile(item));
    const isTuple = node.kind === "tuple";
    return (run, frame) => {
      const values = items.map((item) => item(run, frame));
      return isTuple ? new PyTuple(values) : values;
    };
  }

  #dict(node: Of<"dict">): Evaluate {
    const entries = node.entries.map(
      ([key, value]) => [this.compile(key), this.compile(value)] as const,
    );
    return (run, frame) => {
      const pairs = entries.map(([key, value]) => {
        const name = need(key(run, frame));
        if (hashKey(name) === undefined) throw typeError(`unhashable type: '${typeName(name)}'`);
        return [name, value(run, frame)] as const;
      });
      return makeDict(pairs);
    };
  }

  #slice(node: Of<"slice">): Evaluate {
    const parts = node.parts.map((part) => (part === undefined ? undefined : this.compile(part)));
    return (run, frame) =>
      new Slice(parts.map((part) => (part === undefined ? null : need(part(run, frame)))));
  }

  #logic(node: Of<"and" | "or">): Evaluate {
    const left = this.compile(node.left);
    const right = this.compile(node.right);
    const stop = node.kind === "or";
    return (run, frame) => {
      const value = left(run, frame);
      return truth(value) === stop ? value : right(run, frame);
    };
  }

  #compare(node: Of<"compare">): Evaluate {
    const first = this.compile(node.first);
    const rest = node.rest.map(([operator, value]) => [operator, this.compile(value)] as const);
    return (run, frame) => {
      let left = first(run, frame);
      for (const [operator, value] of rest) {
        const right = value(run, frame);
        run.handle(right);
        if (!compared(operator, left, right)) return false;
        left = right;
      }
      return true;
    };
  }

  #concat(node: Of<"concat">): Evaluate {
    const items = node.items.map((item) => this.compile(item));
    return (run, frame) => {
      const joined = items.map((item) => text(item(run, frame))).join("");
      run.wrote(joined.length);
      return joined;
    };
  }

  #condition(node: Of<"condition">): Evaluate {
    const test = this.compile(node.test);
    const value = this.compile(node.value);
    if (node.otherwise !== undefined) {
      const otherwise = this.compile(node.otherwise);
      return (run, frame) => (truth(test(run, frame)) ? value(run, frame) : otherwise(run, frame));
    }
    const message = `the inline if-expression on line ${node.line} evaluated to false and no else section was defined.`;
    return (run, frame) =>
      truth(test(run, frame))
        ? value(run, frame)
        : new JinjaUndefined(message, "UndefinedError", false);
  }

  #unary(node: Of<"unary">): Evaluate {
    const value = this.compile(node.value);
    if (node.operator === "not") return (run, frame) => !truth(value(run, frame));
    const apply = node.operator === "-" ? negate : positive;
    return (run, frame) => apply(need(value(run, frame)));
  }

  #binary(node: Of<"binary">): Evaluate {
    const left = this.compile(node.left);
    const right = this.compile(node.right);
    const { operator } = node;
    if (operator === "**" && node.right.kind !== "constant" && isNegative(node.left)) {
      // Jinja2 folds `-3` to a constant and then writes `-3 ** x` for Python, which reads it as -(3 ** x).
      const positiveBase = this.compile(node.left.value);
      return (run, frame) =>
        negate(arithmetic("**", positiveBase(run, frame), need(right(run, frame))));
    }
    return (run, frame) => {
      const a = need(left(run, frame));
      const b = need(right(run, frame));
      run.tick();
      if (operator === "%" && typeof a === "string") return percentFormat(a, b);
      const result = arithmetic(operator, a, b);
      if (!isNumber(result)) run.wrote(sizeOf(result));
      return result;
    };
  }

  #call(node: Of<"call">): Evaluate {
    const callee = this.compile(node.callee);
    const args = this.#arguments(node.args);
    return (run, frame) => {
      const target = callee(run, frame);
      const [values, keywords] = args(run, frame);
      return call(target, values, keywords, run);
    };
  }

  #arguments(
    args: readonly Argument[],
  ): (run: Run, frame: Frame | undefined) => readonly [readonly unknown[], Keywords] {
    const compiled = args.map((arg) => ({ name: arg.name, value: this.compile(arg.value) }));
    if (compiled.every((arg) => arg.name === undefined)) {
      return (run, frame) => [compiled.map((arg) => arg.value(run, frame)), noMore];
    }
    return (run, frame) => {
      const values: unknown[] = [];
      const keywords = new Map<string, unknown>();
      for (const arg of compiled) {
        const value = arg.value(run, frame);
        if (arg.name === undefined) values.push(value);
        else if (arg.name === "*") values.push(...iterate(value));
        else if (arg.name === "**") spread(value, keywords);
        else keywords.set(arg.name, value);
      }
      return [values, keywords];
    };
  }

  /** A filter on a value that is already compiled; without one the value stands in the frame's name `""` (filter blocks). */
  filter(node: Of<"filter">, value: Evaluate | undefined): Evaluate {
    const input = value ?? ((_run: Run, frame: Frame | undefined) => frame?.get(""));
    const definition = this.#environment.filter(node.name);
    return this.#apply(definition, input, { kind: "filter", ...pick(node) });
  }

  #test(node: Of<"test">): Evaluate {
    const value = this.compile(node.value);
    const definition = this.#environment.test(node.name);
    return this.#apply(definition, value, { kind: "test", ...pick(node) });
  }

  #apply(
    definition: Definition | undefined,
    input: Evaluate,
    node: { readonly kind: string; readonly name: string; readonly args: readonly Argument[] },
  ): Evaluate {
    if (definition === undefined) {
      const message = `No ${node.kind} named ${stringRepr(node.name)}.`;
      return () => {
        throw new PythonError("TemplateAssertionError", message);
      };
    }
    const args = this.#arguments(node.args);
    return (run, frame) => {
      const value = input(run, frame);
      const [values, keywords] = args(run, frame);
      return this.#environment.apply(definition, [value, ...values], keywords, run);
    };
  }
}

function isNegative(node: Expression): node is Of<"unary"> & { readonly value: Of<"constant"> } {
  return node.kind === "unary" && node.operator === "-" && node.value.kind === "constant";
}

function pick(node: Of<"filter" | "test">): { name: string; args: readonly Argument[] } {
  return { name: node.name, args: node.args };
}

function sizeOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return value instanceof PyTuple ? value.items.length : 1;
}

function constant(value: unknown): Evaluate {
  return () => value;
}

function name(wanted: string): Evaluate {
  return (run, frame) => resolve(wanted, run, frame);
}

/** `ctx()` without arguments, whose attributes need no copy of the whole context. */
function isWholeContext(node: Expression): boolean {
  return (
    node.kind === "call" &&
    node.args.length === 0 &&
    node.callee.kind === "name" &&
    node.callee.name === "ctx"
  );
}

function contextVariable(attribute: string): Evaluate {
  return (run, frame) => {
    const local = frame?.owner("ctx");
    if (run.dialect !== "orquesta" || local !== undefined) {
      return getAttribute(call(resolve("ctx", run, frame), [], noMore, run), attribute);
    }
    const { variables } = run.context;
    if (isOrdinary(attribute) && Object.hasOwn(variables, attribute))
      return run.variable(attribute);
    return getAttribute(call(orquestaFunctions.get("ctx"), [], noMore, run), attribute);
  };
}

const dictMethodNames = new Set(
  "get keys values items copy pop popitem setdefault clear fromkeys update".split(" "),
);

function isOrdinary(attribute: string): boolean {
  return !attribute.startsWith("__") && !dictMethodNames.has(attribute);
}

function spread(value: unknown, keywords: Map<string, unknown>): void {
  if (!isDict(need(value)) || !isDict(value)) {
    throw typeError(`argument after ** must be a mapping, not ${typeName(value)}`);
  }
  for (const [key, item] of dictEntries(value)) keywords.set(text(key), item);
}

function compared(operator: Comparison, left: unknown, right: unknown): boolean {
  switch (operator) {
    case "==":
      return pyEquals(need(left), need(right));
    case "!=":
      return !pyEquals(need(left), need(right));
    case "in":
      return contains(right, left);
    case "notin":
      return !contains(right, left);
    default:
      return pyCompare(operator, need(left), need(right));
  }
}
