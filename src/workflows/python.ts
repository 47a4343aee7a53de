/** Python's view of values where the conductor itself depends on it. */
import { Float } from "../expressions/python/values.ts";
import { isDict } from "./contexts.ts";

/** Python's truth: empty text, empty collections, zero and None are false. */
export function isTruthy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value) || Number.isNaN(value);
  if (value instanceof Float) return value.value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (isDict(value)) return Object.keys(value).length > 0;
  if ("size" in value) return value.size !== 0;
  if ("length" in value) return value.length !== 0;
  return true;
}

/** Is it an int? Python counts booleans among them. */
export function isInt(value: unknown): boolean {
  return typeof value === "boolean" || typeof value === "bigint" || Number.isInteger(value);
}

/** The name of the value's type in messages. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (isInt(value)) return "int";
  if (typeof value === "number" || value instanceof Float) return "float";
  return Array.isArray(value) ? "list" : "dict";
}
