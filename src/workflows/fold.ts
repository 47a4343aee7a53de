/** Folds journal entries into a state. The only code that changes a state; it evaluates nothing. */
import { extendNode, joinNodes, rootNode } from "./contexts.ts";
import {
  beginRun,
  changeRun,
  changeStaged,
  closeDraft,
  count,
  latestIndex,
  leadsTo,
  openDraft,
  placeKey,
  stage,
  stagedTask,
  unstage,
  type Draft,
} from "./draft.ts";
import { indexError } from "./errors.ts";
import type { Transition } from "./graph.ts";
import type { Decision, JournalEntry } from "./journal.ts";
import { IntMap } from "./persistent.ts";
import { applyRerun } from "./rerun-fold.ts";
import type { CompiledWorkflow } from "./spec.ts";
import type { StagedTask, TaskRun, WorkflowState } from "./state.ts";

type Entry<Kind extends JournalEntry["kind"]> = Extract<JournalEntry, { kind: Kind }>;

/** The state after all entries, as one change. */
export function replay(
  workflow: CompiledWorkflow,
  state: WorkflowState,
  entries: Iterable<JournalEntry>,
): WorkflowState {
  const draft = openDraft(workflow, state);
  for (const entry of entries) fold(draft, entry);
  return closeDraft(draft);
}

const folders: {
  readonly [Kind in JournalEntry["kind"]]: (draft: Draft, entry: Entry<Kind>) => void;
} = {
  begin,
  workflow(draft, entry) {
    draft.status = entry.status;
  },
  task,
  items,
  retry,
  keep(draft, entry) {
    changeStaged(draft, staged(draft, entry), { completed: true });
  },
  unstage(draft, entry) {
    unstage(draft, staged(draft, entry));
  },
  next,
  terminal(draft, entry) {
    changeRun(draft, entry.run, { terminal: true });
  },
  error(draft, entry) {
    indexError(draft, entry.error);
  },
  output(draft, entry) {
    draft.output = entry.output;
  },
  rerun: applyRerun,
};

/** Folds one entry into the draft. */
export function fold<Kind extends JournalEntry["kind"]>(draft: Draft, entry: Entry<Kind>): void {
  const folder: (draft: Draft, entry: Entry<Kind>) => void = folders[entry.kind];
  folder(draft, entry);
}

function begin(draft: Draft, entry: Entry<"begin">): void {
  draft.contexts = draft.contexts.push(entry.context, draft.owner);
  draft.root = rootNode(entry.context);
  draft.routes = draft.routes.push({ parent: undefined, transition: "", length: 0 }, draft.owner);
  for (const node of draft.graph.roots) {
    const place = { task: node.index, route: 0, in: draft.root, prev: undefined };
    stage(draft, { ...place, ready: true, retry: undefined });
  }
}

function taskIndex(draft: Draft, name: string): number {
  const node = draft.graph.byName.get(name);
  if (node === undefined)
    throw new Error(`The journal names the task "${name}", which the workflow does not have.`);
  return node.index;
}

function staged(draft: Draft, place: { task: string; route: number }): StagedTask {
  const found = stagedTask(draft, taskIndex(draft, place.task), place.route);
  if (found === undefined) {
    throw new Error(
      `The journal needs the task "${place.task}" on route ${place.route}, which is not staged.`,
    );
  }
  return found;
}

function task(draft: Draft, entry: Entry<"task">): void {
  const place = taskIndex(draft, entry.task);
  let index = latestIndex(draft, place, entry.route);
  if (entry.begin === true) {
    const from = staged(draft, entry);
    index = beginRun(draft, {
      task: place,
      route: from.route,
      in: from.in,
      prev: from.prev,
      retry: entry.retry,
    });
  }
  if (entry.unstage === true) unstage(draft, staged(draft, entry));
  if (entry.item !== undefined && entry.itemStatus !== undefined) item(draft, entry, entry.item);
  if (entry.visit !== undefined) draft.visits = Math.max(draft.visits, entry.visit);
  if (index === undefined)
    throw new Error(`The journal needs a run of "${entry.task}", which did not begin.`);
  if (entry.status === undefined && entry.visit === undefined) return;
  const change: { -readonly [Key in keyof TaskRun]?: TaskRun[Key] } = {};
  if (entry.status !== undefined) change.status = entry.status;
  if (entry.visit !== undefined) change.visit = entry.visit;
  changeRun(draft, index, change);
}

function item(draft: Draft, entry: Entry<"task">, number: number): void {
  const holder = staged(draft, entry);
  if (holder.items === undefined || entry.itemStatus === undefined) return;
  const counts = { ...holder.items.counts };
  const before = holder.items.statuses.get(number);
  if (before !== undefined) count(counts, before, -1);
  count(counts, entry.itemStatus, 1);
  const { owner } = draft;
  const statuses = holder.items.statuses.set(number, entry.itemStatus, owner);
  const results =
    entry.itemResult === undefined
      ? holder.items.results
      : holder.items.results.set(number, { value: entry.itemResult }, owner);
  const cursor = holder.items.cursor === number ? number + 1 : holder.items.cursor;
  changeStaged(draft, holder, { items: { ...holder.items, statuses, results, counts, cursor } });
}

