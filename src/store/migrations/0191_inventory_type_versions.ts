/** Every version of a type, and how entries are brought along to the newest. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create table inv.type_version (type_id int not null references inv.type, schema_version int not null, definition jsonb not null,
    at timestamptz not null default clock_timestamp(), primary key (type_id, schema_version))`,
  `insert into inv.type_version (type_id, schema_version, definition) select id, schema_version, definition from inv.type`,
  // state: running, finished, superseded by a newer version. Entries up to after were looked at.
  `create table inv.type_migration (type_id int not null references inv.type, schema_version int not null, state text not null default 'running',
    total int not null, done int not null default 0, changed int not null default 0, unfit int not null default 0, error text, changeset_id uuid not null default gen_random_uuid(),
    after uuid not null default '00000000-0000-0000-0000-000000000000', started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz, primary key (type_id, schema_version))`,
  // Entries that the newest version of their type does not fit; they stay as they were until somebody repairs them.
  `create table inv.misfit (entry_id uuid primary key references inv.entry on delete cascade, type_id int not null, schema_version int not null,
    problems jsonb not null)`,
  `create index misfit_type on inv.misfit (type_id, entry_id)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
