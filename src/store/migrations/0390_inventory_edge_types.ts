/** A reference knows the type of the entry that has it, so that an index alone tells how many machines stand in a rack. */
import { sql, type Kysely } from "kysely";

const statements = [
  `alter table inv.edge add column src_type int`,
  `update inv.edge g set src_type = e.type_id from inv.entry e where e.id = g.src`,
  // Rows of no entry, which reindexing would drop as well.
  `delete from inv.edge where src_type is null`,
  `alter table inv.edge alter column src_type set not null`,
  `drop index inv.edge_dst`,
  `create index edge_dst on inv.edge (dst, attr, src_type, src)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
