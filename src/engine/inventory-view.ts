/** Entries as callers see them: the document, and beside it what its references are called. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { storedReferences } from "../inventory/references.ts";
import type { JsonObject } from "../model/json.ts";
import { loadNames, type EntryRow } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";

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

export async function viewEntries(
  db: Db,
  rows: readonly EntryRow[],
  known: Catalogue,
): Promise<readonly EntryView[]> {
  const uses = new Map(
    rows.map((row) => {
      const type = known.byId.get(row.typeId);
      return [row.id, type === undefined ? [] : storedReferences(type, row.doc)];
    }),
  );
  const ids = new Set([...uses.values()].flatMap((list) => list.map(({ id }) => id)));
  const names = await loadNames(db, [...ids]);
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
