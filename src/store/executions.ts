import { type RawBuilder, sql } from "kysely";
import type { ExecutionStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import { contextFromKey } from "../model/child-context.ts";
import type { Db, LedgerSchema } from "./schema.ts";
import type { Selectable } from "kysely";

type Row = Selectable<LedgerSchema["execution"]>;
export type StoredExecution = Omit<Row, "context"> & { readonly context: JsonObject };

/** Children that were born finished keep no context of their own: it follows from the parent's. */
export async function completeContexts<Each extends Row>(
  db: Db,
  rows: readonly Each[],
): Promise<readonly (Omit<Each, "context"> & { readonly context: JsonObject })[]> {
  const parents = [
    ...new Set(
      rows.flatMap(({ context, parent }) => (context === null && parent !== null ? [parent] : [])),
    ),
  ];
  const found =
    parents.length === 0
      ? []
      : await db
          .selectFrom("execution")
          .select(["id", "action", "context"])
          .where("id", "in", parents)
          .execute();
  const known = new Map(
    found.map(({ id, action, context }) => [id, { id, action, context: context ?? {} }]),
  );
  return rows.map((row) => {
    const parent = row.parent === null ? undefined : known.get(row.parent);
    return {
      ...row,
      context:
        row.context ??
        (parent === undefined
          ? {}
          : contextFromKey(parent, { action: row.action, key: row.task_key ?? "" })),
    };
  });
}

async function completed(db: Db, row: Row | undefined): Promise<StoredExecution | undefined> {
  return row === undefined ? undefined : (await completeContexts(db, [row]))[0];
}

const claimable = sql<boolean>`((status in ('requested', 'scheduled', 'delayed') and (run_at is null or run_at <= clock_timestamp() + interval '100 ms'))
  or (runner in ('orquesta', 'action-chain') and owner is null and status in ('running', 'pausing', 'paused', 'resuming', 'canceling')))`;

/** A process that claims what its pools wait for. */
export interface Claimer {
  readonly process: string;
  readonly pools: readonly string[];
}

/** Whether a process that serves these pools may carry it out (model/pools.ts). */
export function inPools(pools: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`(case when runner in ('orquesta', 'action-chain') then true else coalesce(context ->> 'pool', 'default') = any(${pools}::text[]) end)`;
}

async function claimWhere(
  db: Db,
  which: RawBuilder<boolean>,
  { process: owner, pools }: Claimer,
): Promise<StoredExecution | undefined> {
  const row = await db
    .updateTable("execution")
    .set({
      status: sql<ExecutionStatus>`case when status in ('requested', 'scheduled', 'delayed') then 'running' else status end`,
      owner,
      fence: sql<number>`fence + 1`,
      attempt: sql<number>`attempt + 1`,
      started_at: sql<Date>`coalesce(started_at, now())`,
    })
    .where(which)
    .where(claimable)
    .where(inPools(pools))
    .returningAll()
    .executeTakeFirst();
  return completed(db, row);
}

/** Makes that process the one that runs it, or gives undefined when somebody else does, it is not due, it is for other pools, or it has ended. Each claim raises the
 * fence. */
export function claimExecution(
  db: Db,
  id: string,
  claimer: Claimer,
): Promise<StoredExecution | undefined> {
  return claimWhere(db, sql<boolean>`id = ${id}`, claimer);
}

/** The same for the first of them that can be claimed and that nobody else is claiming. */
export function claimFirst(
  db: Db,
  ids: readonly string[],
  claimer: Claimer,
): Promise<StoredExecution | undefined> {
  const first = sql`select id from execution where id = any(${ids}::text[]) and ${claimable}
    order by array_position(${ids}::text[], id) limit 1 for update skip locked`;
  return claimWhere(db, sql<boolean>`id = (${first})`, claimer);
}

export async function findExecution(db: Db, id: string): Promise<StoredExecution | undefined> {
  return completed(
    db,
    await db.selectFrom("execution").selectAll().where("id", "=", id).executeTakeFirst(),
  );
}

/** The unfinished execution, locked until the transaction ends. */
export async function lockExecution(db: Db, id: string): Promise<StoredExecution | undefined> {
  return completed(
    db,
    await db
      .selectFrom("execution")
      .selectAll()
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst(),
  );
}

/** Ends or changes an execution outside a claim (an operator's wish); the fence rises so that a running claim cannot finish it any more. */
export async function overrideExecution(
  db: Db,
  id: string,
  change: {
    status: ExecutionStatus;
    result?: JsonObject;
    ended: boolean;
    raiseFence: boolean;
    delivered?: boolean;
    /** Merged with the context. */
    context?: JsonObject;
  },
): Promise<void> {
  await db
    .updateTable("execution")
    .set({
      status: change.status,
      ...(change.result === undefined
        ? {}
        : { result: sql`${JSON.stringify(change.result)}::json`, shown: null }),
      ...(change.ended ? { ended_at: sql<Date>`now()` } : {}),
      ...(change.raiseFence ? { fence: sql<number>`fence + 1` } : {}),
      ...(change.delivered === undefined ? {} : { delivered: change.delivered }),
      ...(change.context === undefined
        ? {}
        : {
            context: sql`coalesce(context::jsonb, '{}'::jsonb) || ${JSON.stringify(change.context)}::jsonb`,
          }),
    })
    .where("id", "=", id)
    .execute();
}

/** Ends of children that their workflow has not taken in yet, oldest first. */
export async function undeliveredChildren(
  db: Db,
  parents: readonly string[],
): Promise<readonly StoredExecution[]> {
  if (parents.length === 0) return [];
  return completeContexts(
    db,
    await db
      .selectFrom("execution")
      .selectAll()
      .where("delivered", "=", false)
      .where("parent", "in", parents)
      .orderBy("id")
      .limit(1_000)
      .execute(),
  );
}

/** What `owner` has in hand. */
export async function ownedBy(db: Db, owner: string): Promise<readonly StoredExecution[]> {
  const rows = await db
    .selectFrom("execution")
    .selectAll()
    .where("status", "in", ["running", "pausing", "paused", "resuming", "canceling"])
    .where("owner", "=", owner)
    .execute();
  return completeContexts(db, rows);
}

/** Those of `owner`'s executions that somebody wants canceled, paused or resumed. */
export async function controlledOf(
  db: Db,
  owner: string,
): Promise<readonly { id: string; status: ExecutionStatus }[]> {
  return db
    .selectFrom("execution")
    .select(["id", "status"])
    .where("owner", "=", owner)
    .where("status", "in", ["canceling", "pausing", "resuming"])
    .execute();
}

/** What an execution printed so far, in order. */
export async function outputOf(
  db: Db,
  id: string,
): Promise<readonly { stream: string; text: string }[]> {
  return db
    .selectFrom("output")
    .select(["stream", "text"])
    .where("execution_id", "=", id)
    .orderBy("seq")
    .execute();
}

export async function pendingInquiries(db: Db): Promise<readonly StoredExecution[]> {
  return completeContexts(
    db,
    await db
      .selectFrom("execution")
      .selectAll()
      .where("runner", "=", "inquirer")
      .where("status", "=", "pending")
      .orderBy("id")
      .limit(1_000)
      .execute(),
  );
}
