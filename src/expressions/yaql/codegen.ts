/** Turns a syntax tree into closures. Operators on plain values take a short way; everything else goes through the overloads. */
import { compareText } from "../python/compare.ts";
import type { Argument, Node } from "./ast.ts";
import { callSite } from "./call-site.ts";
import { absent, Code, type Evaluate, RuleCode } from "./code.ts";
import { frozenDict } from "./convert.ts";
import { Fault } from "./faults.ts";
import { isEqual } from "./equality.ts";
import { memberOf, variableOf } from "./library/orquesta.ts";
import { callNamed } from "./names.ts";
import type { Scope } from "./scope.ts";
import { quotedText } from "./text.ts";
import { isTrue } from "./truth.ts";
import { isIterable, isMapping, valueAt } from "./values.ts";

/** Compiles a tree. Never throws for a tree that the parser made. */
export function generate(node: Node): Code {
  switch (node.kind) {
    case "constant":
      return new Code(node.keyword ? "keyword" : "constant", () => node.value, node.value);
    case "variable":
      return new Code("other", (scope) => scope.get(node.name));
    case "wrap":
      return new Code("other", generate(node.inner).evaluate);
    case "call":
      return call(node.name, node.args.map(argument));
    case "binary":
      return binary(node.operator, generate(node.left), generate(node.right));
    case "unary":
      return unary(node.operator, generate(node.operand));
    case "index":
      return index(generate(node.target), node.args.map(argument));
    case "list":
      return list(node.args.map(argument));
    case "map":
      return map(node.args.map(argument));
  }
}

type Compiled = Code | typeof absent;

function argument(node: Argument): Compiled {
  if (node.kind === "skipped") return absent;
  if (node.kind === "rule") return new RuleCode(generate(node.source), generate(node.destination));
  return generate(node);
}

function isPlain(arg: Compiled): arg is Code {
  return arg !== absent && !(arg instanceof RuleCode);
}

function call(name: string, args: readonly Compiled[]): Code {
  const general = callSite(name, args);
  const [only] = args;
  if (
    name === "ctx" &&
    args.length === 1 &&
    only instanceof Code &&
    only.isConstant &&
    isTrue(only.value)
  ) {
    return new Code("call", (scope, receiver) =>
      receiver === absent && !scope.run.redefined
        ? variableOf(scope.run.context, only.value)
        : general(scope, receiver),
    );
  }
  return new Code("call", general, name === "ctx" && args.length === 0 ? allVariables : null);
}

/** Marks the code of `ctx()`. */
const allVariables = Symbol("ctx()");

function binary(operator: string, left: Code, right: Code): Code {
  switch (operator) {
    case ".":
    case "?.":
      return dot(operator, left, right);
    case "and":
    case "or":
      return logical(operator, left, right);
    case "=":
    case "!=":
      return equality(operator, left, right);
    case "->":
      return other("#operator_->", [left, right]);
    default:
      return arithmetic(operator, left, right);
  }
}

function other(name: string, args: readonly Compiled[]): Code {
  return new Code("other", (scope) => callNamed(scope, name, args));
}

function dot(operator: "." | "?.", left: Code, right: Code): Code {
  const name = `#operator_${operator}`;
  const general: Evaluate = (scope) => callNamed(scope, name, [left, right]);
  if (right.kind !== "keyword" && right.kind !== "call") return new Code("other", general);
  if (right.kind === "keyword" && left.value === allVariables && left.kind === "call") {
    const key = String(right.value);
    return new Code("other", (scope, receiver) =>
      scope.run.redefined ? general(scope, receiver) : memberOf(scope.run.context, key),
    );
  }
  return new Code("other", (scope, receiver) => {
    if (scope.run.redefined) return general(scope, receiver);
    const object = left.evaluate(scope, absent);
    if (object === null && operator === "?.") return null;
    return right.kind === "call" ? right.evaluate(scope, object) : property(scope, object, right);
  });
}

function property(scope: Scope, object: unknown, name: Code): unknown {
  if (isMapping(object)) {
    const value = valueAt(object, name.value, absent);
    if (value === absent) throw new Fault("KeyError", quotedText(name.value));
    return value;
  }
  if (isIterable(object)) return callNamed(scope, "#operator_.", [object, name]);
  return callNamed(scope, `#property#${String(name.value)}`, [object]);
}

function logical(operator: "and" | "or", left: Code, right: Code): Code {
  const general: Evaluate = (scope) => callNamed(scope, `#operator_${operator}`, [left, right]);
  return new Code("other", (scope, receiver) => {
    if (scope.run.redefined) return general(scope, receiver);
    const value = left.evaluate(scope, absent);
    return isTrue(value) === (operator === "and") ? right.evaluate(scope, absent) : value;
  });
}

