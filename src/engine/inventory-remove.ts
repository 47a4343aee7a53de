/** Deleting: what refers to the entry decides whether it may go, goes with it, or lets go of it. */
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { InventoryError } from "../inventory/problem.ts";
import { unlink } from "../inventory/references.ts";
import { findReferrers, loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import type { Draft } from "./inventory-write.ts";

interface Referrer {
  readonly src: string;
  readonly attr: string;
  readonly dst: string;
}

/** Drafts for deleting an entry, everything that cascades, and unlinking the rest. Throws INVENTORY_REFERENCED with the list of what is in the way. */
export async function removal(
  db: Db,
  known: Catalogue,
  first: EntryRow,
): Promise<readonly Draft[]> {
  const going = new Map([[first.id, first]]);
  const holding: Referrer[] = [];
  for (let frontier = [first.id]; frontier.length > 0;) {
    const referrers = await findReferrers(db, frontier);
    const sources = await loadEntries(db, [...new Set(referrers.map(({ src }) => src))], "delete");
    frontier = [];
    for (const referrer of referrers) {
      const source = sources.get(referrer.src);
      if (source === undefined || going.has(source.id)) continue;
      if (onDelete(known, source, referrer.attr) === "cascade") {
        going.set(source.id, source);
        frontier.push(source.id);
      } else holding.push(referrer);
    }
  }
  const left = holding.filter(({ src }) => !going.has(src));
  const sources = await loadEntries(db, [...new Set(left.map(({ src }) => src))], "write");
  refuseRestricted(known, left, sources);
  const deleted = [...going.values()].map((row) => draft(known, row, "D"));
  const unlinked = [...sources.values()].map((row) =>
    draft(known, row, "U", new Set(going.keys())),
  );
  return [...deleted, ...unlinked];
}

function typeOf(known: Catalogue, row: EntryRow): KnownType {
  const type = known.byId.get(row.typeId);
  if (type !== undefined) return type;
  throw new InventoryError("INVENTORY_TYPE_UNKNOWN", [`of entry ${row.id}; it was retired`]);
}

function onDelete(known: Catalogue, row: EntryRow, attr: string): string {
  const attribute = known.byId.get(row.typeId)?.attributes.get(attr);
  if (attribute === undefined) return "restrict";
  // A required reference cannot be let go.
  const { onDelete: wanted } = attribute.element;
  return wanted === "unlink" && attribute.required && !attribute.array ? "restrict" : wanted;
}

function refuseRestricted(
  known: Catalogue,
  holding: readonly Referrer[],
  sources: ReadonlyMap<string, EntryRow>,
): void {
  const blockers = holding.flatMap(({ src, attr }) => {
    const source = sources.get(src);
    if (source === undefined || onDelete(known, source, attr) !== "restrict") return [];
    const type = known.byId.get(source.typeId)?.name ?? "unknown";
    return [{ id: src, type, name: source.name, attribute: attr }];
  });
  if (blockers.length === 0) return;
  const list = blockers
    .slice(0, 5)
    .map(({ type, name, attribute }) => `${type} ${name} (${attribute})`);
  const more = blockers.length > 5 ? ` and ${blockers.length - 5} more` : "";
  throw new InventoryError(
    "INVENTORY_REFERENCED",
    [`It is still referred to by ${list.join(", ")}${more}.`],
    { referrers: blockers.slice(0, 100) },
  );
}

function draft(
  known: Catalogue,
  row: EntryRow,
  op: "D" | "U",
  gone: ReadonlySet<string> = new Set(),
): Draft {
  const type = typeOf(known, row);
  return { id: row.id, type, op, before: row, document: unlink(type, row.doc, gone) };
}
