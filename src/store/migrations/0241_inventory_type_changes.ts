/** What types were, change by change: by files, and through the API with who and why. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create table inv.type_change (id bigint generated always as identity primary key, type_id int not null references inv.type, name text not null,
    pack text not null, schema_version int not null, op "char" not null, at timestamptz not null default clock_timestamp(), actor text, reason text,
    definition jsonb not null)`,
  `create index type_change_type on inv.type_change (type_id, id desc)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
