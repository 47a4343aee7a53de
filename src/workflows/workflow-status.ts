/** How the workflow's own status follows from requests and from its tasks. */
import { countIn, latestRun, placeKey, type Draft } from "./draft.ts";
import { ConductorError, errorText } from "./errors.ts";
import { isReady } from "./fold.ts";
import { nextStatus } from "./machines.ts";
import type { Items, TaskRun, WorkflowError } from "./state.ts";
import { isIn, type Status } from "./statuses.ts";
import { write, type Step } from "./step.ts";

const requestable: ReadonlySet<Status> = new Set<Status>([
  "requested",
  "scheduled",
  "delayed",
  "running",
  "pausing",
  "paused",
  "resuming",
  "succeeded",
  "failed",
  "canceling",
  "canceled",
]);

/** Asks the workflow to take a status; where work is under way it takes the step before (`pausing`, `canceling`).
 * Throws ConductorError when the present status does not allow it. */
export function requestStatus(step: Step, status: Status): void {
  const { draft } = step;
  const before = draft.status;
  if (!requestable.has(status)) {
    throw new ConductorError("InvalidEvent", `Event "workflow_${status}" is not valid.`);
  }
  tellItems(step, status);
  const after = nextStatus("workflow", before, workflowEvent(draft, status));
  if (
    after === undefined ||
    (after === before && status !== before && !isUnderWay(status, before))
  ) {
    const message = `Unable to process event "workflow_${status}" for workflow in "${before}" status.`;
    throw new ConductorError("InvalidWorkflowStatusTransition", message);
  }
  if (after !== before) write(step, { kind: "workflow", status: after });
}

/** Fails the workflow, unless it is beyond that. */
export function failWorkflow(step: Step): void {
  if (nextStatus("workflow", step.draft.status, "workflow_failed") === "failed") {
    if (step.draft.status !== "failed") requestStatus(step, "failed");
  }
}

/** Notes an error; a task, a route and a transition say where. */
export function logError(
  step: Step,
  error: unknown,
  where: Omit<WorkflowError, "type" | "message"> = {},
): void {
  write(step, { kind: "error", error: { type: "error", message: errorText(error), ...where } });
}

function isUnderWay(status: Status, before: Status): boolean {
  return (
    (status === "paused" && before === "pausing") ||
    (status === "canceled" && before === "canceling")
  );
}

function workflowEvent(draft: Draft, status: Status): string {
  const event = `workflow_${status}`;
  const active = countIn(draft.counts, "active") > 0;
  if (isIn("pause", status) || isIn("cancel", status)) {
    return event + (active ? "_workflow_active" : "_workflow_dormant");
  }
  const idle = !active && draft.ready === 0 && resting(draft) === 0;
  const resumes = status === "running" || status === "resuming";
  return draft.status === "paused" && resumes && idle ? `${event}_workflow_completed` : event;
}

function resting(draft: Draft): number {
  return (draft.counts.paused ?? 0) + (draft.counts.pending ?? 0);
}

/** Tasks with items follow the workflow into pause and cancelation: their remaining items must not start. */
function tellItems(step: Step, status: Status): void {
  const { draft } = step;
  if (!isIn("pause", status) && !isIn("cancel", status)) return;
  for (const [, { task, route, items }] of draft.staged.entries()) {
    const run = latestRun(draft, task, route);
    if (items === undefined || run === undefined || !isIn("active", run.status)) continue;
    const event = `workflow_${status}${itemsSuffix(items)}`;
    const after = nextStatus("task", run.status, event);
    const name = draft.graph.nodes[task]?.name ?? "";
    if (after !== undefined && after !== run.status) {
      write(step, { kind: "task", task: name, route, status: after });
    }
  }
}

function itemsSuffix(items: Items): string {
  const active = countIn(items.counts, "active") > 0;
  const incomplete = countIn(items.counts, "completed") < items.actions.length;
  return `_task_${active ? "active" : "dormant"}_items_${incomplete ? "incomplete" : "completed"}`;
}

type Suffix = "canceled" | "paused" | "incomplete" | "completed";
interface TaskEvents {
  readonly active: string;
  readonly dormant: string;
}

