/** Python's `==` on YAQL's values. */
import type { Float } from "../python/values.ts";
import type { Run } from "./run.ts";
import { YaqlRegex } from "./regex.ts";
import { isTemporal, temporalEquals } from "./temporal.ts";
import {
  entriesOf,
  hasKey,
  hashKey,
  isMapping,
  isNumber,
  isSet,
  type Mapping,
  membersOf,
  sizeOf,
  valueAt,
  YaqlList,
  type YaqlSet,
  type YaqlView,
} from "./values.ts";

export function isEqual(left: unknown, right: unknown, run: Run): boolean {
  if (left === right) return !Number.isNaN(left);
  if (left === null || right === null) return false;
  if (typeof left === "string" || typeof right === "string") {
    if (typeof left === "string" && typeof right === "string") run.scan(left.length);
    return false;
  }
  if (isNumeric(left)) return isNumeric(right) && numericKey(left) === numericKey(right);
  return objectsEqual(left, right, run);
}

function isNumeric(value: unknown): value is number | bigint | boolean | Float {
  return typeof value === "boolean" || isNumber(value);
}

function numericKey(value: number | bigint | boolean | Float): unknown {
  return hashKey(value);
}

function objectsEqual(left: unknown, right: unknown, run: Run): boolean {
  run.step();
  if (Array.isArray(left)) return Array.isArray(right) && listsEqual(left, right, run);
  if (left instanceof YaqlList) {
    return right instanceof YaqlList && listsEqual(left.items, right.items, run);
  }
  if (isMapping(left)) return isMapping(right) && mappingsEqual(left, right, run);
  if (isSet(left)) return isSet(right) && setsEqual(left, right, run);
  if (left instanceof YaqlRegex) return right instanceof YaqlRegex && left.key === right.key;
  if (isTemporal(left)) return temporalEquals(left, right);
  return false;
}

function setsEqual(left: YaqlSet | YaqlView, right: YaqlSet | YaqlView, run: Run): boolean {
  const [a, b] = [keysOf(membersOf(left)), keysOf(membersOf(right))];
  run.step(a.size);
  return a.size === b.size && isSubset(a, b);
}

/** The members' hash keys. */
export function keysOf(members: readonly unknown[]): ReadonlySet<unknown> {
  return new Set(members.map(hashKey));
}

function listsEqual(left: readonly unknown[], right: readonly unknown[], run: Run): boolean {
  run.step(Math.min(left.length, right.length) >>> 4);
  return (
    left.length === right.length && left.every((item, index) => isEqual(item, right[index], run))
  );
}

function mappingsEqual(left: Mapping, right: Mapping, run: Run): boolean {
  if (sizeOf(left) !== sizeOf(right)) return false;
  return entriesOf(left).every(([key, value]) => {
    run.step();
    return hasKey(right, key) && isEqual(value, valueAt(right, key, null), run);
  });
}

/** True when every member of `small` is one of `large`. */
export function isSubset(small: ReadonlySet<unknown>, large: ReadonlySet<unknown>): boolean {
  return [...small].every((member) => large.has(member));
}
