import { sql, type Kysely } from "kysely";

/** Which pools a process serves. One of an earlier release serves the only one there was. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table process add column pools text[] not null default '{default}'`.execute(db);
}
