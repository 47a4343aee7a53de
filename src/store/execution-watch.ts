/** What a live view of executions reads, again and again. */
import { sql } from "kysely";
import { completeContexts, type StoredExecution } from "./executions.ts";
import type { Db } from "./schema.ts";

export interface SeenStatus {
  readonly id: string;
  readonly status: string;
}

/** Statuses of those made after an id, and of those that are asked for. At most 20,000, the oldest first. */
export async function statusesOf(
  db: Db,
  after: string,
  ids: readonly string[],
): Promise<readonly SeenStatus[]> {
  const { rows } = await sql<SeenStatus>`
    select id, status from execution where id > ${after} or id = any(${[...ids]}) order by id limit 20000`.execute(
    db,
  );
  return rows;
}

/** The newest that have not ended. */
export async function openExecutions(db: Db, limit: number): Promise<readonly SeenStatus[]> {
  return db
    .selectFrom("execution")
    .select(["id", "status"])
    .where(sql<boolean>`status not in ('succeeded','failed','timeout','abandoned','canceled')`)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

/** These, oldest first. */
export async function executionsOf(
  db: Db,
  ids: readonly string[],
): Promise<readonly StoredExecution[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("execution")
    .selectAll()
    .where("id", "in", [...ids])
    .orderBy("id")
    .execute();
  return completeContexts(db, rows);
}

/** Made after an id, oldest first. */
export async function executionsAfter(
  db: Db,
  after: string,
  limit: number,
): Promise<readonly StoredExecution[]> {
  const rows = await db
    .selectFrom("execution")
    .selectAll()
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
  return completeContexts(db, rows);
}

export interface OutputLine {
  readonly execution_id: string;
  readonly seq: number;
  readonly stream: string;
  readonly text: string;
  readonly at: Date;
}

/** What each of these printed after the line that is known of it, in order. */
export async function outputAfter(
  db: Db,
  known: ReadonlyMap<string, number>,
): Promise<readonly OutputLine[]> {
  if (known.size === 0) return [];
  const { rows } = await sql<OutputLine>`
    select o.execution_id, o.seq, o.stream, o.text, o.at
    from unnest(${[...known.keys()]}::text[], ${[...known.values()]}::bigint[]) as w(id, last)
    join output o on o.execution_id = w.id and o.seq > w.last order by o.seq limit 5000`.execute(
    db,
  );
  return rows;
}
