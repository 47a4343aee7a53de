/** Taking changes back: what an entry must become so that a changeset, or everything after a version, did not happen. */
import type { JsonObject } from "../model/json.ts";
import { sameJson, threeWayMerge, type MergeConflict } from "./patch.ts";

/** What a changeset did to one entry, all its revisions together. */
export interface Deed {
  /** The document before; undefined = it did not live. */
  readonly before: JsonObject | undefined;
  /** The document after; undefined = it no longer lived. */
  readonly after: JsonObject | undefined;
}

export type Undoing =
  | { readonly kind: "nothing" }
  | { readonly kind: "delete" }
  | { readonly kind: "restore"; readonly document: JsonObject }
  | { readonly kind: "change"; readonly document: JsonObject }
  /** Somebody changed what would have to be taken back. */
  | {
      readonly kind: "conflict";
      readonly conflicts: readonly MergeConflict[];
      readonly because: string;
    };

function conflict(because: string, conflicts: readonly MergeConflict[] = []): Undoing {
  return { kind: "conflict", because, conflicts };
}

/**
 * What takes the deed back, when the entry is `present` now (undefined = deleted). Changes that came later stay where they concern other
 * attributes; where they do not, it is a conflict. Later changes that were themselves taken back are none.
 */
export function undo({ before, after }: Deed, present: JsonObject | undefined): Undoing {
  if (before === undefined) {
    if (after === undefined || present === undefined) return { kind: "nothing" };
    return sameJson(present, after)
      ? { kind: "delete" }
      : conflict("it was made by the changeset and changed since");
  }
  if (after === undefined) {
    if (present === undefined) return { kind: "restore", document: before };
    return sameJson(present, before) ? { kind: "nothing" } : conflict("it was restored since");
  }
  if (present === undefined) return conflict("it was deleted since");
  const joined = threeWayMerge(after, present, before);
  return "merged" in joined
    ? { kind: "change", document: joined.merged }
    : conflict("the same attributes were changed since", joined.conflicts);
}

/** The present document with these attributes as they were; without names, the old document itself. */
export function withAttributesOf(
  present: JsonObject,
  old: JsonObject,
  names: readonly string[] | undefined,
): JsonObject {
  if (names === undefined) return old;
  const result = new Map(Object.entries(present));
  for (const name of names) {
    if (Object.hasOwn(old, name)) result.set(name, old[name]);
    else result.delete(name);
  }
  return Object.fromEntries(result);
}
