/** The conductor: decides what a workflow does next. `advance(workflow, state, event, ask)` gives the new state, the journal entries
 * that lead to it and the effects the engine must bring about. Pure: no clock, no I/O; the same arguments give the same answer.
 *
 * What always holds:
 * 1. The new state is the old one with the entries folded in (`replay`), by the same code; folding evaluates no expression.
 * 2. The entries of one call belong together: they are stored all or none, in order.
 * 3. A state is never changed. When an expression needs an answer (`Unanswered` is thrown) nothing has happened yet: call again
 *    with the same state.
 * 4. Every start of an action has a key of its own (`task:route:visit[:item]`), the same whenever the decision is made again. What
 *    was offered is marked as running in the same step, so it is offered once.
 * 5. Between two calls nothing that could start is left: while the workflow runs, only tasks touched by the event need a look.
 * 6. A workflow that ended offers nothing, except tasks beside a `fail` command, until it is run again.
 * 7. A step costs what it touches: the task, its transitions, its items that start. Never the length of the workflow, the number
 *    of items that are done, or the size of data that is only passed on. Whole scans happen at pause, resume, cancel, rerun and
 *    when the workflow ends.
 * 8. A join counts each source once per arrival of its latest run; with `join: all` it fires when all of them came. */
import type { Ask } from "../expressions/context.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { assertNever } from "../model/outcome.ts";
import { begin, renderOutput } from "./begin.ts";
import { closeDraft, latestRun, type Draft } from "./draft.ts";
import { ConductorError } from "./errors.ts";
import { unlessUnanswered } from "./evaluate.ts";
import type { TaskNode } from "./graph.ts";
import type { JournalEntry } from "./journal.ts";
import { offerTasks, type OfferedTask } from "./offer.ts";
import { rerun, type RerunRequest } from "./rerun.ts";
import type { CompiledWorkflow } from "./spec.ts";
import type { StagedTask, WorkflowError, WorkflowState } from "./state.ts";
import { isIn, type Status } from "./statuses.ts";
import { openStep, type Step } from "./step.ts";
import { actionEvents, updateTask } from "./task-status.ts";
import { failWorkflow, logError, requestStatus } from "./workflow-status.ts";

export { replay } from "./fold.ts";
export { restore, snapshot } from "./snapshot.ts";
export { initialState } from "./state.ts";

export type WorkflowEvent =
  /** `context` is what every expression sees besides the inputs: `st2`, `parent` … */
  | { readonly kind: "start"; readonly input: JsonObject; readonly context: JsonObject }
  /** The execution of a task's action (of one item) has that status now. Only the first final status counts. */
  | {
      readonly kind: "task";
      readonly taskId: string;
      readonly route: number;
      readonly item?: number;
      readonly status: Status;
      readonly result?: unknown;
      /** Its id and start, which action-chains show and tell apart by. */
      readonly execution?: string;
      readonly visit?: number;
    }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "cancel" }
  /** An action could not be started (unknown, wrong parameters): the workflow fails with that message. */
  | {
      readonly kind: "fail";
      readonly message: string;
      readonly taskId?: string;
      readonly route?: number;
      /** What an action-chain words differently: no such action, or a parameter that cannot be cast. */
      readonly cause?: "reference" | "parameters";
    }
  /** No tasks = all that failed and ended the workflow. */
  | { readonly kind: "rerun"; readonly tasks: readonly RerunRequest[] };

export type Effect =
  /** Start the action, after `delay` seconds. */
  | {
      readonly kind: "run";
      /** `task:route:visit`, with `:item` for an item. */
      readonly key: string;
      readonly taskId: string;
      readonly route: number;
      /** One task execution has one visit; all items of it share it. */
      readonly visit: number;
      readonly item?: number;
      readonly items?: { readonly count: number; readonly concurrency: number | null };
      readonly action: string;
      readonly input: JsonObject | null;
      readonly delay?: number;
    }
  /** Pass the request on to the children that are workflows (cancel: to all that run). */
  | { readonly kind: "children"; readonly request: "pause" | "resume" | "cancel" }
  | { readonly kind: "status"; readonly status: Status }
  /** The workflow ended; sent again when a task that still ran changes its output or errors. */
  | {
      readonly kind: "finished";
      readonly status: Status;
      readonly output: JsonObject | null;
      readonly errors: readonly WorkflowError[];
    };

export interface Advance {
  readonly state: WorkflowState;
  readonly entries: readonly JournalEntry[];
  readonly effects: readonly Effect[];
}

/** Takes in one event. Throws ConductorError when the workflow cannot take it in its present state, Unanswered when an expression
 * needs an answer first. */
export function advance(
  workflow: CompiledWorkflow,
  state: WorkflowState,
  event: WorkflowEvent,
  ask: Ask,
): Advance {
  const step = openStep(workflow, state, ask);
  const effects: Effect[] = [];
  takeIn(step, event, effects);
  // As StackStorm: a workflow that fails over its own input never began, and has no output.
  const stillborn = event.kind === "start" && step.draft.status === "failed";
  const partial = event.kind === "task" && isIn("running", state.status);
  if (!stillborn) {
    runOn(step, partial, effects);
    renderOutput(step);
  }
  conclude(step, state, effects);
  return { state: closeDraft(step.draft), entries: step.entries, effects };
}