// Put together once: a text that was just joined is slow to look up.
const conditional: ReadonlyMap<string, TaskEvents> = new Map(
  ["pending", "paused", "failed", "canceled", "retrying"].map((stem) => [
    stem,
    { active: `task_${stem}_workflow_active`, dormant: `task_${stem}_workflow_dormant` },
  ]),
);
const endings: ReadonlyMap<string, Readonly<Record<Suffix, TaskEvents>>> = new Map(
  ["succeeded", "remediated"].map((stem) => {
    const events = (suffix: Suffix): TaskEvents => ({
      active: `task_${stem}_workflow_active_${suffix}`,
      dormant: `task_${stem}_workflow_dormant_${suffix}`,
    });
    const [canceled, paused] = [events("canceled"), events("paused")];
    const [incomplete, completed] = [events("incomplete"), events("completed")];
    return [stem, { canceled, paused, incomplete, completed }];
  }),
);

/** The workflow takes notice of a task's status. */
export function followTask(step: Step, run: TaskRun): void {
  const { draft } = step;
  // The one change of an ordinary step: nothing comes of a task that runs in a workflow that runs.
  if (run.status === "running" && draft.status === "running") return;
  const event = taskEvent(draft, run);
  const after = nextStatus("workflow", draft.status, event);
  if (after === undefined || after === draft.status) return;
  write(step, { kind: "workflow", status: after });
  if (isIn("completed", after)) failOnLostJoins(step);
}

function taskEvent(draft: Draft, run: TaskRun): string {
  const next = hasNext(draft, run, true);
  const stem = stemOf(draft, run, next);
  const active = countIn(draft.counts, "active") > 0 ? "active" : "dormant";
  const ending = endings.get(stem);
  if (ending !== undefined) return ending[suffixOf(draft, next)][active];
  return conditional.get(stem)?.[active] ?? `task_${stem}`;
}

function suffixOf(draft: Draft, next: boolean): Suffix {
  if (countIn(draft.counts, "cancel") > 0) return "canceled";
  if (countIn(draft.counts, "pause") + (draft.counts.pending ?? 0) > 0) return "paused";
  return draft.ready > 0 || next ? "incomplete" : "completed";
}

/** A task that failed and leads on is remediated. */
function stemOf(draft: Draft, run: TaskRun, next: boolean): string {
  if (!isIn("abended", run.status)) return run.status;
  return next || hasNext(draft, run, false) ? "remediated" : "failed";
}

/** Does the completed task lead on? With `joinsToo` a join counts only while it can still be satisfied. */
function hasNext(draft: Draft, run: TaskRun, joinsToo: boolean): boolean {
  if (!isIn("completed", run.status)) return false;
  const transitions = draft.graph.nodes[run.task]?.transitions ?? [];
  for (const { index, target } of transitions) {
    const node = draft.graph.nodes[target];
    if (run.next[index] !== true || node === undefined || node.command === "continue") continue;
    if (node.barrier === undefined || !joinsToo || joinIsOpen(draft, target, run.route))
      return true;
  }
  return false;
}

/** Is the join satisfied, or may branches still come? */
function joinIsOpen(draft: Draft, target: number, route: number): boolean {
  if (isReady(draft, target, route)) return true;
  const node = draft.graph.nodes[target];
  const known = draft.joins.get(placeKey(target, route))?.known;
  const waiting = (known ?? 0) < (node?.sources ?? 0);
  return waiting && (countIn(draft.counts, "active") > 0 || draft.ready > 0);
}

/** A workflow must not end while a join has some of its branches and can never have the rest. */
function failOnLostJoins(step: Step): void {
  const { draft } = step;
  const lost = [...draft.staged.entries()]
    .map(([, staged]) => staged)
    .filter(({ task, route, ready }) => {
      const barrier = draft.graph.nodes[task]?.barrier ?? 0;
      return !ready && barrier > 0 && !joinIsOpen(draft, task, route);
    });
  if (lost.length > 0 && draft.status !== "failed")
    write(step, { kind: "workflow", status: "failed" });
  for (const { task, route } of lost) {
    const name = draft.graph.nodes[task]?.name ?? "";
    const message = `The join task|route "${name}|${route}" is partially satisfied but unreachable.`;
    const error = new ConductorError("UnreachableJoinError", message);
    logError(step, error, { task_id: name, route });
  }
}

/** Used by tests and by the engine's view: does this task lead on? */
export function leadsOn(draft: Draft, task: number, route: number): boolean {
  const run = latestRun(draft, task, route);
  return run !== undefined && hasNext(draft, run, true);
}
