/** Jinja2's tests (`is …`). */
import { arithmetic, isFloat, isInt, isNumber } from "../python/arithmetic.ts";
import { hashKey, isDict, PySet, PyTuple } from "../python/collections.ts";
import { pyCompare, pyContains, pyEquals, typeName } from "../python/compare.ts";
import { typeError } from "../python/errors.ts";
import type { Order } from "../python/compare.ts";
import { iterate, text } from "./access.ts";
import { define, defineLenient } from "./environment.ts";
import type { Definition, DefinitionTable } from "./environment.ts";
import { percentFormat } from "./format.ts";
import { isCase } from "./methods-text.ts";
import { isSoft, JinjaUndefined, need, PyFunction, PyIterator, PyRange } from "./runtime.ts";

/** `needle in container`, for every container a template can hold. */
export function contains(container: unknown, needle: unknown): boolean {
  if (isSoft(container)) return false;
  need(container);
  need(needle);
  if (container instanceof PyIterator || container instanceof PyRange) {
    return iterate(container).some((item) => pyEquals(item, needle));
  }
  return pyContains(container, needle);
}

function compare(python: string, order: Order): Definition {
  return define(python, "a b", ([a, b]) => pyCompare(order, a, need(b)));
}

function isIterable(value: unknown): boolean {
  if (typeof value === "string" || Array.isArray(value) || isDict(value)) return true;
  return (
    value instanceof PyTuple ||
    value instanceof PySet ||
    value instanceof PyIterator ||
    value instanceof PyRange
  );
}

function isSequence(value: unknown): boolean {
  if (value instanceof PyIterator || value instanceof PySet) return false;
  return isIterable(value);
}

function hashable(value: unknown): string {
  if (hashKey(value) === undefined) throw typeError(`unhashable type: '${typeName(value)}'`);
  return text(value);
}

function same(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (a === 0 && b === 0);
}

function remainder(a: unknown, b: unknown): unknown {
  return typeof a === "string" ? percentFormat(a, need(b)) : arithmetic("%", a, need(b));
}

const equal = define("eq", "a b", ([a, b]) => pyEquals(a, need(b)));
const unequal = define("ne", "a b", ([a, b]) => !pyEquals(a, need(b)));
const less = compare("lt", "<");
const lessEqual = compare("le", "<=");
const greater = compare("gt", ">");
const greaterEqual = compare("ge", ">=");

export const tests: DefinitionTable = {
  odd: define("test_odd", "value", ([value]) => pyEquals(remainder(value, 2), 1)),
  even: define("test_even", "value", ([value]) => pyEquals(remainder(value, 2), 0)),
  divisibleby: define("test_divisibleby", "value num", ([value, by]) =>
    pyEquals(remainder(value, by), 0),
  ),
  defined: defineLenient("test_defined", "value", ([value]) => !(value instanceof JinjaUndefined)),
  undefined: defineLenient("test_undefined", "value", ([value]) => value instanceof JinjaUndefined),
  filter: define(
    "test_filter",
    "value",
    ([name], { environment }) => environment.filter(hashable(name)) !== undefined,
  ),
  test: define(
    "test_test",
    "value",
    ([name], { environment }) => environment.test(hashable(name)) !== undefined,
  ),
  none: defineLenient("test_none", "value", ([value]) => value === null || value === undefined),
  boolean: defineLenient("test_boolean", "value", ([value]) => typeof value === "boolean"),
  true: defineLenient("test_true", "value", ([value]) => value === true),
  false: defineLenient("test_false", "value", ([value]) => value === false),
  integer: defineLenient(
    "test_integer",
    "value",
    ([value]) => isInt(value) && typeof value !== "boolean",
  ),
  float: defineLenient("test_float", "value", ([value]) => isFloat(value)),
  number: defineLenient("test_number", "value", ([value]) => isNumber(value)),
  lower: define("test_lower", "value", ([value]) => isCase(text(value), false)),
  upper: define("test_upper", "value", ([value]) => isCase(text(value), true)),
  string: defineLenient("test_string", "value", ([value]) => typeof value === "string"),
  mapping: defineLenient("test_mapping", "value", ([value]) => isDict(value)),
  sequence: defineLenient("test_sequence", "value", ([value]) => isSequence(value)),
  iterable: define("test_iterable", "value", ([value]) => isIterable(value)),
  callable: defineLenient("test_callable", "value", ([value]) => value instanceof PyFunction),
  sameas: defineLenient("test_sameas", "value other", ([value, other]) => same(value, other)),
  escaped: defineLenient("test_escaped", "value", () => false),
  in: define("test_in", "value seq", ([value, seq]) => contains(seq, value)),
  "==": equal,
  eq: equal,
  equalto: equal,
  "!=": unequal,
  ne: unequal,
  ">": greater,
  gt: greater,
  greaterthan: greater,
  ge: greaterEqual,
  ">=": greaterEqual,
  "<": less,
  lt: less,
  lessthan: less,
  "<=": lessEqual,
  le: lessEqual,
};
