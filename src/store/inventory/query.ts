/** Runs compiled queries: pages in a stable order, values of paths, counts. */
import { sql, type RawBuilder } from "kysely";
import type { Predicate, ValuePath } from "../../inventory/predicate.ts";
import type { Db } from "../schema.ts";
import { entryColumns, type EntryRow } from "./entries.ts";
import { glance } from "./query-glance.ts";
import { Aliases, predicateSql, sortCast, sortSql, valuesSql } from "./predicate-sql.ts";

export interface Order {
  readonly path: ValuePath;
  readonly descending: boolean;
}
/** The last entry of the page before: its sort key as text (null = it had none), and its id. */
export interface PageKey {
  readonly key: string | null;
  readonly id: string;
}
export interface PageQuery {
  readonly predicate: Predicate;
  /** Undefined: by name. */
  readonly order: Order | undefined;
  readonly after: PageKey | undefined;
  readonly limit: number;
  /** Entries as they were at this moment (ISO 8601), of these types; the predicate must ask nothing but documents. */
  readonly past?: { readonly at: string; readonly typeIds: readonly number[] } | undefined;
}
export interface SortedRow extends EntryRow {
  readonly key: string | null;
}

/** One page of living entries in the order (key, id); entries without the sort key come last. */
export async function queryPage(db: Db, query: PageQuery): Promise<readonly SortedRow[]> {
  return (await glance(db, query)) ?? findAll(db, query);
}

async function findAll(
  db: Db,
  { predicate, order, after, limit, past }: PageQuery,
): Promise<readonly SortedRow[]> {
  const source = past === undefined ? sql`inv.entry` : imagesAt(past);
  const aliases = new Aliases();
  const e = aliases.fresh();
  const where = predicateSql(predicate, e, aliases);
  if (order === undefined) {
    const next =
      after === undefined
        ? sql``
        : sql`and (e0.name, e0.id) > (${after.key ?? ""}, ${after.id}::uuid)`;
    const { rows } = await sql<SortedRow>`
      select ${entryColumns(e)}, e0.name as key from ${source} e0 where e0.deleted_at is null and ${where} ${next}
      order by e0.name, e0.id limit ${limit}`.execute(db);
    return rows;
  }
  const direction = sql.raw(order.descending ? "desc" : "asc");
  const { rows } = await sql<SortedRow>`
    select p.*, p.k::text as key from (
      select ${entryColumns(e)}, ${sortSql(order.path, e, aliases)} as k from ${source} e0
      where e0.deleted_at is null and ${where}) p
    ${after === undefined ? sql`` : sql`where ${beyond(after, order)}`}
    order by p.k ${direction} nulls last, p.id limit ${limit}`.execute(db);
  return rows;
}

/** The last image of each entry at a moment; deleted ones say so. */
function imagesAt({ at, typeIds }: NonNullable<PageQuery["past"]>): RawBuilder<unknown> {
  return sql`(select i.entry_id as id, i.type_id, i.name, i.doc, i.version, i.schema_version, i.at as updated_at,
      (select min(f.at) from inv.revision f where f.entry_id = i.entry_id) as created_at, case when i.op = 'D' then i.at end as deleted_at
    from (select distinct on (r.entry_id) r.* from inv.revision r where r.type_id = any(${typeIds}::int[]) and r.at <= ${at}::timestamptz
      order by r.entry_id, r.version desc) i)`;
}

function beyond({ key, id }: PageKey, { path, descending }: Order): RawBuilder<unknown> {
  if (key === null) return sql`p.k is null and p.id > ${id}::uuid`;
  const last = sql`${key}::${sql.raw(sortCast(path))}`;
  const further = sql.raw(descending ? "<" : ">");
  return sql`(p.k ${further} ${last} or (p.k = ${last} and p.id > ${id}::uuid) or p.k is null)`;
}

/** How many fulfil the predicate, counted up to `bound`. */
export async function queryCount(db: Db, predicate: Predicate, bound: number): Promise<number> {
  const aliases = new Aliases();
  const e = aliases.fresh();
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from (select 1 from inv.entry e0 where e0.deleted_at is null
      and ${predicateSql(predicate, e, aliases)} limit ${bound}) p`.execute(db);
  return rows[0]?.n ?? 0;
}

/** Ids of those that fulfil the predicate, at most `bound`. */
export async function queryIds(
  db: Db,
  predicate: Predicate,
  bound: number,
): Promise<readonly string[]> {
  const aliases = new Aliases();
  const e = aliases.fresh();
  const { rows } = await sql<{ id: string }>`
    select e0.id from inv.entry e0 where e0.deleted_at is null and ${predicateSql(predicate, e, aliases)} limit ${bound}`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}

/** The values of each path, for each of the entries: a list in the order of `paths`, each a list of values. */
export async function queryValues(
  db: Db,
  ids: readonly string[],
  paths: readonly ValuePath[],
): Promise<ReadonlyMap<string, readonly (readonly unknown[])[]>> {
  if (ids.length === 0 || paths.length === 0) return new Map();
  const aliases = new Aliases();
  const e = aliases.fresh();
  const lists = paths.map(
    (path) =>
      sql`(select coalesce(jsonb_agg(v.value) filter (where v.value is not null), '[]'::jsonb) from ${valuesSql(path, e, aliases)} v)`,
  );
  const { rows } = await sql<{ id: string; values: (readonly unknown[])[] }>`
    select e0.id, jsonb_build_array(${sql.join(lists)}) as values from inv.entry e0 where e0.id = any(${ids}::uuid[])`.execute(
    db,
  );
  return new Map(rows.map(({ id, values }) => [id, values]));
}
