/** What was last written into infrastructure services: when a service reports that, it is our own echo. */
import { sql, type Kysely } from "kysely";

const statements = [
  // hash: SHA-256 of the value, as src/inventory/echo.ts writes it down.
  `create table inv.push (entry_id uuid not null references inv.entry on delete cascade, attr text not null, source text not null, hash text not null,
    pushed_at timestamptz not null, pushed_by text not null, execution text, primary key (entry_id, attr, source))`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
