/** Rows derived from an entry are written with it by one statement, and no entry is ever removed: checking each of them against the entry again
 * was a sixth of what an import cost the database. What a reference leads to is still checked. */
import { sql, type Kysely } from "kysely";

const statements = [
  `alter table inv.entry drop constraint entry_type_id_fkey`,
  `alter table inv.edge drop constraint edge_src_fkey`,
  `alter table inv.key drop constraint key_entry_id_fkey`,
  `alter table inv.idx drop constraint idx_entry_id_fkey`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
