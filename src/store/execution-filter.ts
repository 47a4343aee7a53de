/** Which executions of the history are meant. */
import { sql, type SelectQueryBuilder } from "kysely";
import { clockSlack, idAround } from "./counts.ts";
import { actionsOf, rulesOf, type Occurrence } from "./execution-counts.ts";
import type { Db, LedgerSchema } from "./schema.ts";

export interface ExecutionFilter {
  readonly ids?: readonly string[] | undefined;
  readonly status?: string | undefined;
  readonly action?: string | undefined;
  readonly runner?: string | undefined;
  /** An execution id, or null for those without a parent. */
  readonly parent?: string | null | undefined;
  /** Name or ref. */
  readonly rule?: string | undefined;
  readonly triggerInstance?: string | undefined;
  /** Ref of the trigger type, or its name. */
  readonly trigger?: string | undefined;
  readonly user?: string | undefined;
  readonly traceTag?: string | undefined;
  /** Requested at or after. */
  readonly since?: Date | undefined;
  /** Requested at or before. */
  readonly until?: Date | undefined;
}

/** With what there is an index for in place of what there is none for. */
interface ResolvedFilter extends ExecutionFilter {
  /** Whole names of the rules that are meant by `rule` and `trigger`. */
  readonly rules?: readonly string[];
  /** Actions of the runner. */
  readonly actions?: readonly string[];
}

export async function resolve(db: Db, filter: ExecutionFilter): Promise<ResolvedFilter> {
  const { rule, trigger, runner, action } = filter;
  const byRule = rule !== undefined || trigger !== undefined;
  return {
    ...filter,
    ...(byRule ? { rules: await rulesOf(db, { rule, trigger }) } : {}),
    ...(runner !== undefined && action === undefined
      ? { actions: await actionsOf(db, runner) }
      : {}),
  };
}

export type Query = SelectQueryBuilder<LedgerSchema, "execution", object>;

function inTime(query: Query, { since, until }: ExecutionFilter): Query {
  let narrowed = query;
  if (since !== undefined)
    narrowed = narrowed
      .where("id", ">", idAround(since, -clockSlack))
      .where("created_at", ">=", since);
  if (until !== undefined)
    narrowed = narrowed
      .where("id", "<", idAround(until, clockSlack))
      .where("created_at", "<=", until);
  return narrowed;
}

/** `pack.name` or what stands after the pack. */
function named(path: string, name: string): ReturnType<typeof sql<boolean>> {
  return sql<boolean>`(${sql.raw(path)} = ${name} or substr(${sql.raw(path)}, strpos(${sql.raw(path)}, '.') + 1) = ${name})`;
}

function byCause(query: Query, filter: ResolvedFilter): Query {
  const { triggerInstance, user, traceTag, rules, trigger } = filter;
  let narrowed = query;
  if (triggerInstance !== undefined)
    narrowed = narrowed.where("id", "in", (from) =>
      from
        .selectFrom("enforcement")
        .select((each) => each.ref("execution_id").$notNull().as("id"))
        .where("trigger_instance_id", "=", triggerInstance)
        .where("execution_id", "is not", null),
    );
  if (rules !== undefined)
    narrowed = narrowed.where(sql<string>`context #>> '{rule,name}'`, "in", [...rules, ""]);
  if (trigger !== undefined)
    narrowed = narrowed.where(named("context #>> '{trigger_instance,name}'", trigger));
  if (traceTag !== undefined)
    narrowed = narrowed.where(sql<boolean>`context #>> '{trace_context,trace_tag}' = ${traceTag}`);
  if (user !== undefined) narrowed = narrowed.where(sql<boolean>`context ->> 'user' = ${user}`);
  return narrowed;
}

export function filtered(query: Query, filter: ResolvedFilter): Query {
  const { ids, status, action, runner, parent, actions } = filter;
  let narrowed = query;
  if (ids !== undefined) narrowed = narrowed.where("id", "in", [...ids]);
  if (status !== undefined) narrowed = narrowed.where(sql<string>`status`, "=", status);
  if (action !== undefined) narrowed = narrowed.where("action", "=", action);
  if (runner !== undefined) narrowed = narrowed.where("runner", "=", runner);
  if (actions !== undefined) narrowed = narrowed.where("action", "in", [...actions, ""]);
  if (parent === null) narrowed = narrowed.where("parent", "is", null);
  else if (parent !== undefined) narrowed = narrowed.where("parent", "=", parent);
  return byCause(inTime(narrowed, filter), filter);
}

/** What tells best in which spans of time to look; undefined = an index leads to the executions, or they are wherever one looks. */
export function occurrenceOf(filter: ResolvedFilter): Occurrence | undefined {
  const { ids, parent, triggerInstance, rules, user, action, actions } = filter;
  if (ids !== undefined || typeof parent === "string" || triggerInstance !== undefined)
    return undefined;
  if (rules !== undefined) return { kind: "rule", values: rules };
  if (user !== undefined) return { kind: "user", values: [user] };
  const values = action === undefined ? actions : [action];
  return values === undefined ? undefined : { kind: "action", values };
}
