/** Whose turn it is when many executions wait: each rule's (each action's, where no rule asked for it) first, then each one's second, and so on. */
import { sql } from "kysely";
import { inPools } from "./executions.ts";
import type { Db } from "./schema.ts";

/** The first of those that wait for these pools and are due, in the order of their turns. Reads all that wait. */
export async function inTurn(
  db: Db,
  { most, pools }: { readonly most: number; readonly pools: readonly string[] },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (
      select id, row_number() over (partition by coalesce(context #>> '{rule,name}', action) order by id) as turn
      from execution
      where status in ('requested', 'scheduled', 'delayed') and (run_at is null or run_at <= clock_timestamp()) and ${inPools(pools)}) as waiting
    order by turn, id limit ${most}`.execute(db);
  return rows.map(({ id }) => id);
}
