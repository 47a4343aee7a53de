/** `/traces`: what led to what. */
import { createHash } from "node:crypto";
import type { Request, Response } from "express";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { liveActionId } from "../model/ids.ts";
import { traceOf, usualTag } from "../model/trace.ts";
import { listExecutions } from "../store/execution-list.ts";
import { findExecution } from "../store/executions.ts";
import { findInstance } from "../store/reads.ts";
import {
  listTraces,
  traceMembers,
  type TraceEvent,
  type TraceExecution,
  type TraceFilter,
  type TraceMembers,
  type TraceRoot,
  type TraceRule,
} from "../store/traces.ts";
import type { Door } from "./door.ts";
import { idFor, isoTime } from "./ids.ts";
import { ruleById } from "./instance-view.ts";
import { attributes, countHeaders, paging, project, text } from "./query.ts";
import { plain } from "./resources.ts";
import { on, type Routes } from "./routes.ts";

function part(object_id: string, ref: string, at: Date, caused_by: JsonObject): JsonObject {
  return { object_id, ref, updated_at: isoTime(at), caused_by };
}

const ruleId = (ref: string): string => idFor(`rule:${ref}`);

function eventPart({ id, trigger, occurred_at, about }: TraceEvent): JsonObject {
  return part(
    id,
    trigger,
    occurred_at,
    about === null ? {} : { type: "action_execution", id: about },
  );
}

function rulePart({ rule, trigger_instance_id, enforced_at }: TraceRule): JsonObject {
  const cause = { type: "trigger_instance", id: trigger_instance_id };
  return part(ruleId(rule), rule, enforced_at, cause);
}

function causeOf({ parent, rule, trigger_instance_id: event }: TraceExecution): JsonObject {
  if (parent !== null) return { type: "action_execution", id: parent };
  if (rule === null || event === null) return {};
  return { type: "rule", id: `${ruleId(rule)}:${event}` };
}

/** The tag that was given, else the one that StackStorm makes. */
export function tagOf({ id, begun_by, tag }: TraceRoot): string {
  return tag ?? usualTag(id, begun_by);
}

function view(root: TraceRoot, { events, rules, executions }: TraceMembers): JsonObject {
  const { id, at } = root;
  const within = <Member extends { readonly trace: string }>(
    members: readonly Member[],
  ): readonly Member[] => members.filter(({ trace }) => trace === id);
  return {
    id,
    uid: `trace:${createHash("sha256").update(id).digest("hex").slice(0, 32)}`,
    trace_tag: tagOf(root),
    start_timestamp: isoTime(at),
    action_executions: within(executions).map((each) =>
      part(each.id, each.action, each.created_at, causeOf(each)),
    ),
    rules: within(rules).map(rulePart),
    trigger_instances: within(events).map(eventPart),
  };
}

const known = new Set([
  "id",
  "uid",
  "trace_tag",
  "start_timestamp",
  "action_executions",
  "rules",
  "trigger_instances",
]);

/** The trace of a tag that was made and not given. */
function idInTag(tag: string): string | undefined {
  const [, kind, id = ""] = /^(trigger_instance|execution)-([0-9a-f]{24})$/.exec(tag) ?? [];
  if (kind === undefined) return undefined;
  return kind === "execution" ? liveActionId(id) : id;
}

async function traceOfExecution({ core }: Door, id: string): Promise<readonly string[]> {
  const execution = await findExecution(core.database.db, id);
  return execution === undefined ? [] : [traceOf(execution).id];
}

async function traceOfInstance({ core }: Door, id: string): Promise<readonly string[]> {
  const instance = await findInstance(core.database.db, id);
  return instance === undefined ? [] : [instance.trace ?? id];
}

/** Traces in which that rule fired, a page of what it started at a time. */
async function tracesOfRule(
  { core }: Door,
  rule: string,
  page: Parameters<typeof listExecutions>[2],
): Promise<{ readonly ids: readonly string[]; readonly total: number }> {
  const ref = ruleById(core.definitions().content, rule) ?? rule;
  const { rows, total } = await listExecutions(core.database.db, { rule: ref, parent: null }, page);
  return { ids: rows.map((row) => traceOf(row).id), total };
}

async function filterOf(door: Door, { query }: Request): Promise<TraceFilter> {
  const [tag, execution, instance] = [
    text(query["trace_tag"]),
    text(query["execution"]),
    text(query["trigger_instance"]),
  ];
  const lists = [
    execution === undefined ? undefined : await traceOfExecution(door, execution),
    instance === undefined ? undefined : await traceOfInstance(door, instance),
  ].filter((found) => found !== undefined);
  const made = tag === undefined ? undefined : idInTag(tag);
  if (made !== undefined) lists.push([made]);
  const [first, ...rest] = lists;
  const ids = first?.filter((id) => rest.every((other) => other.includes(id)));
  return { ids, tag: made === undefined ? tag : undefined };
}

async function list(door: Door, request: Request, response: Response): Promise<void> {
  const { db } = door.core.database;
  const page = paging(request, 100, response);
  const wanted = attributes(request, { names: known });
  const ascending = text(request.query["sort_asc"]) !== undefined;
  const place = { ...page, order: ascending ? ("oldest" as const) : ("newest" as const) };
  const rule = text(request.query["rule"]);
  const ofRule = rule === undefined ? undefined : await tracesOfRule(door, rule, place);
  const { rows, total } =
    ofRule === undefined
      ? await listTraces(db, await filterOf(door, request), place)
      : await listTraces(db, { ids: ofRule.ids }, { ...place, offset: 0 });
  countHeaders(response, ofRule?.total ?? total, page);
  const members = await traceMembers(
    db,
    rows.map(({ id }) => id),
  );
  response.json(rows.map((root) => project(view(root, members), wanted)));
}

/** What a trace began with; undefined when there is no trace of that id. */
export async function traceNamed({ core }: Door, id: string): Promise<TraceRoot | undefined> {
  const one = { limit: 1, offset: 0, order: "newest" } as const;
  return (await listTraces(core.database.db, { ids: [id] }, one)).rows[0];
}

export function traceRoutes(door: Door, router: Routes): void {
  const { db } = door.core.database;
  router.get("/traces", "trace_list", (request, response) => list(door, request, response));
  router.get("/traces/:id", on("trace_view", plain("trace", "id")), async (request, response) => {
    const { id } = request.params;
    const root = await traceNamed(door, id);
    if (root === undefined)
      throw new AppError("NOT_FOUND", [`Unable to identify resource with id "${id}".`]);
    response.json(view(root, await traceMembers(db, [id])));
  });
}
