/** Which part of a schema speaks about which part of a value. Behaviour: StackStorm's config loader. */
import { isObject, type JsonObject } from "./json.ts";

/** The mapping under that word of a schema; empty when there is none. */
export function objectIn(schema: JsonObject, word: string): JsonObject {
  const value = schema[word];
  return isObject(value) ? value : {};
}

function search(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return false;
  }
}

/** The schema of one key of a mapping: `properties`, else all matching `patternProperties` together, else `additionalProperties`. */
export function schemaOfKey(schema: JsonObject, key: string): JsonObject {
  const properties = objectIn(schema, "properties");
  if (Object.hasOwn(properties, key)) return objectIn(properties, key);
  const patterns = objectIn(schema, "patternProperties");
  const fitting = Object.keys(patterns).filter((pattern) => search(pattern, key));
  if (fitting.length > 0)
    return Object.assign({}, ...fitting.map((pattern) => objectIn(patterns, pattern)));
  return objectIn(schema, "additionalProperties");
}

/** The schema of one item of a list: `items`, and `additionalItems` behind the last of several. */
export function schemaOfItem(schema: JsonObject, index: number): JsonObject {
  const items: unknown = schema["items"];
  if (!Array.isArray(items)) return isObject(items) ? items : {};
  const own: unknown = items[index];
  return isObject(own) ? own : objectIn(schema, "additionalItems");
}
