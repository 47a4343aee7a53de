/** The last change of a kind is found without going through all that a storm left behind. */
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index ticket_change_merge on ticket_change (ticket_id, merge, id) where merge is not null and state <> 'merged'`.execute(
    db,
  );
}
