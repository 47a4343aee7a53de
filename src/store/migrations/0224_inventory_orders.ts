/** Pages in the orders people ask for come from an index; and the planner learns which columns go together: without that it expects one row where
 * there are thousands. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create index entry_updated on inv.entry (type_id, updated_at) where deleted_at is null`,
  `create index idx_t_order on inv.idx (type_id, attr, t text_pattern_ops) include (entry_id) where t is not null`,
  // The search text of these is cut: it cannot tell that a word does not occur.
  `create index entry_long on inv.entry (type_id) where deleted_at is null and length(search) >= 8000`,
  `create statistics inv.entry_length on (length(search)) from inv.entry`,
  `create statistics inv.edge_together (ndistinct, dependencies) on src, attr, dst from inv.edge`,
  `create statistics inv.idx_together (ndistinct, dependencies, mcv) on type_id, attr from inv.idx`,
  `alter table inv.edge alter column dst set statistics 300`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
