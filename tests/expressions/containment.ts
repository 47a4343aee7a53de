/** What must hold after any expression, however unkind: its result is data, and the program around it is as it was. */
import {
  PyDateTime,
  PyDict,
  PySet,
  PyTimeDelta,
  PyTuple,
} from "../../src/expressions/python/collections.ts";
import { Float } from "../../src/expressions/python/values.ts";
import { YaqlRegex } from "../../src/expressions/yaql/regex.ts";

const dataClasses = [Float, PyTuple, PySet, PyDict, PyDateTime, PyTimeDelta, YaqlRegex];

/** Stands in the environment of this process; no expression may ever see it. */
export const canary = `canary-${process.pid}-4f1c`;

/** What in a result is no data, in words; undefined for data. Values may share their parts many times over. */
export function foreignPart(result: unknown): string | undefined {
  const seen = new Set<object>();
  const waiting: unknown[] = [result];
  while (waiting.length > 0 && seen.size < 200_000) {
    const value = waiting.pop();
    const foreign = foreignness(value);
    if (foreign !== undefined) return foreign;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const key of Reflect.ownKeys(value)) waiting.push(Reflect.get(value, key));
  }
  return undefined;
}

function foreignness(value: unknown): string | undefined {
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value === "string") return value.includes(canary) ? "the environment" : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype === Object.prototype;
  if (isPlain || dataClasses.some((each) => value instanceof each)) return undefined;
  return `a ${value.constructor.name}`;
}

const guarded = [
  globalThis,
  Object,
  Object.prototype,
  Function.prototype,
  Array,
  Array.prototype,
  String.prototype,
  Number.prototype,
  Boolean.prototype,
  Map.prototype,
  Set.prototype,
  Promise.prototype,
  RegExp.prototype,
  Error.prototype,
  Symbol.prototype,
  Date.prototype,
  JSON,
  Math,
  Reflect,
];

/** The names on everything that all code shares. */
export function sharedNames(): string {
  return guarded.map((each) => Reflect.ownKeys(each).map(String).join()).join("\n");
}
