import { type Kysely, sql } from "kysely";

/** What was written through the API: definitions that no file has, edits of those in files, and removals (`document` is null). `resource_version` has one
 * row; every write counts it up under its lock, and a process notes in `process.resources` up to where it has taken them over. */
const statements = [
  `create table resource (
    kind text not null,
    pack text not null,
    name text not null,
    document json,
    updated_at timestamptz not null default now(),
    primary key (kind, pack, name)
  )`,
  `create table resource_version (n bigint not null)`,
  `insert into resource_version values (0)`,
  `alter table process add column resources bigint not null default 0`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
