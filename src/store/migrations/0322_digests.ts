/** Digests of alerts, one per business day. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create table digest (date text primary key, window_from timestamptz not null, window_to timestamptz not null, tickets int not null default 0,
    alerts int not null default 0, ran_at timestamptz not null default clock_timestamp())`,
  `create index alert_without_ticket on alert (day) where ticket is null`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
