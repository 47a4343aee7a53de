/** Machines are looked up by type and attribute: the index that has texts in their order serves that too, and one index less makes writes cheaper. */
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index inv.idx_t`.execute(db);
}
