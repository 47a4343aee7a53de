/** Entries as a change finds them: there, living, at the version that the caller saw. */
import type { KnownType } from "../inventory/catalogue.ts";
import { same } from "../inventory/claims.ts";
import { applyJsonPatch, namedIn, type PatchOperation } from "../inventory/json-patch.ts";
import { diff, patchDocument, sameJson, threeWayMerge } from "../inventory/patch.ts";
import { InventoryError } from "../inventory/problem.ts";
import { referencesIn } from "../inventory/references.ts";
import type { JsonObject } from "../model/json.ts";
import type { EntryRow } from "../store/inventory/entries.ts";
import { loadRevision } from "../store/inventory/history.ts";
import { imageKey } from "../store/inventory/sight.ts";
import type { Db } from "../store/schema.ts";

import { mayRead, type Eyes } from "./inventory-eyes.ts";
import { resolveReferences } from "./inventory-resolve.ts";
import { check } from "./inventory-write.ts";

export function present(id: string, row: EntryRow | undefined): EntryRow {
  if (row === undefined) throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [id]);
  return row;
}

export function living(id: string, stored: EntryRow | undefined): EntryRow {
  const row = present(id, stored);
  if (row.deletedAt === null) return row;
  const when = row.deletedAt.toISOString();
  throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [`${id}: it was deleted at ${when}`]);
}

export function stale(
  row: EntryRow,
  ifVersion: number,
  conflicts: readonly unknown[] = [],
): InventoryError {
  return new InventoryError(
    "INVENTORY_STALE",
    [`${row.name} is at version ${row.version}, the change was made for version ${ifVersion}.`],
    { version: row.version, conflicts },
  );
}

/** A merge patch, or the operations of a JSON Patch. */
export type EntryPatch = JsonObject | readonly PatchOperation[];

function isOperations(patch: EntryPatch): patch is readonly PatchOperation[] {
  return Array.isArray(patch);
}

/** Attributes that the patch names, those that it only tests among them. */
export function attributesNamed(patch: EntryPatch): readonly string[] {
  return isOperations(patch) ? namedIn(patch) : Object.keys(patch);
}

/** What a document becomes. */
export interface Edit {
  /** Attributes that it names. */
  readonly names: readonly string[];
  readonly apply: (document: JsonObject) => JsonObject;
  /** Attributes that it relies on: they must be as they were. */
  readonly relies: readonly string[];
}

export function mergeOf(patch: JsonObject): Edit {
  return {
    names: Object.keys(patch),
    apply: (document) => patchDocument(document, patch),
    relies: [],
  };
}

/** The patch as an edit: a test compares with what its value is stored as, so `2020/10/1`, or a name instead of an id, is the same. */
export async function editOf(
  db: Db,
  patch: EntryPatch,
  { type, eyes }: { readonly type: KnownType; readonly eyes: Eyes },
): Promise<Edit> {
  if (!isOperations(patch)) return mergeOf(patch);
  const tests = patch.filter(({ op, path }) => op === "test" && path.length === 1);
  const wanted = tests.map(({ path: [name = ""], value }) => ({ [name]: value }));
  const requests = wanted.flatMap((one) => referencesIn(type, one));
  const resolutions = await resolveReferences(db, requests, { eyes, hold: false });
  const stored = (name: string, value: unknown): unknown => {
    const checked = check(type, { [name]: value }, resolutions, "part");
    return "document" in checked ? checked.document[name] : undefined;
  };
  return {
    names: namedIn(patch),
    apply: (document) =>
      applyJsonPatch(
        document,
        patch,
        (name, found, value) =>
          sameJson(found, value) || (name !== undefined && same(found, stored(name, value))),
      ),
    relies: patch.flatMap(({ op, path, from }) =>
      op === "test" ? path.slice(0, 1) : op === "copy" ? from.slice(0, 1) : [],
    ),
  };
}

/** What became of the document, as a merge patch of attributes. */
export function changesOf(before: JsonObject, after: JsonObject): JsonObject {
  return Object.fromEntries(
    diff(before, after).map(({ attribute, after: value }) => [attribute, value ?? null]),
  );
}

/** The revision, when these eyes may read all of those attributes in it: what a refusal tells, or whether a test holds, would tell the rest. */
async function readableBase(
  db: Db,
  eyes: Eyes,
  { id, typeId }: EntryRow,
  { version, names }: { readonly version: number; readonly names: readonly string[] },
): Promise<JsonObject | undefined> {
  const base = await loadRevision(db, id, version);
  if (base === undefined || eyes.unlimited) return base;
  const seen = { id, typeId, version };
  const allowed = (await eyes.images(db, [seen])).get(imageKey(seen));
  return names.every((name) => mayRead(allowed, name)) ? base : undefined;
}

/** The edit done to the version it was made for, then joined with what happened since. Throws INVENTORY_STALE when that cannot be done, or may not be told. */
export async function patched(
  db: Db,
  { current, eyes }: { readonly current: EntryRow; readonly eyes: Eyes },
  { names, apply, relies }: Edit,
  ifVersion: number | undefined,
): Promise<JsonObject> {
  if (ifVersion === undefined || ifVersion === current.version) return apply(current.doc);
  const base = await readableBase(db, eyes, current, { version: ifVersion, names });
  if (base === undefined) throw stale(current, ifVersion);
  const yours = apply(base);
  const joined = threeWayMerge(base, current.doc, yours);
  const gone = diff(base, current.doc)
    .filter(({ attribute }) => relies.includes(attribute))
    .map(({ attribute, before, after }) => ({
      attribute,
      base: before,
      theirs: after,
      yours: yours[attribute],
    }));
  if ("merged" in joined && gone.length === 0) return joined.merged;
  const conflicts = "merged" in joined ? [] : joined.conflicts;
  const told = new Set(conflicts.map(({ attribute }) => attribute));
  throw stale(current, ifVersion, [
    ...conflicts,
    ...gone.filter(({ attribute }) => !told.has(attribute)),
  ]);
}
