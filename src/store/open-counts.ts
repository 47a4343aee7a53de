import { sql } from "kysely";
import type { Db } from "./schema.ts";

/** How many executions have not ended, by status: read from the index that only they are in. */
export async function openCounts(
  db: Db,
): Promise<readonly { readonly status: string; readonly count: number }[]> {
  const { rows } = await sql<{ status: string; count: number }>`
    select status, count(*) as count from execution
    where status not in ('succeeded','failed','timeout','abandoned','canceled') group by status`.execute(
    db,
  );
  return rows;
}
