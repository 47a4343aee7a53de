/** What a workflow and its children know about where they come from. */
import { ExpressionError } from "../expressions/context.ts";
import { PythonError } from "../expressions/python/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { StoredExecution } from "../store/executions.ts";
import type { Unit } from "../store/unit.ts";
import { latestOfTask } from "../store/workflows.ts";
import type { Core } from "./core.ts";
import type { ChainSurroundings } from "../workflows/action-chain.ts";
import { packConfig } from "./pack-config.ts";
import type { Claim } from "./run.ts";

/** Parameters of the runner itself, which are no input of the workflow. */
const runnerOnly = new Set(["notify", "skip_notify", "display_published"]);

type Execution = Pick<Claim, "id" | "action" | "runner" | "parameters" | "context">;

export function workflowInput(
  { runners }: Core,
  { parameters, runner }: Pick<Claim, "parameters" | "runner">,
): JsonObject {
  const own = runners.get(runner)?.parameters ?? {};
  return Object.fromEntries(
    Object.entries(parameters).filter(([name]) => !(runnerOnly.has(name) && name in own)),
  );
}

/** What expressions see besides the input: `ctx().st2` and, in a sub-workflow, `ctx().parent`. */
export function startContext({ apiUrl }: Core, { id, action, runner, context }: Claim): JsonObject {
  const { user, pack, api_user, source_channel, parent } = context;
  const st2 = {
    action_execution_id: id,
    workflow_execution_id: id,
    api_url: `${apiUrl}/v1`,
    user,
    pack,
    action,
    runner,
    ...(api_user === undefined ? {} : { api_user }),
    ...(source_channel === undefined ? {} : { source_channel }),
  };
  return { st2, ...(isObject(parent) ? { parent } : {}) };
}

/** What an action-chain reads besides its definition; undefined for other workflows. */
export async function surroundingsOf(
  core: Core,
  execution: Execution,
): Promise<ChainSurroundings | undefined> {
  const { id, action, runner, parameters, context } = execution;
  if (runner !== "action-chain") return undefined;
  const { actions, packs } = core.definitions().content;
  const definition = actions.get(action);
  const pack = context["pack"] ?? definition?.pack;
  const skip = parameters["skip_notify"];
  const notify = isObject(context["notify"]) ? context["notify"] : definition?.notify;
  return {
    parameters: workflowInput(core, execution),
    context: { execution_id: id, ...context },
    config: await configOf(core, packs.get(typeof pack === "string" ? pack : "")),
    displayPublished: parameters["display_published"] !== false,
    skipNotify: Array.isArray(skip) ? skip.filter((name) => typeof name === "string") : [],
    notify: notify !== undefined && Object.keys(notify).length > 0 ? notify : undefined,
  };
}

/** A configuration that cannot be rendered is as good as none: a template that reads it says so. */
async function configOf(core: Core, pack: Parameters<typeof packConfig>[1]): Promise<JsonObject> {
  try {
    return await packConfig(core, pack);
  } catch (error) {
    if (!(error instanceof ExpressionError || error instanceof PythonError)) throw error;
    core.log("warn", "a pack's configuration cannot be rendered", { reason: error.message });
    return {};
  }
}

/** A child that ran ahead of the disk. */
export interface TaskSeen {
  readonly task_key: string | undefined;
  readonly status: string;
  readonly result?: unknown;
}

/** Answers `task(name)` from what is on disk and what the workflow's next unit will write. */
export async function taskAnswer(
  { database }: Pick<Core, "database">,
  workflow: string,
  { taskId, route }: { readonly taskId: string; readonly route: number },
  { finished, changes }: Pick<Unit, "finished" | "changes">,
): Promise<JsonObject | undefined> {
  const ahead = finished?.findLast(({ k }) => k?.startsWith(`${taskId}:${route}:`) === true);
  const waiting =
    ahead === undefined ? undefined : { task_key: ahead.k, status: "succeeded", result: ahead.z };
  const row = await latestOfTask(database.db, workflow, { taskId, route });
  // An end that this process just brought is not in the row yet.
  const end = changes?.findLast(({ id }) => id === row?.id);
  const known =
    row === undefined || end === undefined
      ? row
      : { ...row, status: end.status, result: end.result };
  return taskFacts(workflow, { taskId, route }, { waiting, row: known });
}

/** What `task(name)` answers: as StackStorm's task execution. `waiting` = a child that ran ahead of the disk. */
export function taskFacts(
  workflow: string,
  { taskId, route }: { taskId: string; route: number },
  {
    waiting,
    row,
  }: {
    waiting: TaskSeen | undefined;
    row:
      | Pick<StoredExecution, "id" | "task_key" | "status" | "result" | "started_at" | "ended_at">
      | undefined;
  },
): JsonObject | undefined {
  const child = waiting ?? row;
  if (child === undefined) return undefined;
  const key = child.task_key ?? "";
  return {
    task_execution_id: key.split(":").slice(0, 3).join(":"),
    workflow_execution_id: workflow,
    task_name: taskId,
    task_id: taskId,
    task_route: route,
    route,
    result: child.result ?? null,
    status: child.status,
    start_timestamp: row?.started_at?.toISOString() ?? null,
    end_timestamp: row?.ended_at?.toISOString() ?? null,
  };
}
