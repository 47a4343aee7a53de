/** JSON in which the order of keys does not count: the same text for the same value. */
import { isObject } from "../model/json.ts";

export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const parts = Object.entries(value).map(
    ([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`,
  );
  return `{${parts.toSorted().join()}}`;
}
