/** Entries whose change alters computed attributes of others, until those were computed again. */
import { sql, type Kysely } from "kysely";

const statements = [
  // after: those with a lower id were done. round counts how often one computation led to the next.
  `create table inv.stale (id bigint generated always as identity primary key, entry_id uuid not null references inv.entry on delete cascade,
    cause jsonb not null, round int not null default 0, after uuid not null default '00000000-0000-0000-0000-000000000000')`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
