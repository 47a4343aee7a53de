import { type Kysely, sql } from "kysely";

/** Facets of an execution; '' = none. `root`: it has no parent. */
const facets = `action, runner, status, coalesce(context ->> 'user', '') as "user", coalesce(context #>> '{rule,name}', '') as rule,
  coalesce(context #>> '{trigger_instance,name}', '') as trigger, parent is null as root`;
const names = `action, runner, status, "user", rule, trigger, root`;

/** How many executions there are of each kind, kept by the statements that write them, so that it is exact whatever happens to a process.
 * A statement appends to `execution_change` what it changed, one row a kind: writers never wait for each other. The sweep folds these rows
 * into `execution_tally`; the truth is the sum of both. */
const statements = [
  `create table execution_tally (action text not null, runner text not null, status text not null, "user" text not null, rule text not null,
    trigger text not null, root boolean not null, n bigint not null, primary key (${names}))`,
  `create table execution_change (action text not null, runner text not null, status text not null, "user" text not null, rule text not null,
    trigger text not null, root boolean not null, n bigint not null)`,
  `create function raicho_execution_added() returns trigger language plpgsql as $$ begin
    insert into execution_change select f.*, count(*) from (select ${facets} from added) f group by ${names}; return null; end $$`,
  `create function raicho_execution_removed() returns trigger language plpgsql as $$ begin
    insert into execution_change select f.*, -count(*) from (select ${facets} from removed) f group by ${names}; return null; end $$`,
  `create function raicho_execution_changed() returns trigger language plpgsql as $$ begin
    insert into execution_change select ${names}, sum(n) from (
      select ${facets}, 1 as n from added union all select ${facets}, -1 from removed) f
      group by ${names} having sum(n) <> 0; return null; end $$`,
  `create trigger execution_added after insert on execution referencing new table as added
    for each statement execute function raicho_execution_added()`,
  `create trigger execution_removed after delete on execution referencing old table as removed
    for each statement execute function raicho_execution_removed()`,
  `create trigger execution_changed after update on execution referencing new table as added old table as removed
    for each statement execute function raicho_execution_changed()`,
  `insert into execution_tally select f.*, count(*) from (select ${facets} from execution) f group by ${names}`,
  // What people filter the history by; in the order of the list, so that a page of something rare is found at once.
  `create index execution_action on execution (action, id)`,
  `create index execution_root on execution (id) where parent is null`,
  `create index execution_user on execution ((context ->> 'user'), id) where context ->> 'user' is not null`,
  `create index execution_rule on execution ((context #>> '{rule,name}'), id) where context #>> '{rule,name}' is not null`,
  // An action fails as it fails, not as often as others: without this the planner takes the wrong index for both together.
  `create statistics execution_kinds (dependencies, mcv) on action, status from execution`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
