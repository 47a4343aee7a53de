/** What of a pool is taken. */
import { sql } from "kysely";
import type { ValuePath } from "../../inventory/predicate.ts";
import { prepared } from "../prepared.ts";
import type { Db } from "../schema.ts";
import { Aliases, valuesSql } from "./predicate-sql.ts";

export interface NetworkPool {
  readonly typeId: number;
  readonly attribute: string;
  readonly scope: string;
  readonly network: string;
}

export interface AddressGaps {
  /** Lowest and highest taken address of the network; null when none is. */
  readonly low: string | null;
  readonly high: string | null;
  /** Neighbouring taken addresses with room between them, in order, at most `limit`. */
  readonly between: readonly { readonly after: string; readonly before: string }[];
}

/** Where addresses of a network are free, without reading all that are taken into memory. */
export async function addressGaps(db: Db, pool: NetworkPool, limit: number): Promise<AddressGaps> {
  const { rows } = await sql<AddressGaps>`${prepared}
    with t as materialized (
      select distinct i.net from inv.idx i where i.type_id = ${pool.typeId} and i.attr = ${pool.attribute} and i.scope = ${pool.scope}::uuid
        and i.net >= ${pool.network}::cidr and i.net <= set_masklen(broadcast(${pool.network}::inet), case family(${pool.network}::inet) when 4 then 32 else 128 end)
        and i.net <<= ${pool.network}::inet),
    g as (select net, lead(net) over (order by net) as next from t)
    select host(min(net)) as low, host(max(net)) as high,
      coalesce((select jsonb_agg(jsonb_build_object('after', host(x.net), 'before', host(x.next)) order by x.net)
        from (select net, next from g where next > net + 1 order by net limit ${limit}) x), '[]'::jsonb) as between
    from t`.execute(db);
  return rows[0] ?? { low: null, high: null, between: [] };
}

/** The networks inside a network, itself left out. */
export async function networksInside(db: Db, pool: NetworkPool): Promise<readonly string[]> {
  const { rows } = await sql<{ net: string }>`
    select distinct text(i.net) as net from inv.idx i where i.type_id = ${pool.typeId} and i.attr = ${pool.attribute}
      and i.scope = ${pool.scope}::uuid and i.net << ${pool.network}::inet`.execute(db);
  return rows.map(({ net }) => net);
}

/** The numbers that entries referring to a pool have, and how many each takes up. */
export async function numbersTaken(
  db: Db,
  pool: {
    readonly id: string;
    readonly typeId: number;
    readonly as: string;
    readonly attribute: string;
  },
  size: ValuePath | undefined,
): Promise<readonly { readonly first: string; readonly size: number }[]> {
  const aliases = new Aliases();
  const e = aliases.fresh();
  const taken =
    size === undefined
      ? sql`1`
      : sql`coalesce((select max((v.value #>> '{}')::int) from ${valuesSql(size, e, aliases)} v), 1)`;
  const { rows } = await sql<{ first: string; size: number }>`
    select e0.doc ->> ${pool.attribute} as first, greatest(${taken}, 1) as size from inv.edge h join inv.entry e0 on e0.id = h.src
    where h.dst = ${pool.id}::uuid and h.attr = ${pool.as} and e0.type_id = ${pool.typeId} and e0.deleted_at is null
      and e0.doc ? ${pool.attribute}`.execute(db);
  return rows;
}

/** The entry of these types whose network is the smallest that holds an address or network, inside a scope. */
export async function narrowestNetwork(
  db: Db,
  pool: {
    readonly typeIds: readonly number[];
    readonly attribute: string;
    readonly scope: string;
    readonly value: string;
  },
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select i.entry_id as id from inv.idx i where i.type_id = any(${pool.typeIds}::int[]) and i.attr = ${pool.attribute}
      and i.scope = ${pool.scope}::uuid and i.net >> ${pool.value}::inet order by masklen(i.net) desc, i.entry_id limit 1`.execute(
    db,
  );
  return rows[0]?.id;
}
