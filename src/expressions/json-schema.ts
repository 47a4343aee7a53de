/** JSON Schema (draft 4, with draft 3's boolean `required` on properties) as StackStorm validates, with the messages of Python's jsonschema. */
import type { JsonObject } from "../model/json.ts";
import { checkPair } from "./json-schema-keywords.ts";
import { isType } from "./json-schema-types.ts";
import type { Finding, Nested, SchemaError, SchemaPath } from "./json-schema-types.ts";

/** All violations, in the order of the schema's keywords. */
export function schemaErrors(
  instance: unknown,
  schema: JsonObject,
  depth = 0,
): readonly SchemaError[] {
  if (depth > 100) return [];
  const errors: SchemaError[] = [];
  const errorsOf = (value: unknown, part: JsonObject): readonly SchemaError[] =>
    schemaErrors(value, part, depth + 1);
  for (const [keyword, argument] of Object.entries(schema)) {
    for (const found of checkPair({ keyword, argument, instance, schema, errorsOf })) {
      errors.push(...placed(found, keyword, instance, schema));
    }
  }
  return errors;
}

function placed(
  found: Finding | Nested,
  keyword: string,
  instance: unknown,
  schema: JsonObject,
): readonly SchemaError[] {
  if ("errors" in found) {
    return found.errors.map((error) => ({
      ...error,
      path: [...found.path, ...error.path],
      schemaPath: [keyword, ...found.schemaPath, ...error.schemaPath],
    }));
  }
  return [
    {
      message: found.message,
      keyword: found.keyword ?? keyword,
      instance,
      schema,
      path: found.path ?? [],
      schemaPath: [keyword, ...(found.schemaPath ?? [])],
      context: found.context ?? [],
    },
  ];
}

type Relevance = readonly [number, SchemaPath, number, number];

function relevance(error: SchemaError): Relevance {
  const weak = error.keyword === "anyOf" || error.keyword === "oneOf";
  const types = Array.isArray(error.schema["type"]) ? error.schema["type"] : [error.schema["type"]];
  const matches = types.some((type) => typeof type === "string" && isType(error.instance, type));
  return [-error.path.length, error.path, weak ? 0 : 1, matches ? 0 : 1];
}

function comparePaths(a: SchemaPath, b: SchemaPath): number {
  for (const [at, step] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (step !== other) {
      if (typeof step === "number" && typeof other === "number") return step - other;
      return String(step) < String(other) ? -1 : 1;
    }
  }
  return a.length - b.length;
}

function compare(a: SchemaError, b: SchemaError): number {
  const [length, path, weak, type] = relevance(a);
  const [otherLength, otherPath, otherWeak, otherType] = relevance(b);
  return (
    length - otherLength || comparePaths(path, otherPath) || weak - otherWeak || type - otherType
  );
}

/** The error that tells most: the shallowest; inside of anyOf and oneOf the deepest. */
export function bestError(errors: readonly SchemaError[]): SchemaError | undefined {
  let [best] = errors;
  for (const error of errors) if (best !== undefined && compare(error, best) > 0) best = error;
  while (best !== undefined && best.context.length > 0) {
    const [least, second] = best.context.toSorted(compare);
    if (least === undefined || (second !== undefined && compare(least, second) === 0)) return best;
    best = {
      ...least,
      path: [...best.path, ...least.path],
      schemaPath: [...best.schemaPath, ...least.schemaPath],
    };
  }
  return best;
}
