/** Machines are looked up by type and attribute: the index that has texts in their order serves that too, and one index less makes writes cheaper. What
 * waits to be put into the large indexes is put there in larger parts, which costs an import less and a search hardly more. */
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index inv.idx_t`.execute(db);
  for (const index of ["entry_doc", "entry_search", "entry_grams"])
    await sql`alter index ${sql.ref(`inv.${index}`)} set (gin_pending_list_limit = 1024)`.execute(
      db,
    );
}
