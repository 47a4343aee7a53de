/** Rules that are held off an entry. */
import { sql } from "kysely";
import type { Firing } from "../../inventory/breaker.ts";
import type { Db } from "../schema.ts";

export interface BreakerRow {
  readonly id: string;
  readonly rule: string;
  readonly entryId: string;
  readonly firings: number;
  readonly seconds: number;
  readonly openedAt: Date;
  readonly resetAt: Date | null;
  readonly resetBy: string | null;
  /** Name and type of the entry, which may be deleted. */
  readonly name: string | null;
  readonly type: string | null;
  readonly typeId: number | null;
}

const columns = sql`b.id, b.rule, b.entry_id as "entryId", b.firings, b.seconds, b.opened_at as "openedAt", b.reset_at as "resetAt",
  b.reset_by as "resetBy", e.name, t.name as type, e.type_id as "typeId"`;
const tables = sql`inv.breaker b left join inv.entry e on e.id = b.entry_id left join inv.type t on t.id = e.type_id`;

/** Newest first: the open ones, or the last `limit` of all. */
export async function listBreakers(
  db: Db,
  { all, limit }: { readonly all: boolean; readonly limit: number },
): Promise<readonly BreakerRow[]> {
  const { rows } = await sql<BreakerRow>`
    select ${columns} from ${tables} where ${all ? sql`true` : sql`b.reset_at is null`} order by b.opened_at desc, b.id limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** False: it is open already. */
export async function addBreaker(
  db: Db,
  row: Pick<BreakerRow, "id" | "rule" | "entryId" | "firings" | "seconds">,
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    insert into inv.breaker (id, rule, entry_id, firings, seconds)
    values (${row.id}::uuid, ${row.rule}, ${row.entryId}::uuid, ${row.firings}, ${row.seconds})
    on conflict (rule, entry_id) where reset_at is null do nothing returning id`.execute(db);
  return rows.length > 0;
}

/** Undefined when there is no open one with that id. */
export async function closeBreaker(
  db: Db,
  id: string,
  by: string,
): Promise<BreakerRow | undefined> {
  const { rows } = await sql<{ id: string }>`
    update inv.breaker set reset_at = clock_timestamp(), reset_by = ${by} where id = ${id}::uuid and reset_at is null returning id`.execute(
    db,
  );
  if (rows.length === 0) return undefined;
  const closed =
    await sql<BreakerRow>`select ${columns} from ${tables} where b.id = ${id}::uuid`.execute(db);
  return closed.rows[0];
}

export async function countBreakers(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from inv.breaker where reset_at is null`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Firings of rules on entries in the last seconds, since their breaker was reset, with their age in milliseconds, oldest first. `after`: an id of the ledger older than that. */
export async function recentFirings(
  db: Db,
  { after, seconds }: { readonly after: string; readonly seconds: number },
): Promise<readonly (Firing & { readonly age: number })[]> {
  const { rows } = await sql<Firing & { age: number }>`
    select f.rule, i.payload -> 'entry' ->> 'id' as entry, i.dedupe_key as event,
      extract(epoch from clock_timestamp() - f.enforced_at)::float8 * 1000 as age
    from trigger_instance i join enforcement f on f.trigger_instance_id = i.id
    where i.id > ${after} and i.source = 'inventory' and i.dedupe_key is not null and f.status = 'succeeded'
      and f.enforced_at > clock_timestamp() - ${seconds}::float8 * interval '1 second' and i.payload -> 'entry' ->> 'id' is not null
      and not exists (select 1 from inv.breaker b where b.rule = f.rule and b.entry_id::text = i.payload -> 'entry' ->> 'id' and b.reset_at > f.enforced_at)
    order by f.enforced_at limit 100000`.execute(db);
  return rows;
}
