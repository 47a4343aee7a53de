import { type Kysely, sql } from "kysely";

/** What operators wish of sensors, and what became of them. `enabled` null = as the sensor's file says; a higher `wish` = restart it. Everything
 * from `state` on is written by the process that runs the sensor. */
const statement = `create table sensor (
  ref text primary key,
  enabled boolean,
  wish int not null default 0,
  state text not null default 'waiting',
  owner text,
  host text,
  pid int,
  restarts int not null default 0,
  failures int not null default 0,
  exit_code int,
  words text,
  dropped int not null default 0,
  since timestamptz not null default now()
)`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(statement).execute(db);
}
