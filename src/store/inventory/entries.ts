import { sql, type RawBuilder } from "kysely";
import type { JsonObject } from "../../model/json.ts";
import { prepared } from "../prepared.ts";
import type { Db } from "../schema.ts";

export interface EntryRow {
  readonly id: string;
  readonly typeId: number;
  readonly name: string;
  readonly doc: JsonObject;
  readonly version: number;
  /** Version of the type under which it was written. */
  readonly schemaVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt: Date | null;
}

/** The columns of an EntryRow, of the entry that has this alias. */
export function entryColumns(alias: string): RawBuilder<unknown> {
  return sql.raw(
    `${alias}.id, ${alias}.type_id as "typeId", ${alias}.name, ${alias}.doc, ${alias}.version, ${alias}.schema_version as "schemaVersion", ${alias}.created_at as "createdAt", ${alias}.updated_at as "updatedAt", ${alias}.deleted_at as "deletedAt"`,
  );
}
const columns = entryColumns("e");

/** How rows are held while the transaction decides: `share` against changes, `write` against other writers, `delete` also against new references to them. */
export type Lock = "none" | "share" | "write" | "delete";
const locks: Record<Lock, RawBuilder<unknown>> = {
  none: sql``,
  share: sql`for share of e`,
  write: sql`for no key update of e`,
  delete: sql`for update of e`,
};

/** Entries by id, deleted ones too. Locked in the order of their ids, so that two writers never wait for each other. */
export async function loadEntries(
  db: Db,
  ids: readonly string[],
  lock: Lock = "none",
): Promise<Map<string, EntryRow>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<EntryRow>`${prepared}
    select ${columns} from inv.entry e where e.id = any(${ids}::uuid[]) order by e.id ${locks[lock]}`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

export interface EntryName {
  readonly id: string;
  readonly typeId: number;
  readonly name: string;
}

/** Types and names by id, deleted entries too. */
export async function loadNames(db: Db, ids: readonly string[]): Promise<Map<string, EntryName>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<EntryName>`${prepared}
    select e.id, e.type_id as "typeId", e.name from inv.entry e where e.id = any(${ids}::uuid[])`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Types of those of the given ids that live; `hold` keeps them from being deleted until the transaction ends. */
export async function livingEntries(
  db: Db,
  ids: readonly string[],
  { hold }: { hold: boolean },
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; typeId: number }>`${prepared}
    select e.id, e.type_id as "typeId" from inv.entry e where e.id = any(${ids}::uuid[]) and e.deleted_at is null
    order by e.id ${hold ? sql`for key share` : sql``}`.execute(db);
  return new Map(rows.map(({ id, typeId }) => [id, typeId]));
}

export interface KeyProbe {
  readonly type_id: number;
  readonly key_name: string;
  readonly key_value: string;
}
export interface KeyHit extends KeyProbe {
  readonly entry_id: string;
}

/** One text per key, equal for equal keys. */
export function keyText({ type_id: typeId, key_name: name, key_value: value }: KeyProbe): string {
  return `${typeId} ${name} ${value}`;
}

/** Who holds each of the keys; free ones are missing. */
export async function findKeys(db: Db, probes: readonly KeyProbe[]): Promise<readonly KeyHit[]> {
  if (probes.length === 0) return [];
  const { rows } = await sql<KeyHit>`${prepared}
    select k.type_id, k.key_name, k.key_value, k.entry_id
    from unnest(${probes.map((probe) => probe.type_id)}::int[], ${probes.map((probe) => probe.key_name)}::text[],
      ${probes.map((probe) => probe.key_value)}::text[]) as p(type_id, key_name, key_value)
    join inv.key k using (type_id, key_name, key_value)`.execute(db);
  return rows;
}

export interface NameProbe {
  readonly type_id: number;
  readonly name: string;
}

/** Living entries of exactly that name. */
export async function findNames(
  db: Db,
  probes: readonly NameProbe[],
): Promise<readonly EntryName[]> {
  if (probes.length === 0) return [];
  const { rows } = await sql<EntryName>`${prepared}
    select e.id, e.type_id as "typeId", e.name
    from unnest(${probes.map((probe) => probe.type_id)}::int[], ${probes.map(({ name }) => name)}::text[]) as p(type_id, name)
    join inv.entry e on e.type_id = p.type_id and e.name = p.name and e.deleted_at is null`.execute(
    db,
  );
  return rows;
}

/** Ids of at most `limit` living entries of a type whose document contains the given one. */
export async function findContaining(
  db: Db,
  typeId: number,
  part: JsonObject,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select e.id from inv.entry e where e.type_id = ${typeId} and e.doc @> ${JSON.stringify(part)}::jsonb and e.deleted_at is null
    limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/** Who refers to these entries, by which attribute. Only living entries have edges. */
export async function findReferrers(
  db: Db,
  ids: readonly string[],
): Promise<readonly { src: string; attr: string; dst: string }[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ src: string; attr: string; dst: string }>`
    select g.src, g.attr, g.dst from inv.edge g where g.dst = any(${ids}::uuid[]) order by g.src, g.attr, g.ord`.execute(
    db,
  );
  return rows;
}
