/** Executions of the last thirty days, made by the database. */
import { sql } from "kysely";
import type { Database } from "../src/store/database.ts";

/** Seconds since 1970 of the first execution; the last is of now. */
export const start = Math.floor(Date.now() / 1_000) - 30 * 86_400;

/** Actions by how often they run: some are most of the history, one ran ten times. 20 rules, 40 users, one execution in 20 failed; three of
 * four are tasks of a workflow. Results are 300 bytes, one in 1,000 is 40 kB. */
export async function fill({ db }: Database, rows: number): Promise<void> {
  const step = 100_000;
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step) - 1;
    await sql`
      insert into execution (id, action, runner, status, parameters, context, result, parent, task_key, created_at, started_at, ended_at)
      select id(g), case when g % 4 = 0 then 'bench.flow' || (g % 7) when g % ${sql.lit(Math.floor(rows / 10))} = 1 then 'bench.rare'
          when g % 1000 = 3 then 'bench.seldom' else 'bench.task' || (g % 200) end,
        case when g % 4 = 0 then 'orquesta' when g % 1000 = 7 then 'http-request' else 'noop' end,
        case when g % 20 = 5 then 'failed' when g % 1000 = 11 then 'timeout' when g > ${rows} - 20 then 'running' else 'succeeded' end,
        '{"message":"disk is full","host":"web-0123.example.net"}',
        case when g % 4 = 0 then json_build_object('user', 'user' || ((g / 4) % 40), 'rule', json_build_object('id', lpad(to_hex((g / 4) % 20), 24, '0'),
            'name', 'bench.rule' || ((g / 4) % 20)), 'trigger_instance', json_build_object('id', id(g), 'name', 'bench.event' || ((g / 4) % 5))) end,
        json_build_object('stdout', repeat('x', case when g % 1000 = 0 then 40000 else 300 end)),
        case when g % 4 = 0 then null else id(g - g % 4) end, case when g % 4 = 0 then null else 't' || (g % 4) || ':0:0' end,
        at, at, case when g > ${rows} - 20 then null else at + interval '1 second' end
      from (select g, to_timestamp(${start}::float8 + g * 2592000.0 / ${rows}) as at from generate_series(${from}::bigint, ${to}::bigint) g) s`.execute(
      db,
    );
    process.stderr.write(`\r${to + 1} of ${rows} executions`);
  }
  process.stderr.write("\n");
  await db.connection().execute(async (one) => {
    await sql`set statement_timeout = 0`.execute(one);
    await sql`select raicho_recount()`.execute(one);
  });
  await sql`vacuum analyze`.execute(db);
}

/** A function of the database that makes ids as the engine does: they sort by time. */
export async function prepare({ db }: Database, rows: number): Promise<void> {
  await sql
    .raw(
      `create or replace function id(g bigint) returns text immutable language sql as
        $$ select to_hex((${start} + floor(g * 2592000.0 / ${rows}))::bigint) || lpad(to_hex(g), 16, '0') $$`,
    )
    .execute(db);
}
