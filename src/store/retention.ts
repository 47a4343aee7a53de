/** Forgets what is old, in small batches along the primary keys: ids sort by time. What is unfinished, and what it hangs on, stays. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";

const final = sql`('succeeded','failed','timeout','abandoned','canceled')`;
/** Rows (for executions: trees) of one transaction. */
const batch = 500;
const lock = 7_241_989;

/** True for one caller at a time, until its transaction ends. */
export async function holdRetention(db: Db): Promise<boolean> {
  const { rows } = await sql<{
    held: boolean;
  }>`select pg_try_advisory_xact_lock(${lock}) as held`.execute(db);
  return rows[0]?.held === true;
}

/** The smallest id of that many days ago, by the database's clock. */
export async function idBefore(db: Db, days: number): Promise<string> {
  const { rows } = await sql<{
    seconds: number;
  }>`select floor(extract(epoch from clock_timestamp()) - ${days}::float8 * 86400)::bigint as seconds`.execute(
    db,
  );
  return `${Math.max(0, rows[0]?.seconds ?? 0)
    .toString(16)
    .padStart(8, "0")}${"0".repeat(16)}`;
}

export interface Batch {
  readonly removed: number;
  /** Where the next batch begins; undefined when there is nothing more. */
  readonly next: string | undefined;
}

/** Executions with everything below them: those whose whole tree has ended, and the root before `before`. Their output, journals and snapshots go too. */
export async function removeExecutions(
  db: Db,
  { from, before, days }: { readonly from: string; readonly before: string; readonly days: number },
): Promise<Batch> {
  const { rows } = await sql<{ id: string; removable: boolean }>`
    with recursive root as (
      select id, status in ${final} and ended_at < clock_timestamp() - ${days}::float8 * interval '1 day' as ended
      from execution where id > ${from} and id < ${before} and parent is null order by id limit ${batch}),
    tree as (
      select id as root, id, ended from root
      union all select t.root, e.id, e.status in ${final} from tree t join execution e on e.parent = t.id)
    select root as id, bool_and(ended) as removable from tree group by root order by root`.execute(
    db,
  );
  const roots = rows.filter(({ removable }) => removable).map(({ id }) => id);
  const removed = roots.length === 0 ? 0 : await removeTrees(db, roots);
  return { removed, next: rows.length < batch ? undefined : rows.at(-1)?.id };
}

async function removeTrees(db: Db, roots: readonly string[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with recursive tree as (
      select id from execution where id = any(${roots}::text[])
      union all select e.id from tree t join execution e on e.parent = t.id),
    lines as (delete from output where execution_id in (select id from tree)),
    steps as (delete from journal where execution_id in (select id from tree)),
    states as (delete from workflow where execution_id in (select id from tree)),
    gates as (delete from admission where execution_id in (select id from tree)),
    traces as (delete from execution_trace where execution_id in (select id from tree)),
    gone as (delete from execution where id in (select id from tree) returning 1)
    select count(*) as count from gone`.execute(db);
  return rows[0]?.count ?? 0;
}

/** What ended executions before `before` printed. */
export async function removeOutput(
  db: Db,
  { from, before }: { readonly from: string; readonly before: string },
): Promise<Batch> {
  const { rows } = await sql<{ id: string; count: number }>`
    with old as (select distinct o.execution_id as id from output o where o.execution_id > ${from} and o.execution_id < ${before}
        order by 1 limit ${batch}),
      gone as (delete from output where execution_id in
          (select id from old where not exists (select 1 from execution e where e.id = old.id and e.status not in ${final}))
        returning execution_id)
    select id, (select count(*) from gone where execution_id = id) as count from old order by id`.execute(
    db,
  );
  const removed = rows.reduce((sum, { count }) => sum + count, 0);
  return { removed, next: rows.length < batch ? undefined : rows.at(-1)?.id };
}

/** Trigger instances (those that were matched) or enforcements before `before`. */
export async function removeOld(
  db: Db,
  table: "trigger_instance" | "enforcement",
  before: string,
): Promise<number> {
  const matched = table === "trigger_instance" ? sql`and status <> 'pending'` : sql``;
  const { numAffectedRows } = await sql`delete from ${sql.table(table)} where id in
    (select id from ${sql.table(table)} where id < ${before} ${matched} order by id limit ${batch * 10})`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0);
}

/** Datastore items whose time is over, tokens that expired, and what rate limits no longer look at. */
export async function removeExpired(db: Db): Promise<void> {
  await sql`delete from datastore where expires_at < clock_timestamp()`.execute(db);
  await sql`delete from token where expires_at < clock_timestamp()`.execute(db);
  await sql`delete from admission_pass where at < clock_timestamp() - interval '31 days'`.execute(
    db,
  );
  await sql`delete from admission a where a.state = 'admitted'
    and not exists (select 1 from execution e where e.id = a.execution_id and e.status not in ${final})`.execute(
    db,
  );
}

/** The last event of the inventory's feed that is older than so many days and that its dispatcher has passed. */
export async function feedBefore(
  db: Db,
  { cursor, days }: { readonly cursor: string; readonly days: number },
): Promise<{ readonly xid: string; readonly seq: string } | undefined> {
  const { rows } = await sql<{ xid: string; seq: string }>`
    select v.xid::text as xid, v.seq::text as seq from inv.event v
      join inv.revision r on r.entry_id = v.entry_id and r.version = v.version
      join sensor_cursor c on c.name = ${cursor}
    where (v.xid, v.seq) <= ((c.value ->> 'xid')::xid8, (c.value ->> 'seq')::bigint)
      and r.at < clock_timestamp() - ${days}::float8 * interval '1 day'
    order by v.xid desc, v.seq desc limit 1`.execute(db);
  return rows[0];
}
