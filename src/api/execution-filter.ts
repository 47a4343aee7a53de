/** What `/executions` can be searched for. */
import type { Request } from "express";
import { liveActionId } from "../model/ids.ts";
import type { ExecutionFilter } from "../store/execution-filter.ts";
import { names, refusal, text, time } from "./query.ts";

function range(request: Request): Pick<ExecutionFilter, "since" | "until"> {
  const both = text(request.query["timestamp"])?.split("..");
  const since = text(request.query["timestamp_gt"]);
  const until = text(request.query["timestamp_lt"]);
  const [from, to] = (both ?? []).map(time).toSorted((a, b) => a.getTime() - b.getTime());
  return {
    since: since === undefined ? from : time(since),
    until: until === undefined ? (to ?? from) : time(until),
  };
}

function idsOf(request: Request): readonly string[] | undefined {
  const live = text(request.query["liveaction"]);
  if (live !== undefined) return [liveActionId(live)];
  const ids = names(request.query["id"]);
  if (ids.length === 0) return undefined;
  const odd = ids.find((id) => !/^[0-9a-f]{24}$/.test(id));
  if (odd !== undefined)
    throw refusal(
      `'${odd}' is not a valid ObjectId, it must be a 12-byte input or a 24-character hex string`,
    );
  return ids;
}

/** Paths of an execution that `filter=path:value path:value` may name. */
const paths: Readonly<Record<string, keyof ExecutionFilter>> = {
  status: "status",
  "action.ref": "action",
  "runner.name": "runner",
  parent: "parent",
  "rule.name": "rule",
  "rule.ref": "rule",
  "trigger.name": "trigger",
  "trigger.type": "trigger",
  "trigger_type.name": "trigger",
  "trigger_type.ref": "trigger",
  "trigger_instance.id": "triggerInstance",
  "context.user": "user",
  "context.trace_context.trace_tag": "traceTag",
};

/** StackStorm's `filter`: words with a colon between path and value, all of which must hold. */
function advanced(request: Request): ExecutionFilter {
  const words = text(request.query["filter"])?.split(" ") ?? [];
  const wanted = words.map((word) => {
    const colon = word.indexOf(":");
    if (colon < 0) throw refusal(`invalid format for filter "${word}"`);
    const path = word.slice(0, colon);
    const name = Object.hasOwn(paths, path) ? paths[path] : undefined;
    if (name === undefined) throw refusal(`Cannot resolve field "${path}"`);
    return [name, word.slice(colon + 1)] as const;
  });
  return Object.fromEntries(wanted);
}

/** Which executions a list is asked for. Throws what is wrong with the query. */
export function executionFilter(request: Request): ExecutionFilter {
  const { status, action, runner, parent, rule, trigger_instance, trigger, trigger_type, user } =
    request.query;
  return {
    ids: idsOf(request),
    status: text(status),
    action: text(action),
    runner: text(runner),
    parent: parent === "null" ? null : text(parent),
    rule: text(rule),
    triggerInstance: text(trigger_instance),
    trigger: text(trigger_type) ?? text(trigger),
    user: text(user),
    ...range(request),
    ...advanced(request),
  };
}
