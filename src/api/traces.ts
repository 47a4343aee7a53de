/** `/traces`: what led to what. A trace is not kept: it is read from the execution that began it, whose id it has. */
import type { Request, Response } from "express";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { descendantsOf, listExecutions } from "../store/execution-list.ts";
import { findExecution, type StoredExecution } from "../store/executions.ts";
import type { Door } from "./door.ts";
import { liveActionId } from "../model/ids.ts";
import { idFor, isoTime } from "./ids.ts";
import { attributes, countHeaders, paging, project, text } from "./query.ts";
import { plain } from "./resources.ts";
import { on, type Routes } from "./routes.ts";

type Root = Pick<StoredExecution, "id" | "action" | "context" | "created_at" | "parent">;

function tagOf({ id, context }: Root): string {
  const trace = context["trace_context"];
  const tag = isObject(trace) ? trace["trace_tag"] : undefined;
  return typeof tag === "string" && tag !== "" ? tag : `execution-${liveActionId(id)}`;
}

function part(object_id: string, ref: string, at: Date, caused_by: JsonObject): JsonObject {
  return { object_id, ref, updated_at: isoTime(at), caused_by };
}

function view(root: Root, below: readonly Root[]): JsonObject {
  const { id, context, created_at } = root;
  const { rule, trigger_instance: instance } = context;
  const ruleRef = isObject(rule) && typeof rule["name"] === "string" ? rule["name"] : undefined;
  const instanceId =
    isObject(instance) && typeof instance["id"] === "string" ? instance["id"] : undefined;
  const ruleId = ruleRef === undefined ? undefined : idFor(`rule:${ruleRef}`);
  const cause: JsonObject =
    ruleId === undefined || instanceId === undefined
      ? {}
      : { type: "rule", id: `${ruleId}:${instanceId}` };
  return {
    id,
    uid: `trace:${id}`,
    trace_tag: tagOf(root),
    start_timestamp: isoTime(created_at),
    action_executions: [root, ...below].map((each) =>
      part(
        each.id,
        each.action,
        each.created_at,
        each === root ? cause : { type: "action_execution", id: each.parent ?? id },
      ),
    ),
    rules:
      ruleId === undefined || ruleRef === undefined
        ? []
        : [part(ruleId, ruleRef, created_at, { type: "trigger_instance", id: instanceId })],
    trigger_instances:
      instanceId === undefined || !isObject(instance)
        ? []
        : [part(instanceId, String(instance["name"]), created_at, {})],
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

async function list({ core }: Door, request: Request, response: Response): Promise<void> {
  const { db } = core.database;
  const page = paging(request, 100, response);
  const wanted = attributes(request, { names: known });
  const execution = text(request.query["execution"]);
  const { rows, total } = await listExecutions(
    db,
    {
      parent: null,
      ids: execution === undefined ? undefined : [execution],
      rule: text(request.query["rule"]),
      triggerInstance: text(request.query["trigger_instance"]),
      traceTag: text(request.query["trace_tag"]),
    },
    { ...page, order: text(request.query["sort_asc"]) === undefined ? "newest" : "oldest" },
  );
  countHeaders(response, total, page);
  response.json(rows.map((root) => project(view(root, []), wanted)));
}

export function traceRoutes(door: Door, router: Routes): void {
  const { db } = door.core.database;
  router.get("/traces", "trace_list", (request, response) => list(door, request, response));
  router.get("/traces/:id", on("trace_view", plain("trace", "id")), async (request, response) => {
    const { id } = request.params;
    const root = await findExecution(db, id);
    if (root === undefined || root.parent !== null)
      throw new AppError("NOT_FOUND", [`Unable to identify resource with id "${id}".`]);
    response.json(view(root, await descendantsOf(db, id, -1)));
  });
}
