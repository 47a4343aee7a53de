/** Changing documents: RFC 7396 merge patch, difference by attribute, three-way merge. */
import { isObject, type JsonObject } from "../model/json.ts";

/** RFC 7396: null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, mergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** The same for a document, whose patch is an object. */
export function patchDocument(document: JsonObject, patch: JsonObject): JsonObject {
  const patched = mergePatch(document, patch);
  return isObject(patched) ? patched : {};
}

/** Equal as JSON: the order of an object's keys does not count. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, i) => sameJson(item, right[i]));
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]))
  );
}

export interface Change {
  readonly attribute: string;
  /** Undefined = it was not there. */
  readonly before: unknown;
  /** Undefined = it is no longer there. */
  readonly after: unknown;
}

/** Changed attributes, in alphabetical order. */
export function diff(before: JsonObject, after: JsonObject): readonly Change[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .toSorted()
    .filter((name) => !sameJson(before[name], after[name]))
    .map((attribute) => ({ attribute, before: before[attribute], after: after[attribute] }));
}

export interface MergeConflict {
  readonly attribute: string;
  readonly base: unknown;
  readonly theirs: unknown;
  readonly yours: unknown;
}

/**
 * Joins two changes of one base, attribute by attribute. Both changed the same attribute differently = a conflict;
 * both changed it alike, or different ones = merged.
 */
export function threeWayMerge(
  base: JsonObject,
  theirs: JsonObject,
  yours: JsonObject,
): { readonly merged: JsonObject } | { readonly conflicts: readonly MergeConflict[] } {
  const merged = new Map(Object.entries(theirs));
  const conflicts: MergeConflict[] = [];
  for (const { attribute, before, after } of diff(base, yours)) {
    const current = theirs[attribute];
    if (!sameJson(current, before) && !sameJson(current, after))
      conflicts.push({ attribute, base: before, theirs: current, yours: after });
    else if (after === undefined) merged.delete(attribute);
    else merged.set(attribute, after);
  }
  return conflicts.length > 0 ? { conflicts } : { merged: Object.fromEntries(merged) };
}
