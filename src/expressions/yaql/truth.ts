/** Python's truth of YAQL's values. */
import { Float } from "../python/values.ts";
import { isZeroSpan } from "./temporal.ts";
import { isMapping, isSequence, itemsOf, sizeOf, viewItems, YaqlSet, YaqlView } from "./values.ts";

export function isTrue(value: unknown): boolean {
  if (typeof value !== "object") return Boolean(value);
  if (value === null) return false;
  if (value instanceof Float) return value.value !== 0;
  if (isSequence(value)) return itemsOf(value).length > 0;
  if (value instanceof YaqlSet) return value.entries.size > 0;
  if (value instanceof YaqlView) return viewItems(value).length > 0;
  if (isMapping(value)) return sizeOf(value) > 0;
  return !isZeroSpan(value);
}
