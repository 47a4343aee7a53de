/** Gates of policies: who waits, who was let through. All of it happens under the lock of the gates it touches. */
import { sql } from "kysely";
import type { ExecutionStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import type { Db } from "./schema.ts";

/** An execution that waits at a gate, in the order of arrival. */
export interface Waiting {
  readonly execution_id: string;
  readonly gate: string;
  readonly policy: string;
  readonly seq: number;
  readonly state: "new" | "waiting";
  readonly since: Date;
  readonly due_at: Date;
  /** Null when the execution is gone. */
  readonly status: ExecutionStatus | null;
}

const final = sql`('succeeded','failed','timeout','abandoned','canceled')`;
/** Who waits is looked at in such portions; the rest has its turn when somebody of these went. */
const portion = 200;
const mostNew = 2_000;

/** Makes this transaction the only one at these gates. Always in the same order, so that two never wait for each other. */
export async function lockGates(db: Db, gates: readonly string[]): Promise<Date> {
  for (const gate of gates.toSorted())
    await sql`select pg_advisory_xact_lock(7241988, hashtext(${gate}))`.execute(db);
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return rows[0]?.now ?? new Date();
}

/** All gates that these gates' waiting executions stand at. */
export async function gatesBeside(db: Db, gates: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql<{ gate: string }>`select distinct b.gate from admission a
    join admission b on b.execution_id = a.execution_id
    where a.gate = any(${gates}::text[]) and a.state <> 'admitted' limit 1000`.execute(db);
  return rows.map(({ gate }) => gate);
}

/** Who waits at these gates, in order of arrival: those that were told to wait (the first of them), and all that are new. */
export async function waitingAt(db: Db, gates: readonly string[]): Promise<readonly Waiting[]> {
  const { rows } = await sql<Waiting>`
    with head as (
      (select execution_id from admission where gate = any(${gates}::text[]) and state = 'waiting' order by seq limit ${portion})
      union (select execution_id from admission where gate = any(${gates}::text[]) and state = 'new' order by seq limit ${mostNew}))
    select a.execution_id, a.gate, a.policy, a.seq, a.state, a.since, a.due_at, e.status
    from admission a left join execution e on e.id = a.execution_id
    where a.state <> 'admitted' and a.execution_id in (select execution_id from head) order by a.seq`.execute(
    db,
  );
  return rows;
}

/** How many that were let through have not ended, by gate. Forgets those that have. */
export async function insideOf(
  db: Db,
  gates: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  await sql`delete from admission a where a.gate = any(${gates}::text[]) and a.state = 'admitted'
    and not exists (select 1 from execution e where e.id = a.execution_id and e.status not in ${final})`.execute(
    db,
  );
  const { rows } = await sql<{ gate: string; count: number }>`select gate, count(*) as count
    from admission where gate = any(${gates}::text[]) and state = 'admitted' group by gate`.execute(
    db,
  );
  return new Map(rows.map(({ gate, count }) => [gate, count]));
}

/** When a gate let somebody through, oldest first, within the last `seconds`. */
export async function passesOf(db: Db, gate: string, seconds: number): Promise<readonly Date[]> {
  await sql`delete from admission_pass where gate = ${gate} and at <= clock_timestamp() - ${seconds} * interval '1 second'`.execute(
    db,
  );
  const rows = await db
    .selectFrom("admission_pass")
    .select("at")
    .where("gate", "=", gate)
    .orderBy("at")
    .execute();
  return rows.map(({ at }) => at);
}

export async function notePasses(db: Db, gates: readonly string[]): Promise<void> {
  if (gates.length === 0) return;
  await db
    .insertInto("admission_pass")
    .values(gates.map((gate) => ({ gate })))
    .execute();
}

export interface Admitted {
  readonly id: string;
  readonly attempt: number;
  readonly runner: string;
  readonly context: JsonObject | null;
}

/** Lets executions through; gives those that still can run. */
export async function admit(db: Db, ids: readonly string[]): Promise<readonly Admitted[]> {
  if (ids.length === 0) return [];
  await db
    .updateTable("admission")
    .set({ state: "admitted" })
    .where("execution_id", "in", ids)
    .execute();
  const { rows } = await sql<Admitted>`update execution set status = 'requested', run_at = null
    where id = any(${ids}::text[]) and status in ('requested', 'delayed') returning id, attempt, runner, context`.execute(
    db,
  );
  return rows;
}

/** Tells executions to wait. */
export async function makeWait(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable("admission")
    .set({ state: "waiting" })
    .where("execution_id", "in", ids)
    .where("state", "=", "new")
    .execute();
  await sql`update execution set status = 'delayed' where id = any(${ids}::text[]) and status = 'requested'`.execute(
    db,
  );
}

/** Takes executions that will never run off all gates. */
export async function leaveGates(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom("admission").where("execution_id", "in", ids).execute();
}

/** Moves the time of an execution at a gate, and says when its burst began. */
export async function moveDue(
  db: Db,
  { execution_id, gate }: { readonly execution_id: string; readonly gate: string },
  { due, since }: { readonly due: Date; readonly since: Date },
): Promise<void> {
  await db
    .updateTable("admission")
    .set({ due_at: due, since })
    .where("execution_id", "=", execution_id)
    .where("gate", "=", gate)
    .execute();
}

/** Gates that executions stand at or were let through. */
export async function gatesOf(db: Db, executions: readonly string[]): Promise<readonly string[]> {
  if (executions.length === 0) return [];
  const rows = await db
    .selectFrom("admission")
    .select("gate")
    .distinct()
    .where("execution_id", "in", executions)
    .execute();
  return rows.map(({ gate }) => gate);
}

/** Gates at which somebody waits. */
export async function busyGates(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{
    gate: string;
  }>`select distinct gate from admission where state <> 'admitted' limit 1000`.execute(db);
  return rows.map(({ gate }) => gate);
}
