import { type Kysely, sql } from "kysely";

/** Facets of an execution; '' = none. `root`: it has no parent. */
const facets = (row: string): string =>
  `${row}.action, ${row}.runner, ${row}.status, coalesce(${row}.context ->> 'user', '') as "user", coalesce(${row}.context #>> '{rule,name}', '') as rule,
  coalesce(${row}.context #>> '{trigger_instance,name}', '') as trigger, ${row}.parent is null as root`;
const names = `action, runner, status, "user", rule, trigger, root`;

/** Every index and every look at a row's JSON costs each event and each step. New executions are therefore counted by the process that writes
 * them (`execution-tally.ts`), in the statement that writes them; triggers are left for changes of a status and for removals. In place of indexes
 * over all executions there is `execution_when`: in which spans of time (the first six digits of an id: 256 s) something occurs. */
const statements = [
  `drop trigger execution_added on execution`,
  `drop trigger execution_changed on execution`,
  `drop function raicho_execution_added()`,
  `drop function raicho_execution_changed()`,
  `drop statistics execution_kinds`,
  `drop index execution_action`,
  `drop index execution_root`,
  `drop index execution_user`,
  `drop index execution_rule`,
  // Span of the executions that were added; '' where none were.
  `alter table execution_change add column span text not null default ''`,
  `create table execution_when (kind text not null, value text not null, span text not null, primary key (kind, value, span))`,
  `create function raicho_execution_moved() returns trigger language plpgsql as $$ begin
    insert into execution_change (${names}, n)
      select ${facets("new")}, 1 union all select ${facets("old")}, -1; return null; end $$`,
  `create trigger execution_moved after update of status on execution for each row when (old.status is distinct from new.status)
    execute function raicho_execution_moved()`,
  // Also for those who bring executions in by hand, from a copy: select raicho_recount().
  `create function raicho_recount() returns void language plpgsql as $$ begin
    lock table execution, execution_change, execution_tally in share row exclusive mode;
    delete from execution_change; delete from execution_tally; delete from execution_when;
    insert into execution_tally (${names}, n) select f.*, count(*) from (select ${facets("e")} from execution e) f group by ${names};
    insert into execution_when select distinct v.kind, v.value, f.span
      from (select left(e.id, 6) as span, ${facets("e")} from execution e) f
      cross join lateral (values ('action', f.action), ('user', f."user"), ('rule', f.rule)) v (kind, value) where v.value <> '';
    end $$`,
  `select raicho_recount()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
