/** A result in which secrets occur is kept a second time without them: that is what is shown. */
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table execution add column shown json`.execute(db);
}
