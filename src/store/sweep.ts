/** What the sweep looks for: rows whose bell, job or worker was lost. Times are the database's. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";
import type { Selectable } from "kysely";
import type { LedgerSchema } from "./schema.ts";

const sweepLock = 7_241_987;
const batch = 500;

export type OrphanedExecution = Selectable<LedgerSchema["execution"]>;

/** True for one caller at a time, until its transaction ends; that of a machine that vanished ends within seconds. */
export async function holdSweep(db: Db): Promise<boolean> {
  const { rows } = await sql<{
    held: boolean;
  }>`select pg_try_advisory_xact_lock(${sweepLock}) as held, set_config('idle_in_transaction_session_timeout', '5s', true)`.execute(
    db,
  );
  return rows[0]?.held === true;
}

/** Executions that run in a process that is no more. */
export async function orphans(db: Db): Promise<readonly OrphanedExecution[]> {
  return db
    .selectFrom("execution")
    .selectAll()
    .where("status", "in", ["running", "pausing", "paused", "resuming", "canceling"])
    .where("owner", "is not", null)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom("process").select("id").whereRef("process.id", "=", "execution.owner"),
        ),
      ),
    )
    .orderBy("id")
    .limit(batch)
    .forUpdate()
    .skipLocked()
    .execute();
}

export interface Unheard {
  readonly id: string;
  readonly attempt: number;
  readonly pool: string;
  /** It waited for a time, which has come. */
  readonly due: boolean;
}

/** Executions that wait to be claimed although they are due since `seconds` and somebody could, and workflows that nobody conducts although something waits for them. */
export async function unheard(db: Db, seconds: number): Promise<readonly Unheard[]> {
  const { rows } = await sql<Unheard>`
    with waiting as (
      select id, attempt, run_at is not null as due, case when runner in ('orquesta', 'action-chain') then 'default' else coalesce(context ->> 'pool', 'default') end as pool
      from execution
      where status in ('requested', 'scheduled', 'delayed') and coalesce(run_at, created_at) < clock_timestamp() - ${seconds} * interval '1 second')
    select id, attempt, pool, due from waiting
    where pool = 'default' or pool in (select unnest(pools) from process)
    union all
    select w.id, w.attempt, 'default', false from execution w
    where w.runner in ('orquesta', 'action-chain') and w.owner is null and w.status in ('running', 'pausing', 'paused', 'resuming', 'canceling')
      and (w.status in ('running', 'resuming', 'canceling', 'pausing') or exists (select 1 from execution c where c.parent = w.id and not c.delivered))
    order by id limit ${batch}`.execute(db);
  return rows;
}

/** Gives a lost execution back to whoever comes: its fence rises, so the lost worker can no longer finish it. */
export async function returnExecution(db: Db, id: string): Promise<void> {
  await db
    .updateTable("execution")
    .set({ status: "requested", owner: null, fence: sql<number>`fence + 1` })
    .where("id", "=", id)
    .execute();
}

/** A workflow is never lost: whoever takes it goes on from its journal. */
export async function returnWorkflow(db: Db, id: string): Promise<void> {
  await db
    .updateTable("execution")
    .set({ owner: null, fence: sql<number>`fence + 1` })
    .where("id", "=", id)
    .execute();
}

export interface PendingInstance {
  readonly id: string;
  readonly trigger: string;
  readonly parameters: unknown;
  readonly payload: unknown;
  readonly source: string;
  readonly trace_tag: string | null;
  readonly trace: string | null;
  readonly cause: unknown;
}

/** Trigger instances that are pending since `seconds`. */
export async function pendingInstances(
  db: Db,
  seconds: number,
): Promise<readonly PendingInstance[]> {
  return db
    .selectFrom("trigger_instance")
    .select(["id", "trigger", "parameters", "payload", "source", "trace_tag", "trace", "cause"])
    .where("status", "=", "pending")
    .where("occurred_at", "<", sql<Date>`clock_timestamp() - ${seconds} * interval '1 second'`)
    .orderBy("id")
    .limit(batch)
    .execute();
}

/** Inquiries whose time to live is over; a time of 0 or less never is. */
export async function expiredInquiries(db: Db): Promise<readonly OrphanedExecution[]> {
  return db
    .selectFrom("execution")
    .selectAll()
    .where("status", "=", "pending")
    .where("runner", "=", "inquirer")
    .where(sql<boolean>`coalesce((result ->> 'ttl')::float8, 1440) > 0`)
    .where(
      sql<boolean>`coalesce(started_at, created_at) + coalesce((result ->> 'ttl')::float8, 1440) * interval '1 minute' < clock_timestamp()`,
    )
    .orderBy("id")
    .limit(batch)
    .forUpdate()
    .skipLocked()
    .execute();
}