function items(draft: Draft, entry: Entry<"items">): void {
  const holder = staged(draft, entry);
  // After a rerun the items are rendered again; those that are done stay done.
  const done = holder.items ?? { statuses: IntMap.empty(), results: IntMap.empty(), counts: {} };
  const { statuses, results, counts } = done;
  const { actions, concurrency, visit } = entry;
  changeStaged(draft, holder, {
    items: { actions, concurrency, visit, statuses, results, counts, cursor: 0 },
  });
  draft.visits = Math.max(draft.visits, visit);
}

function retry(draft: Draft, entry: Entry<"retry">): void {
  const place = taskIndex(draft, entry.task);
  const index = latestIndex(draft, place, entry.route);
  const run = index === undefined ? undefined : draft.runs.at(index);
  if (index === undefined || run?.retry === undefined) {
    throw new Error(`The journal tries "${entry.task}" again, which cannot be.`);
  }
  const again = { ...run.retry, tally: run.retry.tally + 1 };
  changeRun(draft, index, { retry: again });
  const waiting = stagedTask(draft, place, entry.route);
  if (waiting !== undefined) unstage(draft, waiting);
  const { route, in: context, prev } = run;
  stage(draft, { task: place, route, in: context, prev, ready: true, retry: again });
}

function next(draft: Draft, entry: Entry<"next">): void {
  const run = draft.runs.at(entry.run);
  const transitions = run && draft.graph.nodes[run.task]?.transitions;
  if (run === undefined || transitions === undefined) {
    throw new Error(`The journal completes run ${entry.run}, which did not begin.`);
  }
  const decided: Array<boolean | undefined> = transitions.map(() => undefined);
  const reached = new Set<number>();
  const targets: StagedTask[] = [];
  let { out } = run;
  for (const decision of entry.decisions) {
    const transition = transitions[decision.transition];
    decided[decision.transition] = decision.taken;
    if (transition === undefined || !decision.taken) continue;
    arrive(draft, { run, transition, reached });
    if (decision.route === undefined) continue;
    if (decision.publish !== undefined) {
      out = { transition: transition.id, context: draft.contexts.length };
    }
    targets.push(follow(draft, { run, index: entry.run, transition, decision }, decision.route));
  }
  const terminal = run.terminal || entry.terminal === true;
  changeRun(draft, entry.run, { next: decided, out, terminal });
  if (entry.runOnFail === true) runOnFail(draft, targets);
}

function runOnFail(draft: Draft, targets: readonly StagedTask[]): void {
  for (const { serial, task: index, ready } of targets) {
    const target = draft.staged.get(serial);
    if (target === undefined || !ready || draft.graph.nodes[index]?.command !== undefined) continue;
    changeStaged(draft, target, { runOnFail: true });
  }
}

/** A join counts each source once, however many of its transitions lead there. */
function arrive(
  draft: Draft,
  at: { run: TaskRun; transition: Transition; reached: Set<number> },
): void {
  const { run, transition, reached } = at;
  if (draft.graph.nodes[transition.target]?.barrier === undefined) return;
  if (reached.has(transition.target) || leadsTo(draft, run, transition.target)) return;
  reached.add(transition.target);
  const key = placeKey(transition.target, run.route);
  const { known, satisfied } = draft.joins.get(key) ?? { known: 1, satisfied: 0 };
  draft.joins = draft.joins.set(key, { known, satisfied: satisfied + 1 }, draft.owner);
}

function follow(
  draft: Draft,
  step: { run: TaskRun; index: number; transition: Transition; decision: Decision },
  route: number,
): StagedTask {
  const { run, index, transition, decision } = step;
  let context = run.in;
  if (decision.publish !== undefined) {
    context = extendNode(context, draft.contexts.length, decision.publish);
    draft.contexts = draft.contexts.push(decision.publish, draft.owner);
  }
  if (route === draft.routes.length) {
    const parent = draft.routes.at(run.route);
    const length = (parent?.length ?? 0) + 1;
    draft.routes = draft.routes.push(
      { parent, transition: transition.backref, length },
      draft.owner,
    );
  }
  const ready = isReady(draft, transition.target, run.route);
  const waiting = stagedTask(draft, transition.target, route);
  const prev = { backref: transition.backref, run: index, before: waiting?.prev };
  if (waiting === undefined) {
    return stage(draft, {
      task: transition.target,
      route,
      in: context,
      prev,
      ready,
      retry: undefined,
    });
  }
  // Its items are rendered again with what has come in addition.
  const change = { in: joinNodes(waiting.in, context), prev, ready, items: undefined };
  return changeStaged(draft, waiting, { ...change, completed: false });
}

/** Have enough sources come? Asked for the route on which they ran. */
export function isReady(draft: Draft, target: number, route: number): boolean {
  const node = draft.graph.nodes[target];
  if (node?.barrier === undefined) return true;
  const tally = draft.joins.get(placeKey(target, route));
  return (tally?.satisfied ?? 0) >= Math.max(node.barrier, 1);
}
