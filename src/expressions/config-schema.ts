/** Defaults of a configuration at any depth. Behaviour: StackStorm's config loader. */
import { isObject, type JsonObject } from "../model/json.ts";
import { objectIn, schemaOfItem, schemaOfKey } from "../model/schema-parts.ts";

/** `values` with the defaults of `schemas` (one per name) where a name is missing, at any depth. A mapping or a list whose inside has a
 * schema is there afterwards, if only empty. */
export function withConfigDefaults(schemas: JsonObject, values: JsonObject): JsonObject {
  return objectDefaults({ properties: schemas }, values);
}

function objectDefaults(schema: JsonObject, values: JsonObject): JsonObject {
  const filled: Record<string, unknown> = { ...values };
  const names = new Set([
    ...Object.keys(objectIn(schema, "properties")),
    ...Object.keys(values).filter((name) => name !== "__proto__"),
  ]);
  for (const name of names) {
    const own = schemaOfKey(schema, name);
    const given = Object.hasOwn(filled, name) ? filled[name] : own["default"];
    const value = valueDefaults(own, given);
    if (value !== undefined) filled[name] = value;
  }
  return filled;
}

const insideObject = ["properties", "patternProperties", "additionalProperties"];
const insideArray = ["items", "additionalItems"];

function says(schema: JsonObject, words: readonly string[]): boolean {
  return words.some((word) => {
    const value = schema[word];
    return value === true || (typeof value === "object" && Object.keys(value ?? {}).length > 0);
  });
}

/** Nothing, null, "" and 0: what Python takes for no value. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === 0 || value === false;
}

function valueDefaults(schema: JsonObject, value: unknown): unknown {
  if (schema["type"] === "object" && says(schema, insideObject)) {
    const mapping = isEmpty(value) ? {} : value;
    return isObject(mapping) ? objectDefaults(schema, mapping) : mapping;
  }
  if (schema["type"] === "array" && says(schema, insideArray)) {
    const list: unknown = isEmpty(value) ? [] : value;
    return Array.isArray(list)
      ? list.map((item, index) => valueDefaults(schemaOfItem(schema, index), item))
      : list;
  }
  return value;
}
