import type { StoredExecution } from "./executions.ts";
import type { Db } from "./schema.ts";
import { sql } from "kysely";

export interface StoredWorkflow {
  readonly definition: string;
  /** JSON text: read as values, `2.0` would become `2`. */
  readonly snapshot: string | null;
  readonly snapshot_seq: number;
}

export async function findWorkflow(db: Db, id: string): Promise<StoredWorkflow | undefined> {
  return db
    .selectFrom("workflow")
    .select(["definition", sql<string | null>`snapshot::text`.as("snapshot"), "snapshot_seq"])
    .where("execution_id", "=", id)
    .executeTakeFirst();
}

/** Entries written after `seq`, in order. */
export async function journalAfter(
  db: Db,
  id: string,
  seq: number,
): Promise<readonly { seq: number; entries: string }[]> {
  return db
    .selectFrom("journal")
    .select(["seq", "entries"])
    .where("execution_id", "=", id)
    .where("seq", ">", seq)
    .orderBy("seq")
    .execute();
}

/** Keeps a workflow text for the executions that are pinned to it. */
export async function keepDefinition(db: Db, hash: string, text: string): Promise<void> {
  await db
    .insertInto("definition")
    .values({ hash, text })
    .onConflict((on) => on.column("hash").doNothing())
    .execute();
}

export async function findDefinition(db: Db, hash: string): Promise<string | undefined> {
  return (
    await db.selectFrom("definition").select("text").where("hash", "=", hash).executeTakeFirst()
  )?.text;
}

/** Children of a workflow that have not ended. */
export async function openChildren(
  db: Db,
  parent: string,
): Promise<readonly { id: string; runner: string; status: string }[]> {
  return db
    .selectFrom("execution")
    .select(["id", "runner", "status"])
    .where("parent", "=", parent)
    .where(sql<boolean>`status not in ('succeeded','failed','timeout','abandoned','canceled')`)
    .execute();
}

/** Children in whose results secrets occur. */
export async function childrenWithSecrets(
  db: Db,
  parent: string,
): Promise<readonly Pick<StoredExecution, "action" | "runner" | "parameters">[]> {
  return db
    .selectFrom("execution")
    .select(["action", "runner", "parameters"])
    .where("parent", "=", parent)
    .where("shown", "is not", null)
    .execute();
}

/** The newest execution of a task on a route. */
export async function latestOfTask(
  db: Db,
  parent: string,
  { taskId, route }: { taskId: string; route: number },
): Promise<
  | Pick<StoredExecution, "id" | "task_key" | "status" | "result" | "started_at" | "ended_at">
  | undefined
> {
  return db
    .selectFrom("execution")
    .selectAll()
    .where("parent", "=", parent)
    .where(sql<boolean>`starts_with(task_key, ${`${taskId}:${route}:`})`)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** Executions of a visit of a task with items (`task:route:visit`), each under `task:route:visit:item`. */
export async function itemsOfTask(
  db: Db,
  parent: string,
  visit: string,
): Promise<
  readonly Pick<
    StoredExecution,
    "id" | "task_key" | "status" | "result" | "started_at" | "ended_at"
  >[]
> {
  return db
    .selectFrom("execution")
    .select(["id", "task_key", "status", "result", "started_at", "ended_at"])
    .where("parent", "=", parent)
    .where(sql<boolean>`starts_with(task_key, ${`${visit}:`})`)
    .orderBy("id")
    .execute();
}

/** Gives another execution the workflow of this one as it is now: definition, snapshot and the journal after it. */
export async function copyWorkflow(db: Db, from: string, to: string): Promise<void> {
  await sql`with copied as (insert into workflow (execution_id, definition, snapshot, snapshot_seq)
      select ${to}, definition, snapshot, snapshot_seq from workflow where execution_id = ${from} returning snapshot_seq)
    insert into journal (execution_id, seq, entries)
      select ${to}, seq, entries from journal where execution_id = ${from} and seq > (select snapshot_seq from copied)`.execute(
    db,
  );
}
