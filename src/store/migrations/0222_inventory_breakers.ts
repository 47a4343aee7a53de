/** Rules that fired so often on one entry that they are held off it until somebody looked. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create table inv.breaker (id uuid primary key, rule text not null, entry_id uuid not null, firings int not null, seconds int not null,
    opened_at timestamptz not null default clock_timestamp(), reset_at timestamptz, reset_by text)`,
  `create unique index breaker_open on inv.breaker (rule, entry_id) where reset_at is null`,
  `create index breaker_opened on inv.breaker (opened_at desc, id)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
