/** What led to what, read from rows that are written anyway: a trace has the id of what began it (`model/trace.ts`). */
import { type RawBuilder, sql } from "kysely";
import { mostCounted } from "./counts.ts";
import type { Db } from "./schema.ts";

/** What a trace began with. */
export interface TraceRoot {
  readonly id: string;
  readonly begun_by: "trigger_instance" | "execution";
  /** Null where nobody gave one. */
  readonly tag: string | null;
  readonly at: Date;
}

export interface TraceFilter {
  readonly ids?: readonly string[] | undefined;
  /** A tag that was given. */
  readonly tag?: string | undefined;
}

interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly order: "oldest" | "newest";
}

/** Conditions on what begins traces, of either kind. */
function conditions({ ids, tag }: TraceFilter): {
  readonly events: RawBuilder<unknown>;
  readonly executions: RawBuilder<unknown>;
} {
  const named = ids === undefined ? sql`` : sql`and id = any(${[...ids]}::text[])`;
  const events = tag === undefined ? sql`` : sql`and trace_tag = ${tag}`;
  const executions =
    tag === undefined
      ? sql``
      : sql`and id in (select execution_id from execution_trace where tag = ${tag} and trace is null)`;
  return { events: sql`${named} ${events}`, executions: sql`${named} ${executions}` };
}

const begunByHand = sql`parent is null and context #> '{trigger_instance}' is null
  and not exists (select 1 from execution_trace x where x.execution_id = e.id and x.trace is not null)`;

/** One page by id, and how many there are: exact up to 10,000, then 10,001. Executions are looked for only as far back as the page's events go. */
export async function listTraces(
  db: Db,
  filter: TraceFilter,
  { limit, offset, order }: Page,
): Promise<{ readonly rows: readonly TraceRoot[]; readonly total: number }> {
  const wanted = limit + offset;
  const { events, executions } = conditions(filter);
  const [direction, beyond, last] =
    order === "newest" ? (["desc", ">", "min"] as const) : (["asc", "<", "max"] as const);
  const toward = sql.raw(direction);
  const everything = order === "newest" ? "" : "g";
  const { rows } = await sql<TraceRoot>`with
    happened as materialized (select id, 'trigger_instance' as begun_by, trace_tag as tag, occurred_at as at from trigger_instance
      where trace is null ${events} order by id ${toward} limit ${wanted}),
    reach as (select case when count(*) < ${wanted} then ${everything} else ${sql.raw(last)}(id) end as id from happened),
    asked as (select e.id, 'execution' as begun_by, (select tag from execution_trace x where x.execution_id = e.id) as tag, e.created_at as at
      from execution e where e.id ${sql.raw(beyond)} (select id from reach) and ${begunByHand} ${executions} order by e.id ${toward} limit ${wanted})
    select * from happened union all select * from asked order by id ${toward} limit ${limit} offset ${offset}`.execute(
    db,
  );
  if (rows.length < limit && (rows.length > 0 || offset === 0))
    return { rows, total: offset + rows.length };
  const most = mostCounted + 1;
  const counted = await sql<{ total: number }>`select least(${most},
      (select count(*) from (select 1 from trigger_instance where trace is null ${events} limit ${most}) a) +
      (select count(*) from (select 1 from execution e where ${begunByHand} ${executions} limit ${most}) b))::int as total`.execute(
    db,
  );
  return { rows, total: counted.rows[0]?.total ?? 0 };
}

/** A trigger instance of a trace. */
export interface TraceEvent {
  readonly id: string;
  readonly trace: string;
  readonly trigger: string;
  readonly occurred_at: Date;
  /** The execution whose end or question it tells; null where it tells of none. */
  readonly about: string | null;
}

/** A rule that fired because of a trigger instance. */
export interface TraceRule {
  readonly trace: string;
  readonly trigger_instance_id: string;
  readonly rule: string;
  readonly enforced_at: Date;
}

export interface TraceExecution {
  readonly id: string;
  readonly trace: string;
  readonly action: string;
  readonly created_at: Date;
  readonly parent: string | null;
  /** The rule and the trigger instance that led to it; null where no rule did, or its workflow was what the rule started. */
  readonly rule: string | null;
  readonly trigger_instance_id: string | null;
}

export interface TraceMembers {
  readonly events: readonly TraceEvent[];
  readonly rules: readonly TraceRule[];
  readonly executions: readonly TraceExecution[];
}

/** Of each kind all these traces together show at most so many members. */
const mostMembers = 10_000;

/** What belongs to these traces, oldest first. */
export async function traceMembers(db: Db, ids: readonly string[]): Promise<TraceMembers> {
  if (ids.length === 0) return { events: [], rules: [], executions: [] };
  const roots = [...ids];
  const events =
    await sql<TraceEvent>`select id, coalesce(trace, id) as trace, trigger, occurred_at,
      case when trace is not null then coalesce(payload ->> 'execution_id', payload ->> 'id') end as about from trigger_instance
    where (id = any(${roots}::text[]) and trace is null) or trace = any(${roots}::text[]) order by id limit ${mostMembers}`.execute(
      db,
    );
  const of = sql`unnest(${events.rows.map(({ id }) => id)}::text[], ${events.rows.map(({ trace }) => trace)}::text[]) as t(id, trace)`;
  // A rule that could not be decided did not fire.
  const rules = await sql<TraceRule>`select t.trace, n.trigger_instance_id, n.rule, n.enforced_at
    from ${of} join enforcement n on n.trigger_instance_id = t.id
    where n.execution_id is not null or n.failure_reason not like 'Failed to match rule%' order by n.id limit ${mostMembers}`.execute(
    db,
  );
  const executions = await sql<TraceExecution>`with recursive top as (
      select n.execution_id as id, t.trace, n.rule, n.trigger_instance_id from ${of} join enforcement n on n.trigger_instance_id = t.id
      union all select execution_id, trace, null, null from execution_trace where trace = any(${roots}::text[])
      union all select id, id, null, null from unnest(${roots}::text[]) as r(id)),
    tree as (
      select e.id, p.trace, e.action, e.created_at, e.parent, p.rule, p.trigger_instance_id from top p join execution e on e.id = p.id
      union all select e.id, t.trace, e.action, e.created_at, e.parent, null, null from tree t join execution e on e.parent = t.id)
    select * from tree order by id limit ${mostMembers}`.execute(db);
  return { events: events.rows, rules: rules.rows, executions: executions.rows };
}
