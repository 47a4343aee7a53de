/** Equality, order, truth and membership of Python. */
import {
  dictEntries,
  dictGet,
  dictHas,
  isDict,
  PyDateTime,
  PyDict,
  PySet,
  PyTimeDelta,
  PyTuple,
} from "./collections.ts";
import type { PlainDict } from "./collections.ts";
import { Budget } from "./budget.ts";
import { typeError } from "./errors.ts";
import { Float } from "./values.ts";

export type Order = "<" | "<=" | ">" | ">=";

/** The type's name as Python's messages print it: `int`, `NoneType`, `datetime.datetime`. */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "str";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    case "undefined":
      return "NoneType";
    case "object":
      return objectTypeName(value);
    case "function":
    case "symbol":
      return "function";
  }
}

function objectTypeName(value: object | null): string {
  if (value === null) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (value instanceof Float) return "float";
  if (value instanceof PyTuple) return "tuple";
  if (value instanceof PySet) return "set";
  if (value instanceof PyDateTime) return "datetime.datetime";
  if (value instanceof PyTimeDelta) return "datetime.timedelta";
  if ("pythonType" in value && typeof value.pythonType === "string") return value.pythonType;
  return isDict(value) ? "dict" : "object";
}

/** The JavaScript number behind an int, float or bool; undefined for anything else. */
export function numeric(value: unknown): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return value instanceof Float ? value.value : undefined;
}

/** Python's ==: 1 == 1.0 == True, containers by content. Throws MemoryError for values without measure. */
export function pyEquals(left: unknown, right: unknown): boolean {
  return equals(left, right, undefined);
}

function equals(left: unknown, right: unknown, budget: Budget | undefined): boolean {
  if (left === right) return true;
  if (typeof left === "string" || typeof right === "string") return false;
  const a = numeric(left);
  if (a !== undefined) return numbersEqual(a, numeric(right));
  if (left === null || left === undefined) return right === null || right === undefined;
  if (typeof right !== "object" || right === null) return false;
  const limit = budget ?? new Budget();
  return limit.deeper(() => objectsEqual(left, right, limit));
}

function numbersEqual(a: number | bigint, b: number | bigint | undefined): boolean {
  return b !== undefined && !(a < b) && !(a > b) && !Number.isNaN(a) && !Number.isNaN(b);
}

function objectsEqual(left: unknown, right: object, budget: Budget): boolean {
  if (Array.isArray(left)) return Array.isArray(right) && sequencesEqual(left, right, budget);
  if (left instanceof PyTuple) {
    return right instanceof PyTuple && sequencesEqual(left.items, right.items, budget);
  }
  if (left instanceof PySet) {
    return right instanceof PySet && left.size === right.size && isSubset(left, right);
  }
  if (isDict(left)) return isDict(right) && dictsEqual(left, right, budget);
  return timesEqual(left, right);
}

function timesEqual(left: unknown, right: object): boolean {
  if (left instanceof PyDateTime) {
    return right instanceof PyDateTime && left.sortKey() === right.sortKey();
  }
  if (!(left instanceof PyTimeDelta) || !(right instanceof PyTimeDelta)) return false;
  return left.microseconds === right.microseconds;
}

function sequencesEqual(
  left: readonly unknown[],
  right: readonly unknown[],
  budget: Budget,
): boolean {
  budget.spend(left.length);
  return left.length === right.length && left.every((item, at) => equals(item, right[at], budget));
}

function dictsEqual(left: PlainDict | PyDict, right: PlainDict | PyDict, budget: Budget): boolean {
  const entries = dictEntries(left);
  const size = right instanceof PyDict ? right.size : Object.keys(right).length;
  budget.spend(entries.length);
  return (
    entries.length === size &&
    entries.every(
      ([key, value]) => dictHas(right, key) && equals(value, dictGet(right, key), budget),
    )
  );
}

function isSubset(left: PySet, right: PySet): boolean {
  return left.items().every((item) => right.has(item));
}

