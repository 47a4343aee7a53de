/** Comparisons and arguments of templates. */
import { dictEntries, isDict } from "../python/collections.ts";
import { pyCompare, pyEquals, typeName } from "../python/compare.ts";
import { typeError } from "../python/errors.ts";
import { text } from "./access.ts";
import type { Comparison } from "./nodes.ts";
import { isSoft, need } from "./runtime.ts";
import { contains } from "./tests.ts";

/** Puts the items of a `**` argument among the named ones. Throws TypeError for what is no dict. */
export function spread(value: unknown, keywords: Map<string, unknown>): void {
  if (!isDict(need(value)) || !isDict(value)) {
    throw typeError(`argument after ** must be a mapping, not ${typeName(value)}`);
  }
  for (const [key, item] of dictEntries(value)) keywords.set(text(key), item);
}

/** One comparison of a chain. Throws when a side is undefined or cannot be compared. */
/** Two values that are not there are alike, where that may be asked. */
function equal(left: unknown, right: unknown): boolean {
  if (!isSoft(left) && !isSoft(right)) return pyEquals(need(left), need(right));
  return isSoft(left) && isSoft(right);
}

export function compared(operator: Comparison, left: unknown, right: unknown): boolean {
  switch (operator) {
    case "==":
      return equal(left, right);
    case "!=":
      return !equal(left, right);
    case "in":
      return contains(right, left);
    case "notin":
      return !contains(right, left);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return pyCompare(operator, need(left), need(right));
  }
}
