/** Deleting: what refers to the entry decides whether it may go, goes with it, or lets go of it. */
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { InventoryError } from "../inventory/problem.ts";
import { unlink } from "../inventory/references.ts";
import { findReferrers, loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { mayRead, type Eyes } from "./inventory-eyes.ts";
import { deniedOf } from "./inventory-permit.ts";
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
  { first, eyes }: { readonly first: EntryRow; readonly eyes: Eyes },
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
  await refuseRestricted(db, { known, eyes }, left, sources);
  await refuseCascade(db, eyes, { first, going: [...going.values()] });
  const deleted = [...going.values()].map((row) => ({ ...draft(known, row, "D"), eyes }));
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

/** Whoever deletes an entry must be allowed to delete all that goes with it; of what they may not see, nothing is told. */
async function refuseCascade(
  db: Db,
  eyes: Eyes,
  { first, going }: { readonly first: EntryRow; readonly going: readonly EntryRow[] },
): Promise<void> {
  if (eyes.unlimited) return;
  const sights = await eyes.sights(db, going);
  const refused = going.filter(({ id }) => {
    const allowed = sights.get(id);
    return allowed !== "everything" && allowed?.has("delete") !== true;
  });
  const [one] = refused;
  if (one === undefined) return;
  const told = refused.filter(({ id }) => sights.has(id)).map(({ name }) => name);
  if (told.length < refused.length) told.push("something that you may not see");
  const what =
    one.id === first.id ? first.name : `${first.name}: with it would go ${told.join(", ")}`;
  throw deniedOf("delete", what);
}

async function refuseRestricted(
  db: Db,
  { known, eyes }: { readonly known: Catalogue; readonly eyes: Eyes },
  holding: readonly Referrer[],
  sources: ReadonlyMap<string, EntryRow>,
): Promise<void> {
  const sights = await eyes.sights(db, [...sources.values()]);
  const blockers = holding.flatMap(({ src, attr }) => {
    const source = sources.get(src);
    if (source === undefined || onDelete(known, source, attr) !== "restrict") return [];
    const type = known.byId.get(source.typeId)?.name ?? "unknown";
    return [{ id: src, type, name: source.name, attribute: attr }];
  });
  if (blockers.length === 0) return;
  const told = blockers.filter(({ id, attribute }) => mayRead(sights.get(id), attribute));
  const list = told
    .slice(0, 5)
    .map(({ type, name, attribute }) => `${type} ${name} (${attribute})`);
  if (told.length < blockers.length) list.push("entries that you may not see");
  const more = told.length > 5 ? ` and ${told.length - 5} more` : "";
  throw new InventoryError(
    "INVENTORY_REFERENCED",
    [`It is still referred to by ${list.join(", ")}${more}.`],
    { referrers: told.slice(0, 100) },
  );
}

function draft(
  known: Catalogue,
  row: EntryRow,
  op: "D" | "U",
  gone: ReadonlySet<string> = new Set(),
): Draft {
  const type = typeOf(known, row);
  // That references to it are let go follows from the type, not from what the caller may write.
  const document = unlink(type, row.doc, gone);
  return { id: row.id, type, op, before: row, document, eyes: undefined };
}
