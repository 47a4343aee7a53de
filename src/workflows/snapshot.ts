/** A state as JSON and back: what a process reads before it folds the entries written since. */
import type { JsonObject } from "../model/json.ts";
import { extendNode, joinNodes, rootNode, type ContextNode } from "./contexts.ts";
import { placeKey } from "./draft.ts";
import { indexed } from "./errors.ts";
import { IntMap, Sequence, type Owner } from "./persistent.ts";
import type {
  ItemAction,
  JoinTally,
  Prev,
  Retry,
  Route,
  StagedTask,
  TaskRun,
  WorkflowError,
  WorkflowState,
} from "./state.ts";
import type { Status } from "./statuses.ts";

type Steps = ReadonlyArray<readonly [backref: string, run: number]>;
interface Place {
  readonly task: number;
  readonly route: number;
  /** Index of its context node. */
  readonly in: number;
  /** Oldest first. */
  readonly prev: Steps;
  readonly retry?: Retry;
}
interface ItemsSnapshot {
  readonly actions: readonly ItemAction[];
  readonly concurrency?: number;
  /** Runs of equal statuses would be shorter, but this is read once. */
  readonly statuses: ReadonlyArray<readonly [item: number, status: Status]>;
  readonly results: ReadonlyArray<readonly [item: number, result: unknown]>;
  readonly cursor: number;
  readonly visit: number;
}
interface RunSnapshot extends Place {
  readonly status: Status;
  readonly next: ReadonlyArray<boolean | null>;
  readonly out?: { readonly transition: string; readonly context: number };
  readonly terminal?: true;
  readonly visit: number;
}
interface StagedSnapshot extends Place {
  readonly serial: number;
  readonly ready: boolean;
  readonly runOnFail?: true;
  readonly completed?: true;
  readonly items?: ItemsSnapshot;
}

/** JSON: values of contexts, results and errors are as JSON knows them. */
export interface Snapshot {
  readonly version: 1;
  readonly status: Status;
  readonly contexts: readonly JsonObject[];
  /** [parent, context] for a published context, [left, right, "join"] where branches met; the first is the initial one. */
  readonly nodes: ReadonlyArray<readonly [number, number] | readonly [number, number, "join"]>;
  readonly routes: ReadonlyArray<readonly [parent: number, transition: string]>;
  readonly runs: readonly RunSnapshot[];
  readonly staged: readonly StagedSnapshot[];
  readonly serials: number;
  readonly joins: ReadonlyArray<readonly [place: number, tally: JoinTally]>;
  readonly errors: readonly WorkflowError[];
  readonly output?: JsonObject;
  readonly reruns: ReadonlyArray<readonly number[]>;
  readonly visits: number;
}

export function snapshot(state: WorkflowState): Snapshot {
  const nodes = new NodeTable();
  const routes = [...state.routes];
  const numbers = new Map(routes.map((route, index) => [route, index]));
  return {
    version: 1,
    status: state.status,
    contexts: [...state.contexts],
    runs: [...state.runs].map((run) => runSnapshot(run, nodes)),
    staged: [...state.staged.entries()].map(([, staged]) => stagedSnapshot(staged, nodes)),
    nodes: nodes.rows,
    routes: routes.map(({ parent, transition }) => [
      parent === undefined ? -1 : (numbers.get(parent) ?? -1),
      transition,
    ]),
    serials: state.serials,
    joins: [...state.joins.entries()],
    errors: [...state.errors],
    ...(state.output === undefined ? {} : { output: state.output }),
    reruns: state.reruns,
    visits: state.visits,
  };
}

/** Numbers context nodes; what a node stands on comes before it. */
class NodeTable {
  readonly rows: Array<readonly [number, number] | readonly [number, number, "join"]> = [];
  readonly #numbers = new Map<ContextNode, number>();

