/** The feed tells of whole changesets: `open_at` is when one that goes on in further transactions was written last; an event of kind C closes it. */
import { sql, type Kysely } from "kysely";

const statements = [
  `alter table inv.changeset add column open_at timestamptz`,
  `create index changeset_open on inv.changeset (open_at) where open_at is not null`,
  `alter table inv.event add column changeset_id uuid, alter column entry_id drop not null, alter column version drop not null`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
