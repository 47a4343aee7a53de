/** What a workflow and its children know about where they come from. */
import { ExpressionError, type Question } from "../expressions/context.ts";
import { PythonError } from "../expressions/python/errors.ts";
import { isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Unit } from "../store/unit.ts";
import { itemsOfTask, latestOfTask } from "../store/workflows.ts";
import { isStatus } from "../workflows/statuses.ts";
import type { Core } from "./core.ts";
import type { ChainSurroundings } from "../workflows/action-chain.ts";
import { whenBack } from "./in-ledger.ts";
import { userIn } from "./launch.ts";
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
    config: await configOf(core, packs.get(typeof pack === "string" ? pack : ""), userIn(context)),
    displayPublished: parameters["display_published"] !== false,
    skipNotify: Array.isArray(skip) ? skip.filter((name) => typeof name === "string") : [],
    notify: notify !== undefined && Object.keys(notify).length > 0 ? notify : undefined,
  };
}

/** A configuration that cannot be rendered is as good as none: a template that reads it says so. */
async function configOf(
  core: Core,
  pack: Parameters<typeof packConfig>[1],
  user: string | undefined,
): Promise<JsonObject> {
  try {
    return await packConfig(core, pack, user);
  } catch (error) {
    if (!(error instanceof ExpressionError || error instanceof PythonError)) throw error;
    core.log("warn", "a pack's configuration cannot be rendered", { reason: error.message });
    return {};
  }
}

/** A child as far as this process knows: from the disk, or ahead of it. */
interface TaskSeen {
  readonly task_key: string | null | undefined;
  readonly status: string;
  readonly result?: unknown;
  readonly started_at?: Date | null;
  readonly ended_at?: Date | null;
}

/** What expressions of a workflow ask; `task(name)` only the workflow itself can tell. An outage is no answer: no task must fail for it. */
export function answerIn(
  core: Core,
  { id, context }: Pick<Claim, "id" | "context">,
  question: Question,
  pending: Pick<Unit, "finished" | "changes">,
): Promise<unknown> {
  return whenBack<unknown>(() =>
    question.kind === "task"
      ? taskAnswer(core, id, question, pending)
      : core.answer(question, userIn(context)),
  );
}

/** Answers `task(name)` from what is on disk and what the workflow's next unit will write. */
async function taskAnswer(
  { database: { db } }: Pick<Core, "database">,
  workflow: string,
  task: { readonly taskId: string; readonly route: number },
  pending: Pick<Unit, "finished" | "changes">,
): Promise<JsonObject | undefined> {
  const prefix = `${task.taskId}:${task.route}:`;
  const ahead = aheadOfDisk(pending, prefix).at(-1);
  const row = await latestOfTask(db, workflow, task);
  const child = ahead ?? (row === undefined ? undefined : withEnd(row, pending));
  if (child === undefined) return undefined;
  const [visit = "0", item] = (child.task_key ?? "").slice(prefix.length).split(":");
  const key = prefix + visit;
  if (item === undefined) return taskFacts(workflow, task, { key, ...child });
  const rows = await itemsOfTask(db, workflow, key);
  const children = rows.map((each) => withEnd(each, pending));
  return taskFacts(workflow, task, {
    key,
    ...ofItems(key, [...children, ...aheadOfDisk(pending, `${key}:`)]),
  });
}

/** Children that are known to have ended before they are on disk at all. */
function aheadOfDisk({ finished = [] }: Pick<Unit, "finished">, prefix: string): TaskSeen[] {
  return finished
    .filter(({ k }) => k?.startsWith(prefix) === true)
    .map(({ k, z }) => ({ task_key: k, status: "succeeded", result: z }));
}

/** An end that this process just brought is not in the row yet. */
function withEnd(
  row: TaskSeen & { readonly id: string },
  { changes }: Pick<Unit, "changes">,
): TaskSeen {
  const end = changes?.findLast(({ id }) => id === row.id);
  return end === undefined ? row : { ...row, status: end.status, result: end.result };
}

/** A task with items as a whole, as StackStorm keeps it: an item that has not begun is null. */
function ofItems(key: string, children: readonly TaskSeen[]): Omit<TaskSeen, "task_key"> {
  const items: (JsonObject | null)[] = [];
  for (const { task_key, status, result = null } of children) {
    const index = Number((task_key ?? "").slice(key.length + 1));
    while (items.length <= index) items.push(null);
    items[index] = { status, result };
  }
  const ended = children.every(({ status }) => isStatus(status) && isFinished(status));
  const good = children.every(({ status }) => status === "succeeded");
  const last = children.findLast(({ ended_at: at }) => at !== null && at !== undefined)?.ended_at;
  return {
    status: ended ? (good ? "succeeded" : "failed") : "running",
    result: { items },
    started_at: children[0]?.started_at ?? null,
    ended_at: ended ? (last ?? null) : null,
  };
}

/** What `task(name)` answers: as StackStorm's task execution. */
function taskFacts(
  workflow: string,
  { taskId, route }: { readonly taskId: string; readonly route: number },
  {
    key,
    status,
    result = null,
    started_at,
    ended_at,
  }: Omit<TaskSeen, "task_key"> & { readonly key: string },
): JsonObject {
  return {
    task_execution_id: key,
    workflow_execution_id: workflow,
    task_name: taskId,
    task_id: taskId,
    task_route: route,
    route,
    result,
    status,
    start_timestamp: started_at?.toISOString() ?? null,
    end_timestamp: ended_at?.toISOString() ?? null,
  };
}

/** Whether an operator paused it and nobody resumed it since. */
export function isHeld(context: JsonObject): boolean {
  return typeof context["paused_by"] === "string" && typeof context["resumed_by"] !== "string";
}
