/** Which tasks a rerun starts from. */
import { latestIndex, type Draft } from "./draft.ts";
import { ConductorError } from "./errors.ts";
import type { TaskRun } from "./state.ts";
import { isIn } from "./statuses.ts";
import { write, type Step } from "./step.ts";
import { openRetry } from "./task-status.ts";

export interface RerunRequest {
  readonly taskId: string;
  readonly route: number;
  /** For a `with` task: run all items again, not only those that failed. */
  readonly reset: boolean;
}

/** Runs a workflow that ended again: from these tasks, or from every task that failed it.
 * Throws ConductorError when it has not ended, when a task never ran, or when there is nothing to begin with. */
export function rerun(step: Step, requests: readonly RerunRequest[]): void {
  const { draft } = step;
  if (!isIn("completed", draft.status)) {
    throw new ConductorError(
      "WorkflowIsActiveAndNotRerunableError",
      "Unable to rerun workflow because it is not in a completed state.",
    );
  }
  const places = new Map(requests.map((each) => [`${each.taskId}__r${each.route}`, each]));
  const wanted = [...places.values()].map((each) => ({ each, index: runOf(draft, each) }));
  const unknown = wanted.filter(({ index }) => index === undefined).map(({ each }) => each);
  if (unknown.length > 0) {
    const list = unknown.map((each) => `${each.taskId}|${each.route}`).join(", ");
    const message = `Unable to rerun task|route(s) because it doesn't exist or isn't rerunnable: ${list}`;
    throw new ConductorError("InvalidTaskRerunRequest", message);
  }
  const asked = wanted.flatMap(({ index }) => (index === undefined ? [] : [index]));
  const runs = sorted(draft, asked.length === 0 ? failedEnds(draft) : independent(draft, asked));
  if (runs.length === 0) {
    const message = "Unable to rerun workflow because no task of it failed; name the tasks to rerun.";
    throw new ConductorError("InvalidTaskRerunRequest", message);
  }
  const reset = wanted.filter(({ each }) => each.reset).flatMap(({ index }) => index ?? []);
  const retries = runs.map((index) => {
    const run = draft.runs.at(index);
    const node = run && draft.graph.nodes[run.task];
    return (run && node && openRetry(step, node, run.in)) ?? null;
  });
  write(step, { kind: "rerun", runs, reset, retries });
}

function runOf(draft: Draft, request: RerunRequest): number | undefined {
  const node = draft.graph.byName.get(request.taskId);
  return node === undefined ? undefined : latestIndex(draft, node.index, request.route);
}

/** The tasks that failed and ended the workflow. A `fail` command cannot run; the tasks that led to it do. Where no task failed, those whose
 * transitions did (a `when` or `publish` that cannot be evaluated): Orquesta would wait for ever. */
function failedEnds(draft: Draft): number[] {
  const failed = endsThat(draft, (run) => isIn("abended", run.status));
  if (failed.length > 0) return failed;
  const faulty = new Set([...draft.errors].map((error) => `${error.task_id} ${error.route}`));
  const nameOf = (run: TaskRun): string => draft.graph.nodes[run.task]?.name ?? "";
  return endsThat(draft, (run) => faulty.has(`${nameOf(run)} ${run.route}`));
}

function endsThat(draft: Draft, wanted: (run: TaskRun) => boolean): number[] {
  const ends = new Map<string, number>();
  const add = (run: TaskRun, index: number) => {
    ends.set(`${run.task}:${run.route}`, latestIndex(draft, run.task, run.route) ?? index);
  };
  for (const [index, run] of [...draft.runs].entries()) {
    if (!run.terminal || !wanted(run)) continue;
    const isCommand = draft.graph.nodes[run.task]?.command !== undefined;
    for (const source of isCommand ? sourcesOf(draft, run) : [{ run, index }]) {
      add(source.run, source.index);
    }
  }
  return [...ends.values()];
}

function sourcesOf(draft: Draft, run: TaskRun): Array<{ run: TaskRun; index: number }> {
  const sources: Array<{ run: TaskRun; index: number }> = [];
  for (let prev = run.prev; prev !== undefined; prev = prev.before) {
    const source = draft.runs.at(prev.run);
    if (source !== undefined) sources.push({ run: source, index: prev.run });
  }
  return sources;
}

/** Of several tasks, those that do not merely follow another of them. */
function independent(draft: Draft, asked: readonly number[]): number[] {
  if (asked.length === 1) return [...asked];
  const reached = asked.map((index) => withFollowers(draft, index));
  return asked.filter((_, at) =>
    reached.some((other) => [...(reached[at] ?? [])].some((index) => !other.has(index))),
  );
}

/** The run and those that came directly from its task. */
function withFollowers(draft: Draft, index: number): ReadonlySet<number> {
  const origin = draft.runs.at(index);
  const found = new Set([index]);
  let at = 0;
  for (const run of draft.runs) {
    const follows = sourcesOf(draft, run).some(
      (source) => source.run.task === origin?.task && source.run.route === origin.route,
    );
    if (follows) found.add(at);
    at += 1;
  }
  return found;
}

function sorted(draft: Draft, runs: readonly number[]): number[] {
  const keyed = runs.map((index) => {
    const run = draft.runs.at(index);
    return { index, name: draft.graph.nodes[run?.task ?? 0]?.name ?? "", route: run?.route ?? 0 };
  });
  return keyed
    .toSorted((a, b) => (a.name === b.name ? a.route - b.route : a.name < b.name ? -1 : 1))
    .map(({ index }) => index);
}
