/** A state under construction: the fields of a state, replaced one by one while entries are folded into it. Persistent parts are
 * changed through the draft's owner, so the state it came from stays as it was. */
import type { WorkflowGraph } from "./graph.ts";
import type { CompiledWorkflow } from "./spec.ts";
import type { Owner } from "./persistent.ts";
import type { StagedTask, TaskRun, WorkflowState } from "./state.ts";
import { isIn, type Status } from "./statuses.ts";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export interface Draft extends Mutable<Omit<WorkflowState, "counts">> {
  readonly workflow: CompiledWorkflow;
  readonly graph: WorkflowGraph;
  readonly owner: Owner;
  readonly counts: Partial<Record<Status, number>>;
  /** Serial numbers of the staged tasks that were staged or changed since they were last looked at. */
  touched: number[];
}

export function openDraft(workflow: CompiledWorkflow, state: WorkflowState): Draft {
  const { graph } = workflow;
  return { ...fieldsOf(state), workflow, graph, owner: {}, touched: [] };
}

export function closeDraft(draft: Draft): WorkflowState {
  return fieldsOf(draft);
}

/** Written out, because this runs at every step and a spread of all fields is slower. */
function fieldsOf(from: WorkflowState | Draft): Mutable<WorkflowState> {
  return {
    status: from.status,
    contexts: from.contexts,
    root: from.root,
    routes: from.routes,
    runs: from.runs,
    latest: from.latest,
    staged: from.staged,
    stagedAt: from.stagedAt,
    serials: from.serials,
    ready: from.ready,
    counts: { ...from.counts },
    joins: from.joins,
    errors: from.errors,
    errorIndex: from.errorIndex,
    output: from.output,
    reruns: from.reruns,
    visits: from.visits,
  };
}

/** More tasks than that no definition has. */
const tasksPerRoute = 2 ** 20;

/** One number for a task on a route. */
export function placeKey(task: number, route: number): number {
  return route * tasksPerRoute + task;
}

export function latestIndex(draft: Draft, task: number, route: number): number | undefined {
  return draft.latest.get(placeKey(task, route));
}

export function latestRun(draft: Draft, task: number, route: number): TaskRun | undefined {
  const index = latestIndex(draft, task, route);
  return index === undefined ? undefined : draft.runs.at(index);
}

/** The task as staged on that route; the oldest where it is staged twice. */
export function stagedTask(draft: Draft, task: number, route: number): StagedTask | undefined {
  const serial = draft.stagedAt.get(placeKey(task, route))?.[0];
  return serial === undefined ? undefined : draft.staged.get(serial);
}

function offered(staged: StagedTask): number {
  return staged.ready && !staged.completed ? 1 : 0;
}

export function stage(
  draft: Draft,
  facts: Pick<StagedTask, "task" | "route" | "in" | "prev" | "ready" | "retry">,
): StagedTask {
  const serial = draft.serials;
  const staged = { ...facts, serial, runOnFail: false, completed: false, items: undefined };
  draft.serials += 1;
  draft.touched.push(serial);
  draft.staged = draft.staged.set(serial, staged, draft.owner);
  draft.ready += offered(staged);
  const key = placeKey(facts.task, facts.route);
  const serials = draft.stagedAt.get(key);
  draft.stagedAt = draft.stagedAt.set(
    key,
    serials === undefined ? [serial] : [...serials, serial],
    draft.owner,
  );
  return staged;
}

export function changeStaged(
  draft: Draft,
  staged: StagedTask,
  change: Partial<Omit<StagedTask, "serial" | "task" | "route">>,
): StagedTask {
  const changed = { ...staged, ...change };
  draft.touched.push(staged.serial);
  draft.staged = draft.staged.set(staged.serial, changed, draft.owner);
  draft.ready += offered(changed) - offered(staged);
  return changed;
}

/** Takes the task from what is staged, unless some of its items still run. */
export function unstage(draft: Draft, staged: StagedTask): void {
  if (staged.items !== undefined && countIn(staged.items.counts, "active") > 0) return;
  draft.staged = draft.staged.delete(staged.serial, draft.owner);
  draft.ready -= offered(staged);
  const key = placeKey(staged.task, staged.route);
  const left = (draft.stagedAt.get(key) ?? []).filter((serial) => serial !== staged.serial);
  draft.stagedAt =
    left.length === 0
      ? draft.stagedAt.delete(key, draft.owner)
      : draft.stagedAt.set(key, left, draft.owner);
}

/** How many of those counted by status are in the group. */
export function countIn(
  counts: Readonly<Partial<Record<Status, number>>>,
  group: Parameters<typeof isIn>[0],
): number {
  let sum = 0;
  for (const status in counts) {
    if (isIn(group, status)) sum += (counts as Readonly<Record<string, number>>)[status] ?? 0;
  }
  return sum;
}

export function count(counts: Partial<Record<Status, number>>, status: Status, by: number): void {
  counts[status] = (counts[status] ?? 0) + by;
}

export function changeRun(
  draft: Draft,
  index: number,
  change: Partial<TaskRun>,
): TaskRun | undefined {
  const run = draft.runs.at(index);
  if (run === undefined) return undefined;
  const changed = { ...run, ...change };
  draft.runs = draft.runs.set(index, changed, draft.owner);
  if (changed.status !== run.status) {
    count(draft.counts, run.status, -1);
    count(draft.counts, changed.status, 1);
  }
  return changed;
}

/** Begins a run of the task there; it becomes the latest one. */
export function beginRun(
  draft: Draft,
  facts: Pick<TaskRun, "task" | "route" | "in" | "prev" | "retry">,
): number {
  const prior = latestRun(draft, facts.task, facts.route);
  followJoins(draft, facts.task, facts.route, prior);
  const index = draft.runs.length;
  const fresh = { status: "null", next: [], out: undefined, terminal: false, visit: 0 } as const;
  draft.runs = draft.runs.push({ ...facts, ...fresh }, draft.owner);
  draft.latest = draft.latest.set(placeKey(facts.task, facts.route), index, draft.owner);
  if (prior !== undefined) count(draft.counts, prior.status, -1);
  count(draft.counts, "null", 1);
  return index;
}

/** The joins behind the task know that it runs (again): what its former run said no longer counts. */
function followJoins(draft: Draft, task: number, route: number, prior: TaskRun | undefined): void {
  const node = draft.graph.nodes[task];
  if (node === undefined || node.joinTargets.length === 0) return;
  for (const target of node.joinTargets) {
    const key = placeKey(target, route);
    const tally = draft.joins.get(key) ?? { known: 0, satisfied: 0 };
    const known = tally.known + (prior === undefined ? 1 : 0);
    const satisfied = tally.satisfied - (leadsTo(draft, prior, target) ? 1 : 0);
    draft.joins = draft.joins.set(key, { known, satisfied }, draft.owner);
  }
}

/** Did that run take a transition to the target? */
export function leadsTo(draft: Draft, run: TaskRun | undefined, target: number): boolean {
  if (run === undefined) return false;
  const transitions = draft.graph.nodes[run.task]?.transitions ?? [];
  return transitions.some((each) => each.target === target && run.next[each.index] === true);
}
