import { type Kysely, sql } from "kysely";

/** What roles of the API allow in the inventory. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table role add column inventory json not null default '[]'`.execute(db);
}
