/** Rules that are held off an entry, or off what they themselves lead to. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";

interface Kept {
  readonly id: string;
  readonly rule: string;
  readonly firings: number;
  readonly seconds: number;
  readonly openedAt: Date;
  readonly resetAt: Date | null;
  readonly resetBy: string | null;
}

/** Of a rule and an entry. */
export interface BreakerRow extends Kept {
  readonly entryId: string;
  /** Name and type of the entry, which may be deleted. */
  readonly name: string | null;
  readonly type: string | null;
  readonly typeId: number | null;
}

/** Of a rule that goes round. */
export interface LoopRow extends Kept {
  /** Null: until it is reset. */
  readonly until: Date | null;
}

const open = sql`b.reset_at is null and (b.until is null or b.until > clock_timestamp())`;
const columns = sql`b.id, b.rule, b.entry_id as "entryId", b.firings, b.seconds, b.opened_at as "openedAt", b.reset_at as "resetAt",
  b.reset_by as "resetBy", e.name, t.name as type, e.type_id as "typeId"`;
const loopColumns = sql`b.id, b.rule, b.firings, b.seconds, b.opened_at as "openedAt", b.reset_at as "resetAt", b.reset_by as "resetBy", b.until`;
const tables = sql`inv.breaker b left join inv.entry e on e.id = b.entry_id left join inv.type t on t.id = e.type_id`;

/** Newest first: the open ones, or the last `limit` of all. */
export async function listBreakers(
  db: Db,
  { all, limit }: { readonly all: boolean; readonly limit: number },
): Promise<readonly BreakerRow[]> {
  const { rows } = await sql<BreakerRow>`
    select ${columns} from ${tables} where b.entry_id is not null and ${all ? sql`true` : open} order by b.opened_at desc, b.id limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** Rules that go round, newest first: those that are held off, or the last `limit` of all. */
export async function listLoops(
  db: Db,
  { all, limit }: { readonly all: boolean; readonly limit: number },
): Promise<readonly LoopRow[]> {
  const { rows } = await sql<LoopRow>`
    select ${loopColumns} from inv.breaker b where b.entry_id is null and ${all ? sql`true` : open}
    order by b.opened_at desc, b.id limit ${limit}`.execute(db);
  return rows;
}

/** The rule of such a breaker, open or not. */
export async function findLoop(db: Db, id: string): Promise<string | undefined> {
  const { rows } = await sql<{ rule: string }>`
    select rule from inv.breaker where id = ${id}::uuid and entry_id is null`.execute(db);
  return rows[0]?.rule;
}

const mostOpen = 10_000;

/** Those that count now; `entry` is empty for a rule that goes round. */
export async function openBreakers(
  db: Db,
): Promise<readonly { readonly rule: string; readonly entry: string }[]> {
  const { rows } = await sql<{ rule: string; entry: string }>`
    select b.rule, coalesce(b.entry_id::text, '') as entry from inv.breaker b where ${open} order by b.opened_at desc limit ${mostOpen}`.execute(
    db,
  );
  return rows;
}

/** Opens it for `hold` seconds (0 = until it is reset); `entry` is empty for a rule that goes round. False: it is open already. */
export async function addBreaker(
  db: Db,
  row: Pick<Kept, "id" | "rule" | "firings" | "seconds"> & {
    readonly entry: string;
    readonly hold: number;
  },
): Promise<boolean> {
  const entry = sql`nullif(${row.entry}, '')::uuid`;
  await sql`
    update inv.breaker set reset_at = until, reset_by = null
    where rule = ${row.rule} and entry_id is not distinct from ${entry} and reset_at is null and until <= clock_timestamp()`.execute(
    db,
  );
  const { rows } = await sql<{ id: string }>`
    insert into inv.breaker (id, rule, entry_id, firings, seconds, until)
    values (${row.id}::uuid, ${row.rule}, ${entry}, ${row.firings}, ${row.seconds},
      case when ${row.hold}::float8 > 0 then clock_timestamp() + ${row.hold}::float8 * interval '1 second' end)
    on conflict do nothing returning id`.execute(db);
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

/** The same for a rule that goes round. */
export async function closeLoop(db: Db, id: string, by: string): Promise<LoopRow | undefined> {
  const { rows } = await sql<LoopRow>`
    update inv.breaker b set reset_at = clock_timestamp(), reset_by = ${by} where b.id = ${id}::uuid and b.entry_id is null and ${open}
    returning ${loopColumns}`.execute(db);
  return rows[0];
}

/** How many count now. */
export async function countBreakers(
  db: Db,
): Promise<{ readonly entries: number; readonly loops: number }> {
  const { rows } = await sql<{ entries: number; loops: number }>`
    select count(b.entry_id)::int as entries, count(*) filter (where b.entry_id is null)::int as loops from inv.breaker b where ${open}`.execute(
    db,
  );
  return rows[0] ?? { entries: 0, loops: 0 };
}

interface Fired {
  readonly rule: string;
  readonly entry: string;
  readonly event: string;
  readonly age: number;
}

/** Firings of rules on entries in the last seconds, since their breaker was reset, with their age in milliseconds, oldest first. `after`: an id of the ledger older than that. */
export async function recentFirings(
  db: Db,
  { after, seconds }: { readonly after: string; readonly seconds: number },
): Promise<readonly Fired[]> {
  const { rows } = await sql<Fired>`
    select f.rule, i.payload -> 'entry' ->> 'id' as entry, i.dedupe_key as event,
      extract(epoch from clock_timestamp() - f.enforced_at)::float8 * 1000 as age
    from trigger_instance i join enforcement f on f.trigger_instance_id = i.id
    where i.id > ${after} and i.source = 'inventory' and i.dedupe_key is not null and f.status = 'succeeded'
      and f.enforced_at > clock_timestamp() - ${seconds}::float8 * interval '1 second' and i.payload -> 'entry' ->> 'id' is not null
      and not exists (select 1 from inv.breaker b where b.rule = f.rule and b.entry_id::text = i.payload -> 'entry' ->> 'id' and b.reset_at > f.enforced_at)
    order by f.enforced_at limit 100000`.execute(db);
  return rows;
}
