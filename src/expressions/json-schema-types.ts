/** Words of JSON Schema validation. */
import type { JsonObject } from "../model/json.ts";
import { isObject } from "../model/json.ts";
import { Float } from "./python/values.ts";

export type SchemaPath = readonly (string | number)[];

/** One violation; `context` holds those of the alternatives of anyOf and oneOf. */
export interface SchemaError {
  readonly message: string;
  readonly keyword: string;
  readonly instance: unknown;
  readonly schema: JsonObject;
  readonly path: SchemaPath;
  readonly schemaPath: SchemaPath;
  readonly context: readonly SchemaError[];
}

/** What a keyword found, before it knows where it stands. */
export interface Finding {
  readonly message: string;
  readonly keyword?: string;
  readonly path?: SchemaPath;
  readonly schemaPath?: SchemaPath;
  readonly context?: readonly SchemaError[];
}

/** Errors of a part of the instance, found by a keyword of the whole. */
export interface Nested {
  readonly errors: readonly SchemaError[];
  readonly path: SchemaPath;
  readonly schemaPath: SchemaPath;
}

const typeTests: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["array", (value) => Array.isArray(value)],
  ["boolean", (value) => typeof value === "boolean"],
  ["integer", (value) => typeof value === "bigint" || Number.isInteger(value)],
  ["null", (value) => value === null || value === undefined],
  [
    "number",
    (value) => typeof value === "bigint" || typeof value === "number" || value instanceof Float,
  ],
  ["object", (value) => isObject(value) && !(value instanceof Float)],
  ["string", (value) => typeof value === "string"],
]);

/** True for a value of that JSON type; 1.0 is a number but no integer, true neither. */
export function isType(value: unknown, type: string): boolean {
  return typeTests.get(type)?.(value) === true;
}
