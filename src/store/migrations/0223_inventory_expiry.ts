/** Which expiries were told, one by one, and which somebody took note of. */
import { sql, type Kysely } from "kysely";

const statements = [
  `create table inv.expiry_told (entry_id uuid not null, attr text not null, date date not null, threshold int not null,
    told_at timestamptz not null default clock_timestamp(), primary key (entry_id, attr, date, threshold))`,
  `create table inv.expiry_known (entry_id uuid not null, attr text not null, date date not null, actor text not null, note text,
    at timestamptz not null default clock_timestamp(), primary key (entry_id, attr, date))`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
