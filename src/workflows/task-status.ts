/** How a task's status follows from the events of its actions, and what its completion decides. */
import type { EvaluationContext } from "../expressions/context.ts";
import { countIn, latestIndex, latestRun, stagedTask, type Draft } from "./draft.ts";
import { ConductorError } from "./errors.ts";
import { factsContext, plainContext, unlessUnanswered } from "./evaluate.ts";
import { variablesOf, type ContextNode } from "./contexts.ts";
import type { TaskNode } from "./graph.ts";
import type { JournalEntry } from "./journal.ts";
import { nextStatus } from "./machines.ts";
import { isInt, isTruthy } from "./python.ts";
import type { Items, Retry, StagedTask, TaskRun } from "./state.ts";
import { isIn, type Status } from "./statuses.ts";
import { write, type Step } from "./step.ts";
import { decideNext, type Completion } from "./transitions.ts";
import { failWorkflow, followTask, logError } from "./workflow-status.ts";

export interface TaskEvent {
  readonly node: TaskNode;
  readonly route: number;
  /** `action_<status>`, or `task_<command>_requested`. */
  readonly name: string;
  readonly status: Status;
  readonly item?: number;
  readonly result?: unknown;
  /** Results of all items, where the caller keeps them; else the conductor's own collection. */
  readonly accumulated?: readonly unknown[];
  /** Number of this start. */
  readonly visit?: number;
}
/** Names of events, put together once: a text that was just joined is slow to look up. */
export const actionEvents: Readonly<Record<Status, string>> = {
  requested: "action_requested",
  scheduled: "action_scheduled",
  delayed: "action_delayed",
  running: "action_running",
  pending: "action_pending",
  pausing: "action_pausing",
  paused: "action_paused",
  resuming: "action_resuming",
  succeeded: "action_succeeded",
  failed: "action_failed",
  timeout: "action_timeout",
  abandoned: "action_abandoned",
  retrying: "action_retrying",
  canceling: "action_canceling",
  canceled: "action_canceled",
  null: "action_null",
};

type TaskEntry = { -readonly [Key in keyof Entry]: Entry[Key] };
type Entry = Extract<JournalEntry, { kind: "task" }>;

/** Takes in what happened to a task. Throws ConductorError when the task neither runs nor waits. */
export function updateTask(step: Step, event: TaskEvent): void {
  const { draft } = step;
  const { node, route } = event;
  const staged = stagedTask(draft, node.index, route);
  const run = latestRun(draft, node.index, route);
  if (staged === undefined && run === undefined) {
    const message = `Task "${node.name}" is not staged or has not started yet.`;
    throw new ConductorError("InvalidTaskStateEntry", message);
  }
  const begins = beginsRun(event, run);
  if (begins && staged === undefined) return;
  const before = begins ? "null" : (run?.status ?? "null");
  const after = taskStatus(event, staged, before);
  const entry: TaskEntry = { kind: "task", task: node.name, route };
  if (staged !== undefined) noteStaged(step, entry, { event, staged, begins });
  if (event.visit !== undefined) entry.visit = event.visit;
  if (after !== before) entry.status = after;
  write(step, entry);
  if (event.status === "failed") noteFailure(step, event);
  settle(step, event, { before, after });
}

function noteStaged(
  step: Step,
  entry: TaskEntry,
  at: { event: TaskEvent; staged: StagedTask; begins: boolean },
): void {
  const { event, staged, begins } = at;
  if (begins) {
    entry.begin = true;
    const retry = openRetry(step, event.node, staged.in);
    if (retry !== undefined) entry.retry = retry;
  }
  if (staged.items === undefined) entry.unstage = true;
  else noteItem(entry, event);
}

function beginsRun(event: TaskEvent, run: TaskRun | undefined): boolean {
  if (run === undefined || event.node.command !== undefined) return true;
  // A task that is done and starts again stands in a cycle (or runs anew).
  return isIn("completed", run.status) && isIn("starting", event.status);
}

function noteItem(entry: TaskEntry, event: TaskEvent): void {
  if (event.item === undefined) return;
  entry.item = event.item;
  entry.itemStatus = event.status;
  if (isIn("completed", event.status)) entry.itemResult = event.result ?? null;
}

function noteFailure(step: Step, event: TaskEvent): void {
  const { result } = event;
  write(step, {
    kind: "error",
    error: {
      type: "error",
      message: "Execution failed. See result for details.",
      task_id: event.node.name,
      ...(result === undefined || result === null ? {} : { result }),
    },
  });
}

function taskStatus(event: TaskEvent, staged: StagedTask | undefined, old: Status): Status {
  const items = event.item === undefined ? undefined : staged?.items;
  const name = items === undefined ? event.name : event.name + itemSuffix(items, event);
  const after = nextStatus("task", old, name);
  if (after !== undefined) return after;
  const message = `Unable to process event "${name}" for task in "${old}" status.`;
  throw new ConductorError("InvalidTaskStatusTransition", message);
}

const ends: ReadonlySet<Status> = new Set<Status>([
  "resuming",
  "pending",
  "paused",
  "succeeded",
  "failed",
  "timeout",
  "abandoned",
  "canceled",
]);