/** Order of two str by code point; negative, 0 or positive. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1;
  }
  return left.length - right.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function holds(order: Order, difference: number): boolean {
  switch (order) {
    case "<":
      return difference < 0;
    case "<=":
      return difference <= 0;
    case ">":
      return difference > 0;
    case ">=":
      return difference >= 0;
  }
}

/** Python's <, <=, >, >=. Throws TypeError `'<' not supported between instances of 'int' and 'str'`. */
export function pyCompare(order: Order, left: unknown, right: unknown): boolean {
  const a = numeric(left);
  const b = numeric(right);
  if (a !== undefined && b !== undefined) {
    if (Number.isNaN(a) || Number.isNaN(b)) return false;
    return holds(order, a < b ? -1 : a > b ? 1 : 0);
  }
  if (typeof left === "string" && typeof right === "string") {
    return holds(order, compareText(left, right));
  }
  const answer = compareObjects(order, left, right);
  if (answer !== undefined) return answer;
  throw typeError(
    `'${order}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  );
}

function compareObjects(order: Order, left: unknown, right: unknown): boolean | undefined {
  if (Array.isArray(left) && Array.isArray(right)) return compareSequences(order, left, right);
  if (left instanceof PyTuple && right instanceof PyTuple) {
    return compareSequences(order, left.items, right.items);
  }
  if (left instanceof PySet && right instanceof PySet) return compareSets(order, left, right);
  return compareTimes(order, left, right);
}

function compareTimes(order: Order, left: unknown, right: unknown): boolean | undefined {
  if (left instanceof PyDateTime && right instanceof PyDateTime) {
    if ((left.offset === undefined) !== (right.offset === undefined)) {
      throw typeError("can't compare offset-naive and offset-aware datetimes");
    }
    const seconds = left.epochSeconds - right.epochSeconds;
    return holds(order, seconds === 0 ? left.microsecond - right.microsecond : seconds);
  }
  if (left instanceof PyTimeDelta && right instanceof PyTimeDelta) {
    return holds(order, left.microseconds - right.microseconds);
  }
  return undefined;
}

function compareSequences(
  order: Order,
  left: readonly unknown[],
  right: readonly unknown[],
): boolean {
  const length = Math.min(left.length, right.length);
  const budget = new Budget();
  for (let at = 0; at < length; at += 1) {
    if (!equals(left[at], right[at], budget)) return pyCompare(order, left[at], right[at]);
  }
  return holds(order, left.length - right.length);
}

function compareSets(order: Order, left: PySet, right: PySet): boolean {
  const [small, large] = order.startsWith("<") ? [left, right] : [right, left];
  return isSubset(small, large) && (order.endsWith("=") || small.size < large.size);
}

/** Python's bool(). */
export function pyTruth(value: unknown): boolean {
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return value.length > 0;
    case "number":
      return value !== 0;
    case "bigint":
      return value !== 0n;
    case "undefined":
      return false;
    case "object":
      return objectTruth(value);
    case "function":
    case "symbol":
      return true;
  }
}

function objectTruth(value: object | null): boolean {
  if (value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof PyTuple) return value.items.length > 0;
  if (value instanceof PySet || value instanceof PyDict) return value.size > 0;
  if (value instanceof PyTimeDelta) return value.microseconds !== 0;
  if (value instanceof PyDateTime) return true;
  return isDict(value) ? Object.keys(value).length > 0 : true;
}

/** Python's `needle in container`. Throws TypeError as Python words it. */
export function pyContains(container: unknown, needle: unknown): boolean {
  if (typeof container === "string") {
    if (typeof needle === "string") return container.includes(needle);
    throw typeError(`'in <string>' requires string as left operand, not ${typeName(needle)}`);
  }
  if (Array.isArray(container)) return container.some((item) => pyEquals(item, needle));
  if (container instanceof PyTuple) return container.items.some((item) => pyEquals(item, needle));
  if (container instanceof PySet || isDict(container)) {
    if (Array.isArray(needle) || isDict(needle) || needle instanceof PySet) {
      throw typeError(`unhashable type: '${typeName(needle)}'`);
    }
    return container instanceof PySet ? container.has(needle) : dictHas(container, needle);
  }
  throw typeError(`argument of type '${typeName(container)}' is not iterable`);
}
