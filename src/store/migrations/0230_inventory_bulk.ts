/** What made bulk writes slow.
 *
 * 1. While many entries are new the planner knows nothing of them, and looked for names in the index of the last changes: it read all
 *    entries of a type, for each name. That index now has a condition that only questions about changes repeat.
 * 2. Each reference was checked by a query of its own when it was written; now the statement that writes them checks all at once. */
import { sql, type Kysely } from "kysely";

const statements = [
  `drop index inv.entry_updated`,
  `create index entry_updated on inv.entry (type_id, updated_at) where deleted_at is null and updated_at > '-infinity'`,
  `alter table inv.edge drop constraint edge_dst_fkey`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