function equality(operator: "=" | "!=", left: Code, right: Code): Code {
  const name = operator === "=" ? "*equal" : "*not_equal";
  const general: Evaluate = (scope) => callNamed(scope, name, [left, right]);
  return new Code("other", (scope, receiver) => {
    if (scope.run.redefined) return general(scope, receiver);
    const a = left.evaluate(scope, absent);
    return isEqual(a, right.evaluate(scope, absent), scope.run) === (operator === "=");
  });
}

/** Constants that no overload of an operator takes are refused before the other side is evaluated. */
function isOdd({ isConstant, value }: Code): boolean {
  return isConstant && (value === null || typeof value === "boolean");
}

function arithmetic(operator: string, left: Code, right: Code): Code {
  const name = `#operator_${operator}`;
  const numbers = quickNumbers[operator];
  const texts = quickTexts[operator];
  if (isOdd(left) || isOdd(right)) return other(name, [left, right]);
  return new Code("other", (scope) => {
    if (scope.run.redefined) return callNamed(scope, name, [left, right]);
    const a = left.evaluate(scope, absent);
    const b = right.evaluate(scope, absent);
    if (typeof a === "number" && typeof b === "number" && numbers !== undefined) {
      const result = numbers(a, b);
      if (result !== undefined) return result;
    }
    if (typeof a === "string" && typeof b === "string") {
      if (texts !== undefined) return texts(a, b);
      if (operator === "+") return concatenated(scope, a, b);
    }
    return callNamed(scope, name, [a, b]);
  });
}

function concatenated({ run }: Scope, a: string, b: string): string {
  run.step();
  run.produce(a.length + b.length);
  return a + b;
}

/** The result while both are integers and so is it, exactly. */
function exact(a: number, b: number, result: number): number | undefined {
  const safe = Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(result);
  return safe ? result + 0 : undefined;
}

const quickNumbers: Readonly<
  Partial<Record<string, (a: number, b: number) => number | boolean | undefined>>
> = {
  "+": (a, b) => exact(a, b, a + b),
  "-": (a, b) => exact(a, b, a - b),
  "*": (a, b) => exact(a, b, a * b),
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};
const quickTexts: Readonly<Partial<Record<string, (a: string, b: string) => boolean>>> = {
  "<": (a, b) => compareText(a, b) < 0,
  "<=": (a, b) => compareText(a, b) <= 0,
  ">": (a, b) => compareText(a, b) > 0,
  ">=": (a, b) => compareText(a, b) >= 0,
};

function unary(operator: string, operand: Code): Code {
  const name = `#unary_operator_${operator}`;
  if (operator !== "not") return other(name, [operand]);
  return new Code("other", (scope) =>
    scope.run.redefined
      ? callNamed(scope, name, [operand])
      : !isTrue(operand.evaluate(scope, absent)),
  );
}

function index(target: Code, args: readonly Compiled[]): Code {
  const general = other("#indexer", [target, ...args]);
  const [only] = args;
  if (args.length !== 1 || only === undefined || !isPlain(only)) return general;
  return new Code("other", (scope, receiver) => {
    if (scope.run.redefined || target.isConstant) return general.evaluate(scope, receiver);
    const object = target.evaluate(scope, absent);
    const key = only.evaluate(scope, absent);
    if (Array.isArray(object) && typeof key === "number" && Number.isInteger(key)) {
      const value: unknown = object[key < 0 ? key + object.length : key];
      if (value !== undefined) return value;
    }
    return callNamed(scope, "#indexer", [object, key]);
  });
}

function list(args: readonly Compiled[]): Code {
  const general = other("#list", args);
  if (!args.every(isPlain)) return general;
  return new Code("other", (scope, receiver) => {
    if (scope.run.redefined) return general.evaluate(scope, receiver);
    scope.run.produce(args.length);
    return args.map((arg) => (arg instanceof Code ? arg.evaluate(scope, absent) : null));
  });
}

function map(args: readonly Compiled[]): Code {
  const general = other("#map", args);
  const rules = args.filter((arg) => arg instanceof RuleCode);
  if (rules.length < args.length) return general;
  return new Code("other", (scope, receiver) => {
    if (scope.run.redefined) return general.evaluate(scope, receiver);
    const entries = rules.map(
      ({ source, destination }) =>
        [source.evaluate(scope, absent), destination.evaluate(scope, absent)] as const,
    );
    return frozenDict(entries, scope.run);
  });
}
