/** Folds the beginning of a rerun into a state. */
import {
  beginRun,
  changeRun,
  changeStaged,
  count,
  latestIndex,
  placeKey,
  stage,
  stagedTask,
  type Draft,
} from "./draft.ts";
import { forgetErrors } from "./errors.ts";
import type { JournalEntry } from "./journal.ts";
import type { Items, Retry, TaskRun } from "./state.ts";
import { isIn, type Status } from "./statuses.ts";

type Rerun = Extract<JournalEntry, { kind: "rerun" }>;

export function applyRerun(draft: Draft, entry: Rerun): void {
  draft.reruns = [...draft.reruns, entry.runs];
  const places = new Set<number>();
  const names = new Set<string>();
  for (const [order, index] of entry.runs.entries()) {
    const run = draft.runs.at(index);
    if (run === undefined) throw new Error(`The journal runs ${index} again, which did not begin.`);
    places.add(placeKey(run.task, run.route));
    names.add(draft.graph.nodes[run.task]?.name ?? "");
    restart(draft, run, {
      reset: entry.reset.includes(index),
      retry: entry.retries[order] ?? undefined,
    });
  }
  forgetErrors(draft, names);
  goOn(draft, places);
  draft.output = undefined;
  draft.status = "resuming";
}

function restart(
  draft: Draft,
  run: TaskRun,
  how: { reset: boolean; retry: Retry | undefined },
): void {
  const { task, route } = run;
  const latest = latestIndex(draft, task, route);
  if (latest !== undefined) changeRun(draft, latest, { terminal: false });
  const waiting = stagedTask(draft, task, route);
  if (waiting !== undefined && draft.graph.nodes[task]?.spec.items !== undefined) {
    const { items } = waiting;
    changeStaged(draft, waiting, {
      completed: false,
      ...(items === undefined ? {} : { items: resetItems(items, how.reset) }),
    });
    return;
  }
  if (waiting?.completed === true) changeStaged(draft, waiting, { completed: false });
  const from = (latest === undefined ? undefined : draft.runs.at(latest)) ?? run;
  const place = { task, route, in: from.in, prev: from.prev };
  beginRun(draft, { ...place, retry: how.retry });
  stage(draft, { ...place, ready: true, retry: undefined });
}

/** The items that failed (or all of them) wait for their start again. A visit of 0 asks for a new rendering. */
function resetItems(items: Items, all: boolean): Items {
  const counts: Partial<Record<Status, number>> = {};
  let { statuses } = items;
  const owner = {};
  for (const [item, status] of items.statuses.entries()) {
    if (all || isIn("abended", status)) statuses = statuses.delete(item, owner);
    else count(counts, status, 1);
  }
  return { ...items, statuses, counts, cursor: 0, visit: 0 };
}

/** Nothing ends where the rerun goes on, nor where a task that ended the workflow leads further. */
function goOn(draft: Draft, places: ReadonlySet<number>): void {
  for (let index = 0; index < draft.runs.length; index += 1) {
    const run = draft.runs.at(index);
    if (run?.terminal !== true) continue;
    const goesOn = run.next.includes(true) || follows(draft, run, places);
    if (goesOn) changeRun(draft, index, { terminal: false });
  }
}

function follows(draft: Draft, run: TaskRun, places: ReadonlySet<number>): boolean {
  for (let prev = run.prev; prev !== undefined; prev = prev.before) {
    const source = draft.runs.at(prev.run);
    if (source !== undefined && places.has(placeKey(source.task, source.route))) return true;
  }
  return false;
}
