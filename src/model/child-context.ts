import { isObject, type JsonObject } from "./json.ts";

/** Handed down from a workflow to its children. */
const inherited = [
  "user",
  "api_user",
  "source_channel",
  "rule",
  "trigger_instance",
  "trace_context",
  "inventory_cause",
  "pool",
] as const;

/** The part of a child's context that follows from its workflow; its pack is the one of its own action. */
export function childContext({
  id,
  action,
  context,
}: {
  readonly id: string;
  readonly action: string;
  readonly context: JsonObject;
}): JsonObject {
  const base: Record<string, unknown> = {};
  for (const name of inherited) if (context[name] !== undefined) base[name] = context[name];
  const { parent } = context;
  const pack = context["pack"] ?? action.split(".")[0];
  return {
    ...base,
    parent: {
      execution_id: id,
      pack,
      user: context["user"],
      ...(isObject(parent) ? { parent } : {}),
    },
  };
}

/** Orquesta's part of a child's context. */
export function taskContext(
  workflow: string,
  task: {
    readonly taskId: string;
    readonly route: number;
    readonly visit: number;
    readonly item?: number | undefined;
  },
): JsonObject {
  const { taskId, route, visit, item } = task;
  return {
    workflow_execution_id: workflow,
    task_execution_id: `${taskId}:${route}:${visit}`,
    task_name: taskId,
    task_id: taskId,
    task_route: route,
    ...(item === undefined ? {} : { item_id: item }),
  };
}

/** The context of a child without items, from its action and the key of its task (`task:route:visit`). */
export function contextFromKey(
  workflow: { readonly id: string; readonly action: string; readonly context: JsonObject },
  { action, key }: { readonly action: string; readonly key: string },
): JsonObject {
  const [, taskId = key, route = "0", visit = "0"] = /^(.*):(\d+):(\d+)$/s.exec(key) ?? [];
  return {
    ...childContext(workflow),
    pack: action.split(".")[0],
    orquesta: taskContext(workflow.id, { taskId, route: Number(route), visit: Number(visit) }),
  };
}
