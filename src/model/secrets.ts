/** What schemas call secret is not shown. */
import { isObject, type JsonObject } from "./json.ts";

const mask = "********";

function maskedBy(schema: unknown, value: unknown): unknown {
  if (!isObject(schema)) return value;
  if (schema["secret"] === true) return mask;
  const { properties } = schema;
  if (isObject(properties) && isObject(value)) return maskedIn(properties, value);
  const { items } = schema;
  if (isObject(items) && Array.isArray(value)) return value.map((each) => maskedBy(items, each));
  return value;
}

/** The values without those that their schemas call secret, at any depth. */
export function maskedIn(schemas: JsonObject, values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, maskedBy(schemas[name], value)]),
  );
}
