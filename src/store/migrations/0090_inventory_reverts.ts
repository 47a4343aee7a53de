/** A changeset says which other one it takes back; and changesets are listed by time. */
import { sql, type Kysely } from "kysely";

const statements = [
  `alter table inv.changeset add column reverts uuid`,
  `create index changeset_at on inv.changeset (at desc, id desc)`,
  `create index revision_at on inv.revision (type_id, at)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
