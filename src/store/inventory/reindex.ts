/** What is derived of entries, held against what should be. */
import { sql } from "kysely";
import type { Derived } from "../../inventory/derive.ts";
import type { Db } from "../schema.ts";
import { entryColumns, type EntryRow } from "./entries.ts";
import { derivedTables } from "./write.ts";

/** An entry with the columns of it that are derived. */
export interface IndexedRow extends EntryRow {
  readonly search: string;
  readonly grams: readonly string[];
}

/** Entries after an id in the order of their ids, deleted ones too, held against other writers. */
export async function entriesAfter(
  db: Db,
  after: string,
  limit: number,
): Promise<readonly IndexedRow[]> {
  const { rows } = await sql<IndexedRow>`
    select ${entryColumns("e")}, e.search, e.grams from inv.entry e where e.id > ${after}::uuid
    order by e.id limit ${limit} for no key update of e`.execute(db);
  return rows;
}

/** The same of certain entries. */
export async function entriesIndexed(
  db: Db,
  ids: readonly string[],
): Promise<readonly IndexedRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<IndexedRow>`
    select ${entryColumns("e")}, e.search, e.grams from inv.entry e where e.id = any(${ids}::uuid[])
    order by e.id for no key update of e`.execute(db);
  return rows;
}

/** About how many there are. */
export async function entryCount(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from inv.entry`.execute(db);
  return rows[0]?.n ?? 0;
}

/** What an entry's rows should be. */
export interface Wanted {
  readonly id: string;
  readonly typeId: number;
  readonly rows: Pick<Derived, "edges" | "keys" | "index">;
}

/** Ids of those of the entries whose edge, key and index rows are others than these. */
export async function wronglyIndexed(
  db: Db,
  wanted: readonly Wanted[],
): Promise<ReadonlySet<string>> {
  if (wanted.length === 0) return new Set();
  const ids = wanted.map(({ id }) => id);
  const { edges, keys, index } = derivedTables(
    wanted.map(({ id, typeId, rows }) => ({ id, typeId, rows })),
  );
  const { rows } = await sql<{ id: string }>`
    with given as (select ${ids}::uuid[] as ids),
    edge_is as (select src, attr, ord, label, dst, src_type from inv.edge, given where src = any(ids)),
    edge_due as (select src, attr, ord, label, dst, src_type from ${edges}),
    key_is as (select entry_id, type_id, key_name, key_value from inv.key, given where entry_id = any(ids)),
    key_due as (select entry_id, type_id, key_name, key_value from ${keys}),
    idx_is as (select entry_id, type_id, attr, scope, d, ts, n, net, t from inv.idx, given where entry_id = any(ids)),
    idx_due as (select entry_id, type_id, attr, scope, d, ts, n, net, t from ${index})
    select distinct id from (
      select src as id from (table edge_is except all table edge_due) x union all select src from (table edge_due except all table edge_is) x
      union all select entry_id from (table key_is except all table key_due) x union all select entry_id from (table key_due except all table key_is) x
      union all select entry_id from (table idx_is except all table idx_due) x union all select entry_id from (table idx_due except all table idx_is) x) w`.execute(
    db,
  );
  return new Set(rows.map(({ id }) => id));
}

/** Deletes rows that belong to no entry. Returns how many. */
export async function dropStrays(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    with edges as (delete from inv.edge g where not exists (select 1 from inv.entry e where e.id = g.src) returning 1),
    keys as (delete from inv.key k where not exists (select 1 from inv.entry e where e.id = k.entry_id) returning 1),
    idx as (delete from inv.idx i where not exists (select 1 from inv.entry e where e.id = i.entry_id) returning 1)
    select ((select count(*) from edges) + (select count(*) from keys) + (select count(*) from idx))::int as n`.execute(
    db,
  );
  return rows[0]?.n ?? 0;
}