/** How the other items stand: the event means something else while they run, wait, or have failed. */
function itemSuffix(items: Items, event: TaskEvent): string {
  if (!ends.has(event.status)) return "";
  const own = event.item === undefined ? undefined : items.statuses.get(event.item);
  const others = (group: "active" | "abended" | "completed") =>
    countIn(items.counts, group) - (isIn(group, own) ? 1 : 0);
  const waiting = (status: Status) => (items.counts[status] ?? 0) - (own === status ? 1 : 0);
  if (others("active") > 0) return `_task_active${leftOver(items, others("completed"))}`;
  if (waiting("pending") + waiting("paused") > 0) return "_task_dormant_items_paused";
  if (waiting("canceled") > 0) return "_task_dormant_items_canceled";
  if (others("abended") > 0) return "_task_dormant_items_failed";
  return `_task_dormant${leftOver(items, others("completed"))}`;
}

function leftOver(items: Items, completed: number): string {
  return completed < items.actions.length - 1 ? "_items_incomplete" : "_items_completed";
}

/** What `retry` comes to when the task begins. */
export function openRetry(step: Step, node: TaskNode, seen: ContextNode): Retry | undefined {
  const { retry } = node;
  if (retry === undefined) return undefined;
  const opened: { count: unknown; delay: unknown } = { count: 0, delay: null };
  for (const field of ["delay", "count"] as const) {
    const template = retry[field];
    if (template === undefined) continue;
    const context = plainContext(step, template.literal ? {} : variablesOf(seen));
    const value = template.evaluate(context);
    if (!isInt(value)) {
      const message = `The retry ${field} for task "${node.name}" is not an integer.`;
      throw new ConductorError("ValueError", message);
    }
    opened[field] = value;
  }
  const { when, delay } = retry.written;
  const fields = { when, count: opened.count, tally: 0 };
  return delay === undefined ? fields : { ...fields, delay: opened.delay };
}

function settle(step: Step, event: TaskEvent, change: { before: Status; after: Status }): void {
  const { draft } = step;
  const { node, route } = event;
  const { before, after } = change;
  if (after === "retrying" && before !== after) {
    write(step, { kind: "retry", task: node.name, route });
  }
  const index = latestIndex(draft, node.index, route);
  if (index === undefined) return;
  const commands = isIn("completed", after) ? complete(step, event, { index, before, after }) : [];
  if (commands === undefined) return;
  const run = draft.runs.at(index);
  if (run !== undefined && run.status !== "null") followTask(step, run);
  for (const { node: command, route: at } of commands) runCommand(step, command, at);
  if (isIn("completed", draft.status) && draft.runs.at(index)?.terminal === false) {
    write(step, { kind: "terminal", run: index });
  }
}
type Follower = ReturnType<typeof decideNext>[number];

function runCommand(step: Step, node: TaskNode, route: number): void {
  const status = node.command === "fail" ? "failed" : "succeeded";
  updateTask(step, { node, route, name: `task_${node.command}_requested`, status });
}

/** A completed task is no longer staged; one with items that failed is kept, so that a rerun knows which of them. */
function release(step: Step, node: TaskNode, route: number, status: Status): void {
  const staged = stagedTask(step.draft, node.index, route);
  if (staged === undefined) return;
  const keep = node.spec.items !== undefined && isIn("abended", status);
  if (keep && staged.completed) return;
  write(step, { kind: keep ? "keep" : "unstage", task: node.name, route });
}

const retryRequest = "task_retry_requested";

/** Decides about the completed task: the engine commands that follow, or undefined when it is tried again. */
function complete(
  step: Step,
  event: TaskEvent,
  change: { index: number; before: Status; after: Status },
): readonly Follower[] | undefined {
  const { node, route } = event;
  const run = step.draft.runs.at(change.index);
  if (run === undefined) return [];
  const result = node.spec.items === undefined ? event.result : itemResults(step.draft, event);
  release(step, node, route, change.after);
  let made: EvaluationContext | undefined;
  const context = () => {
    made ??= factsContext(step, variablesOf(run.in), { taskId: node.name, route, result });
    return made;
  };
  const completion: Completion = { node, index: change.index, run, context };
  if (isIn("active", step.draft.status) && triesAgain(step, completion)) {
    updateTask(step, { node, route, name: retryRequest, status: "retrying" });
    return undefined;
  }
  return change.before === change.after ? [] : decideNext(step, completion);
}

/** The results of all items, in their order; null for one that has none. */
function itemResults(draft: Draft, event: TaskEvent): unknown {
  if (event.item === undefined) return isTruthy(event.result) ? event.result : [];
  if (event.accumulated !== undefined) return event.accumulated;
  const items = stagedTask(draft, event.node.index, event.route)?.items;
  return items?.actions.map((_, index) => items.results.get(index)?.value ?? null) ?? [];
}

function triesAgain(step: Step, completion: Completion): boolean {
  const { node, run } = completion;
  const { retry } = run;
  if (retry === undefined || retry.tally >= Number(retry.count)) return false;
  // What was canceled stays so; asking for another try again and again would never end.
  if (nextStatus("task", run.status, retryRequest) !== "retrying") return false;
  if (node.retry?.when === undefined) return isIn("abended", run.status);
  try {
    return isTruthy(node.retry.when.evaluate(completion.context()));
  } catch (error) {
    logError(step, unlessUnanswered(error), { task_id: node.name, route: run.route });
    failWorkflow(step);
    return false;
  }
}
