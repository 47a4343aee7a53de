/** How many executions there are of each kind, and when. The statements that add executions (`execution-tally.ts`) and triggers for changes and
 * removals (migrations 0080 and 0130) keep the counts, so they are exact in every snapshot: the sum of what was folded (`execution_tally`) and what
 * changed since (`execution_change`). `execution_when` and what changed since tell in which spans of time there are executions of an action, user or
 * rule; a span may be told of whose executions are gone. */
import { sql, type RawBuilder } from "kysely";
import type { Db } from "./schema.ts";

/** What can be counted at once; each is a text that is looked for exactly, but `rule` and `trigger` also match what stands after the pack. */
export interface CountedFilter {
  readonly status?: string | undefined;
  readonly action?: string | undefined;
  readonly runner?: string | undefined;
  readonly user?: string | undefined;
  readonly rule?: string | undefined;
  readonly trigger?: string | undefined;
  /** Only those without a parent. */
  readonly root?: boolean;
}

const kinds = sql.raw(`action, runner, status, "user", rule, trigger, root, n`);
const both = sql`(select ${kinds} from execution_tally union all select ${kinds} from execution_change)`;

function named(column: "rule" | "trigger", name: string): RawBuilder<boolean> {
  const at = sql.ref(column);
  return sql`(${at} = ${name} or substr(${at}, strpos(${at}, '.') + 1) = ${name})`;
}

function conditions({
  status,
  action,
  runner,
  user,
  rule,
  trigger,
  root,
}: CountedFilter): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = [sql`true`];
  for (const [column, value] of Object.entries({ status, action, runner, user }))
    if (value !== undefined) parts.push(sql`${sql.ref(column)} = ${value}`);
  if (rule !== undefined) parts.push(named("rule", rule));
  if (trigger !== undefined) parts.push(named("trigger", trigger));
  if (root === true) parts.push(sql`root`);
  return sql.join(parts, sql` and `);
}

/** Exact. */
export async function countExecutions(db: Db, filter: CountedFilter): Promise<number> {
  const { rows } = await sql<{ total: string | number }>`
    select coalesce(sum(n), 0) as total from ${both} k where ${conditions(filter)}`.execute(db);
  return Number(rows[0]?.total ?? 0);
}

export interface ExecutionFacets {
  readonly action: readonly string[];
  readonly runner: readonly string[];
  readonly status: readonly string[];
  readonly user: readonly string[];
  readonly rule: readonly string[];
  readonly trigger: readonly string[];
}

/** Every value that some execution of the whole history has, sorted. */
export async function executionFacets(db: Db): Promise<ExecutionFacets> {
  const { rows } = await sql<Record<keyof ExecutionFacets, readonly string[] | null>>`
    with kind as materialized (
      select action, runner, status, "user", rule, trigger from ${both} k
      group by action, runner, status, "user", rule, trigger having sum(n) > 0)
    select (select array_agg(distinct action) from kind) as action, (select array_agg(distinct runner) from kind) as runner,
      (select array_agg(distinct status) from kind) as status,
      (select array_agg(distinct "user") from kind where "user" <> '') as "user",
      (select array_agg(distinct rule) from kind where rule <> '') as rule,
      (select array_agg(distinct trigger) from kind where trigger <> '') as trigger`.execute(db);
  const [found] = rows;
  const of = (name: keyof ExecutionFacets): readonly string[] => found?.[name] ?? [];
  return {
    action: of("action"),
    runner: of("runner"),
    status: of("status"),
    user: of("user"),
    rule: of("rule"),
    trigger: of("trigger"),
  };
}

/** The rules, by their whole names, whose executions fit. */
export async function rulesOf(
  db: Db,
  { rule, trigger }: Pick<CountedFilter, "rule" | "trigger">,
): Promise<readonly string[]> {
  const { rows } = await sql<{ rule: string }>`
    select distinct rule from ${both} k where rule <> '' and ${conditions({ rule, trigger })}`.execute(
    db,
  );
  return rows.map((row) => row.rule);
}

/** The actions that run in a runner. */
export async function actionsOf(db: Db, runner: string): Promise<readonly string[]> {
  const { rows } = await sql<{ action: string }>`
    select distinct action from ${both} k where runner = ${runner}`.execute(db);
  return rows.map(({ action }) => action);
}

/** What executions are looked for by. */
export interface Occurrence {
  readonly kind: "action" | "user" | "rule";
  readonly values: readonly string[];
}

export interface SpanOrder {
  /** `asc` or `desc`. */
  readonly toward: RawBuilder<unknown>;
  /** A condition on `span`. */
  readonly within: RawBuilder<unknown>;
  /** The first so many; undefined = all. */
  readonly most: number | undefined;
}

/** Spans of time in which there are such executions, in order, as rows of `span`: what the ids of its executions begin with. The first few cost little,
 * all of them have to be collected and sorted. */
export function spansOf({ kind, values }: Occurrence, order: SpanOrder): RawBuilder<unknown> {
  const { toward, within, most } = order;
  const wanted = sql`any(${values}::text[])`;
  const first = (n: number): RawBuilder<unknown> =>
    most === undefined ? sql`` : sql`order by span ${toward} limit ${sql.lit(n)}`;
  // Before they are made distinct each value has its own row for a span.
  return sql`(select span from (
      (select span from execution_when where kind = ${kind} and value = ${wanted} and ${within} ${first((most ?? 0) * values.length)})
      union select span from execution_change where span <> '' and ${sql.ref(kind)} = ${wanted} and ${within}) k
    order by span ${toward} ${most === undefined ? sql`` : sql`limit ${sql.lit(most)}`})`;
}

/** Forgets the spans before the oldest execution. */
export async function forgetSpans(db: Db): Promise<void> {
  await sql`delete from execution_when where span < (select left(min(id), 6) from execution)`.execute(
    db,
  );
}

/** Folds what changed into the tally. For one caller at a time: the sweep. */
export async function foldCounts(db: Db): Promise<void> {
  await sql`
    with gone as (delete from execution_change returning *),
    seen as (insert into execution_when select distinct v.kind, v.value, span from gone
      cross join lateral (values ('action', action), ('user', "user"), ('rule', rule)) v (kind, value)
      where span <> '' and v.value <> '' on conflict do nothing)
    insert into execution_tally as t
    select action, runner, status, "user", rule, trigger, root, sum(n) from gone
      group by action, runner, status, "user", rule, trigger, root having sum(n) <> 0
    on conflict (action, runner, status, "user", rule, trigger, root) do update set n = t.n + excluded.n`.execute(
    db,
  );
}
