/** Alerts are found by their ticket, which gets another name when its tracker gave one. */
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index alert_ticket on alert (ticket) where ticket is not null`.execute(db);
}