function takeIn(step: Step, event: WorkflowEvent, effects: Effect[]): void {
  switch (event.kind) {
    case "start":
      begin(step, event.input, event.context);
      if (step.draft.status !== "failed") requestStatus(step, "running");
      return;
    case "task":
      takeTask(step, event);
      return;
    case "pause":
      requestStatus(step, "paused");
      effects.push({ kind: "children", request: "pause" });
      return;
    case "resume":
      requestStatus(step, "resuming");
      effects.push({ kind: "children", request: "resume" });
      return;
    case "cancel":
      requestStatus(step, "canceled");
      effects.push({ kind: "children", request: "cancel" });
      return;
    case "fail": {
      const { message, taskId, route } = event;
      failWorkflow(step);
      const where = taskId === undefined ? {} : { task_id: taskId };
      logError(step, message, route === undefined ? where : { ...where, route });
      return;
    }
    case "rerun":
      rerun(step, event.tasks);
      return;
    default:
      assertNever(event);
  }
}

/** The task of that name. Throws ConductorError when the workflow has none. */
export function nodeOf(draft: Draft, taskId: string): TaskNode {
  const node = draft.graph.byName.get(taskId);
  if (node !== undefined) return node;
  throw new ConductorError("InvalidTask", `Task "${taskId}" does not exist.`);
}

function takeTask(step: Step, event: Extract<WorkflowEvent, { kind: "task" }>): void {
  const { taskId, route, item, status, result } = event;
  const node = nodeOf(step.draft, taskId);
  const name = actionEvents[status];
  const at = { node, route, ...(item === undefined ? {} : { item }) };
  // A sub-workflow that rested goes on before it ends; whoever brings its end may not have heard of that.
  if (isIn("completed", status) && latestRun(step.draft, node.index, route)?.status === "paused")
    updateTask(step, { ...at, name: actionEvents.running, status: "running", result: null });
  updateTask(step, { ...at, name, status, result });
}

/** Starts what can start, until nothing more can: a task without an action is done at once and leads on. */
function runOn(step: Step, partial: boolean, effects: Effect[]): void {
  const { draft } = step;
  if (partial && draft.touched.length === 0) return;
  let staged = partial ? touched(draft) : all(draft);
  draft.touched = [];
  for (;;) {
    const offered = offerTasks(step, staged);
    if (offered.length === 0) return;
    for (const task of offered) start(step, task, effects);
    for (const { node, route, items } of offered) {
      if (node.spec.action !== undefined && items?.count !== 0) continue;
      updateTask(step, { node, route, name: "action_succeeded", status: "succeeded" });
    }
    if (draft.touched.length === 0) return;
    staged = touched(draft);
    draft.touched = [];
  }
}

function all(draft: Draft): StagedTask[] {
  return [...draft.staged.entries()].map(([, staged]) => staged);
}

/** In the order of staging. */
function touched(draft: Draft): StagedTask[] {
  const serials = draft.touched.toSorted((a, b) => a - b);
  const found: StagedTask[] = [];
  for (const [at, serial] of serials.entries()) {
    const staged = serial === serials[at - 1] ? undefined : draft.staged.get(serial);
    if (staged !== undefined) found.push(staged);
  }
  return found;
}

/** Marks the task as running and tells the engine to run it. */
function start(step: Step, task: OfferedTask, effects: Effect[]): void {
  const { node, route, actions, items } = task;
  const name = "action_running";
  const status = "running";
  const visit = task.visit ?? step.draft.visits + 1;
  try {
    if (items?.count === 0) updateTask(step, { node, route, name, status, visit });
    for (const action of actions) {
      const item = action.item === undefined ? {} : { item: action.item };
      updateTask(step, { node, route, name, status, visit, ...item });
      if (node.spec.action !== undefined) effects.push(runEffect(task, visit, action));
    }
  } catch (error) {
    logError(step, unlessUnanswered(error), { task_id: node.name, route });
    failWorkflow(step);
  }
}

function runEffect(
  task: OfferedTask,
  visit: number,
  action: OfferedTask["actions"][number],
): Effect {
  const { node, route, items } = task;
  const { item } = action;
  const key = `${node.name}:${route}:${visit}`;
  const input = isObject(action.input) ? action.input : null;
  const facts = {
    kind: "run",
    key: item === undefined ? key : `${key}:${item}`,
    taskId: node.name,
    route,
    visit,
    action: actionRef(action.action),
    input,
    ...(item === undefined ? {} : { item }),
    ...(items === undefined ? {} : { items }),
  } as const;
  const delay = delayOf(task, item);
  return delay === undefined ? facts : { ...facts, delay };
}

/** What no action can be called is left to the engine, which knows no such action. */
function actionRef(rendered: unknown): string {
  if (typeof rendered === "string") return rendered;
  return rendered === null ? "None" : JSON.stringify(rendered);
}

/** With a concurrency only the first items wait: the others follow when there is room. */
function delayOf(task: OfferedTask, item: number | undefined): number | undefined {
  const concurrency = task.items?.concurrency ?? null;
  const late = item !== undefined && concurrency !== null && item >= concurrency;
  return late || task.delay === 0 ? undefined : task.delay;
}

function conclude(step: Step, before: WorkflowState, effects: Effect[]): void {
  const { status, output, errors } = step.draft;
  if (status !== before.status) effects.push({ kind: "status", status });
  if (!isIn("completed", status)) return;
  const same =
    status === before.status && output === before.output && errors.length === before.errors.length;
  if (!same)
    effects.push({ kind: "finished", status, output: output ?? null, errors: [...errors] });
}
