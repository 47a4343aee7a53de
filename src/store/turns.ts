/** Whose turn it is when many executions wait: each rule's (each action's, where no rule asked for it) first, then each one's second, and so on. */
import { sql } from "kysely";
import type { Db } from "./schema.ts";

/** The first `limit` of those that wait and are due, in the order of their turns. Reads all that wait. */
export async function inTurn(db: Db, limit: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (
      select id, row_number() over (partition by coalesce(context #>> '{rule,name}', action) order by id) as turn
      from execution
      where status in ('requested', 'scheduled', 'delayed') and (run_at is null or run_at <= clock_timestamp())) as waiting
    order by turn, id limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}
