import { type Kysely, sql } from "kysely";

/** An event that an execution raised continues the chain of changes of the inventory that led to it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`alter table trigger_instance add column cause json`).execute(db);
}
