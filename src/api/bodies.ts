/** Bodies of requests, and what is said about them in StackStorm's words. */
import type { Request } from "express";
import { isObject, type JsonObject } from "../model/json.ts";
import { refusal } from "./query.ts";

/** A value as Python writes it. */
export function pythonText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string")
    return value.includes("'") && !value.includes('"')
      ? `"${value}"`
      : `'${value.replaceAll("'", String.raw`\'`)}'`;
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${pythonText(name)}: ${pythonText(each)}`)
    .join(", ")}}`;
}

/** As Python's `str` shows it: text without quotes. */
export function pythonWord(value: unknown): string {
  return typeof value === "string" ? value : pythonText(value);
}

/** The body; an empty one is {}. */
export function bodyOf(request: Request): JsonObject {
  const body: unknown = request.body ?? {};
  if (!isObject(body)) throw refusal(`${pythonText(body)} is not of type 'object'`);
  return body;
}

/** An object of the body; absent and null are empty. */
export function objectIn(body: JsonObject, name: string): JsonObject {
  const value = body[name] ?? {};
  if (!isObject(value)) throw refusal(`${pythonText(value)} is not of type 'object'`);
  return value;
}

/** A list of texts; absent and null are empty. */
export function textsIn(body: JsonObject, name: string): readonly string[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string"))
    throw refusal(`${pythonText(value)} is not of type 'array'`);
  return value;
}

/** A text that must be there. */
export function textIn(body: JsonObject, name: string): string {
  const value = body[name];
  if (value === undefined) throw refusal(`'${name}' is a required property`);
  if (typeof value !== "string") throw refusal(`${pythonText(value)} is not of type 'string'`);
  return value;
}

/** A text that may be left out or null. */
export function optionalTextIn(body: JsonObject, name: string): string | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && typeof value !== "string")
    throw refusal(`${pythonText(value)} is not of type 'string', 'null'`);
  return value;
}

/** True or false; absent and null are false. */
export function flagIn(body: JsonObject, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value !== "boolean") throw refusal(`${pythonText(value)} is not of type 'boolean'`);
  return value;
}

/** A whole number from `minimum` on that may be left out or null. */
export function countIn(body: JsonObject, name: string, minimum: number): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value))
    throw refusal(`${pythonText(value)} is not of type 'integer', 'null'`);
  if (value < minimum) throw refusal(`${value} is less than the minimum of ${minimum}`);
  return value;
}

/** A text where there is one. */
export function textOr(body: JsonObject, name: string, otherwise: string): string {
  const value = body[name];
  return typeof value === "string" ? value : otherwise;
}
