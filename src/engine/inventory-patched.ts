/** Entries as a change finds them: there, living, at the version that the caller saw. */
import { patchDocument, threeWayMerge } from "../inventory/patch.ts";
import { InventoryError } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import type { EntryRow } from "../store/inventory/entries.ts";
import { loadRevision } from "../store/inventory/history.ts";
import type { Db } from "../store/schema.ts";

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

/** The patch applied to the version it was made for, then joined with what happened since. */
export async function patched(
  db: Db,
  current: EntryRow,
  patch: JsonObject,
  ifVersion: number | undefined,
): Promise<JsonObject> {
  if (ifVersion === undefined || ifVersion === current.version)
    return patchDocument(current.doc, patch);
  const base = await loadRevision(db, current.id, ifVersion);
  if (base === undefined) throw stale(current, ifVersion);
  const joined = threeWayMerge(base, current.doc, patchDocument(base, patch));
  if ("merged" in joined) return joined.merged;
  throw stale(current, ifVersion, joined.conflicts);
}
