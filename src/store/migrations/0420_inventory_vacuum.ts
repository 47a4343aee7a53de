/** After an import of many entries the server's own housekeeping looks at the inventory's tables within a minute: only then are indexes enough to
 * count by, and the planner knows what is there. A fifth of a large table, as is usual, would be more than most imports bring. */
import { sql, type Kysely } from "kysely";

const tables = ["entry", "edge", "key", "idx", "revision"];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of tables)
    await sql`
      alter table ${sql.table(`inv.${table}`)} set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 10000,
        autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 2000)`.execute(db);
}