  number(node: ContextNode): number {
    const waiting = [node];
    for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
      const first = [top.parent, top.tail].find((each) => each && !this.#numbers.has(each));
      if (first !== undefined) {
        waiting.push(first);
        continue;
      }
      waiting.pop();
      if (!this.#numbers.has(top)) this.#add(top);
    }
    return this.#numbers.get(node) ?? 0;
  }

  #add(node: ContextNode): void {
    const of = (other: ContextNode | undefined) =>
      other === undefined ? -1 : (this.#numbers.get(other) ?? -1);
    this.#numbers.set(node, this.rows.length);
    if (node.tail === undefined) this.rows.push([of(node.parent), node.context]);
    else this.rows.push([of(node.parent), of(node.tail), "join"]);
  }
}

function place(
  at: Pick<TaskRun, "task" | "route" | "in" | "prev" | "retry">,
  nodes: NodeTable,
): Place {
  const steps: Array<readonly [string, number]> = [];
  for (let { prev } = at; prev !== undefined; prev = prev.before)
    steps.push([prev.backref, prev.run]);
  const { task, route, retry } = at;
  const facts = { task, route, in: nodes.number(at.in), prev: steps.toReversed() };
  return retry === undefined ? facts : { ...facts, retry };
}

function runSnapshot(run: TaskRun, nodes: NodeTable): RunSnapshot {
  const { status, next, out, visit } = run;
  return {
    ...place(run, nodes),
    status,
    next: next.map((taken) => taken ?? null),
    visit,
    ...(out === undefined ? {} : { out }),
    ...(run.terminal ? { terminal: true } : {}),
  };
}

function stagedSnapshot(staged: StagedTask, nodes: NodeTable): StagedSnapshot {
  const { serial, ready, items } = staged;
  return {
    ...place(staged, nodes),
    serial,
    ready,
    ...(staged.runOnFail ? { runOnFail: true } : {}),
    ...(staged.completed ? { completed: true } : {}),
    ...(items === undefined ? {} : { items: itemsSnapshot(items) }),
  };
}

function itemsSnapshot(items: NonNullable<StagedTask["items"]>): ItemsSnapshot {
  const { actions, concurrency, cursor, visit } = items;
  return {
    actions,
    statuses: [...items.statuses.entries()],
    results: [...items.results.entries()].map(([item, result]) => [item, result.value]),
    cursor,
    visit,
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** The state that the snapshot was taken of. */
export function restore(from: Snapshot): WorkflowState {
  const owner: Owner = {};
  const nodes = restoreNodes(from);
  const places = (at: Place) => restorePlace(at, nodes);
  const runs = from.runs.map((run) => restoreRun(run, places(run)));
  const staged = from.staged.map((task) => restoreStaged(task, places(task), owner));
  const counts: Partial<Record<Status, number>> = {};
  let latest = IntMap.empty<number>();
  for (const [index, run] of runs.entries()) {
    latest = latest.set(placeKey(run.task, run.route), index, owner);
  }
  for (const [, index] of latest.entries()) {
    const status = runs[index]?.status ?? "null";
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return {
    status: from.status,
    contexts: Sequence.from(from.contexts),
    root: nodes[0],
    routes: Sequence.from(restoreRoutes(from.routes)),
    runs: Sequence.from(runs),
    latest,
    ...stagedMaps(staged, owner),
    serials: from.serials,
    counts,
    joins: mapOf(from.joins, owner),
    ...indexed(from.errors, owner),
    output: from.output,
    reruns: from.reruns,
    visits: from.visits,
  };
}

function mapOf<V>(entries: Iterable<readonly [number, V]>, owner: Owner): IntMap<V> {
  let map = IntMap.empty<V>();
  for (const [key, value] of entries) map = map.set(key, value, owner);
  return map;
}

function stagedMaps(
  staged: readonly StagedTask[],
  owner: Owner,
): Pick<WorkflowState, "staged" | "stagedAt" | "ready"> {
  let stagedAt = IntMap.empty<readonly number[]>();
  for (const { task, route, serial } of staged) {
    const key = placeKey(task, route);
    stagedAt = stagedAt.set(key, [...(stagedAt.get(key) ?? []), serial], owner);
  }
  return {
    staged: mapOf(
      staged.map((task) => [task.serial, task] as const),
      owner,
    ),
    stagedAt,
    ready: staged.filter(({ ready, completed }) => ready && !completed).length,
  };
}

function restoreNodes(from: Snapshot): ContextNode[] {
  const [initial] = from.contexts;
  const nodes: ContextNode[] = initial === undefined ? [] : [rootNode(initial)];
  for (const [parent, other, join] of from.nodes) {
    const under = nodes[parent];
    const right = nodes[other];
    if (under === undefined) continue;
    if (join === undefined) nodes.push(extendNode(under, other, from.contexts[other] ?? {}));
    else if (right !== undefined) nodes.push(joinNodes(under, right));
  }
  return nodes;
}

function restoreRoutes(rows: Snapshot["routes"]): Route[] {
  const routes: Route[] = [];
  for (const [index, transition] of rows) {
    const parent = routes[index];
    routes.push({ parent, transition, length: parent === undefined ? 0 : parent.length + 1 });
  }
  return routes;
}

type RestoredPlace = Pick<TaskRun, "task" | "route" | "in" | "prev" | "retry">;

function restorePlace(at: Place, nodes: readonly ContextNode[]): RestoredPlace {
  const node = nodes[at.in];
  if (node === undefined)
    throw new Error(`The snapshot names the context node ${at.in}, which it does not hold.`);
  let prev: Prev | undefined;
  for (const [backref, run] of at.prev) prev = { backref, run, before: prev };
  return { task: at.task, route: at.route, in: node, prev, retry: at.retry };
}

function restoreRun(from: RunSnapshot, at: RestoredPlace): TaskRun {
  return {
    ...at,
    status: from.status,
    next: from.next.map((taken) => taken ?? undefined),
    out: from.out,
    terminal: from.terminal === true,
    visit: from.visit,
  };
}

function restoreStaged(from: StagedSnapshot, at: RestoredPlace, owner: Owner): StagedTask {
  return {
    ...at,
    serial: from.serial,
    ready: from.ready,
    runOnFail: from.runOnFail === true,
    completed: from.completed === true,
    items: from.items && restoreItems(from.items, owner),
  };
}

function restoreItems(from: ItemsSnapshot, owner: Owner): NonNullable<StagedTask["items"]> {
  const counts: Partial<Record<Status, number>> = {};
  for (const [, status] of from.statuses) counts[status] = (counts[status] ?? 0) + 1;
  return {
    actions: from.actions,
    concurrency: from.concurrency,
    statuses: mapOf(from.statuses, owner),
    results: mapOf(
      from.results.map(([item, value]) => [item, { value }] as const),
      owner,
    ),
    counts,
    cursor: from.cursor,
    visit: from.visit,
  };
}
