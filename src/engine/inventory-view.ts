/** Entries as callers see them: the document, and beside it what its references are called. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { storedReferences } from "../inventory/references.ts";
import type { JsonObject } from "../model/json.ts";
import { loadNames, type EntryName, type EntryRow } from "../store/inventory/entries.ts";
import { imageKey } from "../store/inventory/sight.ts";
import type { Db } from "../store/schema.ts";
import { readablePart, seenOf, type Allowed, type Eyes } from "./inventory-eyes.ts";
import { freshValues } from "./inventory-formulas.ts";

export interface EntryReference {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** Of a named reference. */
  readonly label?: string;
}

export interface EntryView {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly version: number;
  /** The document; references are ids. */
  readonly attributes: JsonObject;
  /** Per reference attribute: what it points at (a list for lists). */
  readonly references: Readonly<Record<string, EntryReference | readonly EntryReference[]>>;
  readonly created_at: string;
  readonly updated_at: string;
  readonly deleted_at: string | null;
}

/** Names of entries, of those that may be seen. */
export async function seenNames(
  db: Db,
  ids: readonly string[],
  eyes: Eyes,
): Promise<ReadonlyMap<string, EntryName>> {
  const names = await loadNames(db, [...new Set(ids)]);
  const seen = await seenOf(eyes, db, [...names.values()]);
  return new Map(seen.map((name) => [name.id, name]));
}

/** The entries that may be seen, with what may be read of them. */
export async function viewEntries(
  db: Db,
  rows: readonly EntryRow[],
  eyes: Eyes,
): Promise<readonly EntryView[]> {
  const sights = await eyes.sights(db, rows);
  const whole = await withFresh(db, rows, eyes.whole);
  const read = whole.flatMap((row) => readRow(row, sights.get(row.id)));
  return views(db, read, eyes);
}

/** The same of earlier images of entries. */
export async function viewImages(
  db: Db,
  rows: readonly EntryRow[],
  eyes: Eyes,
): Promise<readonly EntryView[]> {
  const sights = await eyes.images(db, rows);
  const read = rows.flatMap((row) => readRow(row, sights.get(imageKey(row))));
  return views(db, read, eyes);
}

/** The rows with what is computed when it is read. */
async function withFresh(
  db: Db,
  rows: readonly EntryRow[],
  known: Catalogue,
): Promise<readonly EntryRow[]> {
  const entries = rows.flatMap(({ id, typeId, doc }) => {
    const type = known.byId.get(typeId);
    return type === undefined ? [] : [{ id, type, document: doc }];
  });
  const fresh = await freshValues(db, entries, known);
  return fresh.size === 0
    ? rows
    : rows.map((row) => ({ ...row, doc: { ...row.doc, ...fresh.get(row.id) } }));
}

function readRow(row: EntryRow, allowed: Allowed | undefined): readonly EntryRow[] {
  return allowed === undefined ? [] : [{ ...row, doc: readablePart(allowed, row.doc) }];
}

/** `rows` hold only what may be read. */
async function views(db: Db, rows: readonly EntryRow[], eyes: Eyes): Promise<readonly EntryView[]> {
  const { known } = eyes;
  const uses = new Map(
    rows.map((row) => {
      const type = known.byId.get(row.typeId);
      return [row.id, type === undefined ? [] : storedReferences(type, row.doc)];
    }),
  );
  const ids = [...uses.values()].flatMap((list) => list.map(({ id }) => id));
  const names = await seenNames(db, ids, eyes);
  const typeName = (id: number | undefined): string => known.byId.get(id ?? 0)?.name ?? "unknown";
  return rows.map((row) => {
    const references = new Map<string, EntryReference | EntryReference[]>();
    for (const { attribute, id, label } of uses.get(row.id) ?? []) {
      const found = names.get(id);
      const reference = {
        id,
        type: typeName(found?.typeId),
        name: found?.name ?? id,
        ...(label === null ? {} : { label }),
      };
      const list = references.get(attribute.name);
      if (!attribute.array) references.set(attribute.name, reference);
      else if (Array.isArray(list)) list.push(reference);
      else references.set(attribute.name, [reference]);
    }
    return {
      id: row.id,
      type: typeName(row.typeId),
      name: row.name,
      version: row.version,
      attributes: row.doc,
      references: Object.fromEntries(references),
      created_at: row.createdAt.toISOString(),
      updated_at: row.updatedAt.toISOString(),
      deleted_at: row.deletedAt?.toISOString() ?? null,
    };
  });
}
