/**
 * Derives anew what is derived of entries (references, keys, index rows, search text), and mends what is not as their documents say.
 *
 * 1. Documents stay as they are: no version, no history, nothing for the feed.
 * 2. A piece is one transaction, and the answer says where the next begins: it can be stopped and gone on with at any time, while others write.
 * 3. Entries that are still to be brought along to the present version of their type are left to that. */
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { derive, derivedChange, type Derived } from "../inventory/derive.ts";
import { sameJson } from "../inventory/patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import { shown } from "../inventory/validate.ts";
import { findKeys, keyText, type KeyProbe } from "../store/inventory/entries.ts";
import {
  dropStrays,
  entriesAfter,
  entriesIndexed,
  entryCount,
  wronglyIndexed,
  type IndexedRow,
} from "../store/inventory/reindex.ts";
import { rewriteDerived, type EntryChange } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import type { UpsertGround } from "./inventory-upsert.ts";
import { withoutRaces } from "./inventory-write.ts";

const pieceSize = 1_000;
const beforeAll = "00000000-0000-0000-0000-000000000000";

/** A key that the documents of two entries give. */
export interface DoubleKey {
  readonly key: string;
  readonly value: string;
  /** The entry that keeps it, and the one that goes without. */
  readonly holder: string;
  readonly entry: string;
}

export interface Reindexed {
  /** All entries, deleted ones too. */
  readonly total: number;
  readonly looked: number;
  /** Entries that were not as their documents say, and rows that belonged to none. */
  readonly mended: number;
  /** Left alone: of retired types, or to be brought along first. */
  readonly skipped: number;
  readonly doubles: readonly DoubleKey[];
  /** Where the next piece begins; null = that was the last. */
  readonly next: string | null;
}

/** The piece after an entry's id, or the first. Throws INVENTORY_DENIED unless nothing limits the caller. */
export async function reindex(
  { database, known, eyes }: UpsertGround,
  after: string | undefined,
): Promise<Reindexed> {
  if (!eyes.unlimited)
    throw new InventoryError("INVENTORY_DENIED", [
      "You may not reindex: it takes a role that sees and changes the whole inventory.",
    ]);
  if (after !== undefined && !isUuid(after))
    throw badRequest(`after is ${shown(after)}; expected the id where the piece before ended`);
  const total = await entryCount(database.db);
  const piece = await withoutRaces(() =>
    database.transaction((tx) => mendPiece(tx, known, after?.toLowerCase() ?? beforeAll)),
  );
  const strays = piece.next === null ? await dropStrays(database.db) : 0;
  return { total, ...piece, mended: piece.mended + strays };
}

/** An entry with what should be derived of it. */
interface Due {
  readonly row: IndexedRow;
  readonly derived: Derived;
}

async function mendPiece(
  tx: Db,
  known: Catalogue,
  after: string,
): Promise<Omit<Reindexed, "total">> {
  const rows = await entriesAfter(tx, after, pieceSize);
  const due = rows.flatMap((row) => dueOf(known, row));
  const wrong = await wrongOnes(tx, due);
  const { mend, doubles } = await withoutDoubles(tx, known, { due, wrong });
  await rewriteDerived(tx, mend.map(changeOf));
  return {
    looked: rows.length,
    mended: mend.length,
    skipped: rows.length - due.length,
    doubles,
    next: rows.length < pieceSize ? null : (rows.at(-1)?.id ?? null),
  };
}

const nothing: Omit<Derived, "name"> = { search: "", grams: [], edges: [], keys: [], index: [] };

function dueOf({ byId }: Catalogue, row: IndexedRow): readonly Due[] {
  if (row.deletedAt !== null) return [{ row, derived: { name: row.name, ...nothing } }];
  const type: KnownType | undefined = byId.get(row.typeId);
  if (type === undefined || row.schemaVersion < type.schemaVersion) return [];
  return [{ row, derived: derive(type, row.doc) }];
}

async function wrongOnes(tx: Db, due: readonly Due[]): Promise<readonly Due[]> {
  const wrong = await wronglyIndexed(
    tx,
    due.map(({ row: { id, typeId }, derived }) => ({ id, typeId, rows: derived })),
  );
  return due.filter(({ row, derived: { name, search, grams } }) => {
    const same = row.name === name && row.search === search && sameJson(row.grams, grams);
    return !same || wrong.has(row.id);
  });
}

const keysOf = ({ row: { typeId }, derived }: Due): readonly KeyProbe[] =>
  derived.keys.map((key) => ({ type_id: typeId, ...key }));

/**
 * What is to be written. Who holds one of their keys wrongly is mended with them, also from another piece; who holds it by its own document
 * keeps it, and the other goes without.
 */
async function withoutDoubles(
  tx: Db,
  known: Catalogue,
  { due, wrong }: { readonly due: readonly Due[]; readonly wrong: readonly Due[] },
): Promise<{ readonly mend: readonly Due[]; readonly doubles: readonly DoubleKey[] }> {
  const inPiece = new Map(due.map((one) => [one.row.id, one]));
  const seen = new Set(wrong.map(({ row }) => row.id));
  const holding = new Map<string, string>();
  const all = [...wrong];
  for (let open = wrong; open.length > 0;) {
    const held = await findKeys(tx, open.flatMap(keysOf));
    const fresh = [...new Set(held.map((hit) => hit.entry_id))].filter((id) => !seen.has(id));
    const elsewhere = fresh.filter((id) => !inPiece.has(id));
    const holders = [
      ...fresh.flatMap((id) => inPiece.get(id) ?? []),
      ...(await entriesIndexed(tx, elsewhere)).flatMap((row) => dueOf(known, row)),
    ];
    for (const id of fresh) seen.add(id);
    for (const one of holders) for (const key of keysOf(one)) holding.set(keyText(key), one.row.id);
    open = await wrongOnes(tx, holders);
    all.push(...open);
  }
  const doubles: DoubleKey[] = [];
  const mend = all.map((one): Due => {
    const kept = one.derived.keys.filter((key) => {
      const text = keyText({ type_id: one.row.typeId, ...key });
      const holder = holding.get(text) ?? one.row.id;
      holding.set(text, holder);
      if (holder === one.row.id) return true;
      doubles.push({ key: key.key_name, value: key.key_value, holder, entry: one.row.id });
      return false;
    });
    return { ...one, derived: { ...one.derived, keys: kept } };
  });
  return { mend, doubles };
}

function changeOf({ row, derived }: Due): EntryChange {
  return {
    id: row.id,
    typeId: row.typeId,
    schemaVersion: row.schemaVersion,
    op: "U",
    name: derived.name,
    doc: row.doc,
    version: row.version,
    changed: [],
    search: derived.search,
    grams: derived.grams,
    derived: derivedChange(undefined, derived),
  };
}
