import { sql } from "kysely";
import type { JsonObject } from "../../model/json.ts";
import type { Db } from "../schema.ts";

export interface LookupHit {
  readonly entryId: string;
  readonly typeId: number;
  readonly attr: string;
  /** The folded text that matched. */
  readonly text: string;
}

/** Where to look: any of these attributes of entries of any of these types. */
export interface LookupPlaces {
  readonly typeIds: readonly number[];
  readonly attributes: readonly string[];
}

/** Living entries one of whose lookup attributes has exactly this folded text, or begins with one of the prefixes (LIKE patterns). */
export async function lookup(
  db: Db,
  { typeIds, attributes }: LookupPlaces,
  { exact, prefixes }: { readonly exact: readonly string[]; readonly prefixes: readonly string[] },
): Promise<readonly LookupHit[]> {
  // Each pattern as a parameter of its own: only then can the planner use the index for it.
  const conditions = [
    sql`x.t = any(${exact}::text[])`,
    ...prefixes.map((pattern) => sql`x.t like ${pattern}`),
  ];
  const { rows } = await sql<LookupHit>`
    select x.entry_id as "entryId", x.type_id as "typeId", x.attr, x.t as text from inv.idx x
    where x.type_id = any(${typeIds}::int[]) and x.attr = any(${attributes}::text[]) and (${sql.join(conditions, sql` or `)}) limit 100`.execute(
    db,
  );
  return rows;
}

/** Living entries that have this address themselves. */
export async function lookupAddress(db: Db, address: string): Promise<readonly LookupHit[]> {
  const { rows } = await sql<LookupHit>`
    select x.entry_id as "entryId", x.type_id as "typeId", x.attr, host(x.net) as text from inv.idx x
    where x.net = ${address}::inet limit 100`.execute(db);
  return rows;
}

export interface GraphEntry {
  readonly id: string;
  readonly type: string;
  readonly typeId: number;
  readonly name: string;
  readonly doc: JsonObject;
}
export interface GraphEdge {
  readonly src: string;
  readonly attr: string;
  readonly ord: number;
  readonly dst: string;
}

/** Everything that can be reached from an entry over the given attributes in at most `depth` steps. */
export async function loadNeighbourhood(
  db: Db,
  start: string,
  attributes: readonly string[],
  depth: number,
): Promise<{ entries: readonly GraphEntry[]; edges: readonly GraphEdge[] }> {
  const { rows: edges } = await sql<GraphEdge>`
    with recursive reach as (
      select ${start}::uuid as id, 0 as level
      union select g.dst, level + 1 from reach join inv.edge g on g.src = reach.id and g.attr = any(${attributes}::text[]) where level < ${depth})
    select distinct g.src, g.attr, g.ord, g.dst from reach join inv.edge g on g.src = reach.id and g.attr = any(${attributes}::text[])
    where level < ${depth} order by g.src, g.attr, g.ord`.execute(db);
  const ids = [...new Set([start, ...edges.map(({ dst }) => dst)])];
  return { entries: await loadGraphEntries(db, ids), edges };
}

async function loadGraphEntries(db: Db, ids: readonly string[]): Promise<readonly GraphEntry[]> {
  const { rows } = await sql<GraphEntry>`
    select e.id, t.name as type, e.type_id as "typeId", e.name, e.doc from inv.entry e join inv.type t on t.id = e.type_id
    where e.id = any(${ids}::uuid[]) and e.deleted_at is null`.execute(db);
  return rows;
}

/** Living entries of a type that refer to one of `dst` by the attribute. */
export async function loadReferring(
  db: Db,
  dst: readonly string[],
  type: string,
  attribute: string,
): Promise<readonly GraphEntry[]> {
  const { rows } = await sql<GraphEntry>`
    select distinct e.id, t.name as type, e.type_id as "typeId", e.name, e.doc from inv.edge g join inv.entry e on e.id = g.src join inv.type t on t.id = e.type_id
    where g.dst = any(${dst}::uuid[]) and g.attr = ${attribute} and t.name = ${type} and e.deleted_at is null order by e.name, e.id`.execute(
    db,
  );
  return rows;
}
