/** Rules that go round are held off, too, for a time: breakers of no entry. */
import { sql, type Kysely } from "kysely";

const statements = [
  `alter table inv.breaker alter column entry_id drop not null, add column until timestamptz`,
  `create unique index breaker_open_loop on inv.breaker (rule) where reset_at is null and entry_id is null`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
