/** The state of one workflow run. Immutable and persistent: a step shares everything it does not touch with the state before. */
import type { JsonObject } from "../model/json.ts";
import type { ContextNode } from "./contexts.ts";
import { IntMap, Sequence } from "./persistent.ts";
import type { Status } from "./statuses.ts";

/** Which transitions led to a task: `<source>__t<n>` → index of the source's run. Newest first. */
export interface Prev {
  readonly backref: string;
  readonly run: number;
  readonly before: Prev | undefined;
}

export interface Retry {
  readonly when: string | null;
  readonly count: unknown;
  readonly delay?: unknown;
  readonly tally: number;
}

/** One entry of the sequence: a task that began. A retry stays in its entry, a cycle or a rerun makes a new one. */
export interface TaskRun {
  /** Index of its node in the graph. */
  readonly task: number;
  readonly route: number;
  readonly in: ContextNode;
  readonly prev: Prev | undefined;
  /** `null` before its first event. */
  readonly status: Status;
  /** Per transition: taken, not taken, or undefined while undecided. */
  readonly next: ReadonlyArray<boolean | undefined>;
  /** The context that was published last, by transition id. */
  readonly out: { readonly transition: string; readonly context: number } | undefined;
  /** The workflow ended here. */
  readonly terminal: boolean;
  readonly retry: Retry | undefined;
  /** Number of the latest start of an action of this run, 0 before. */
  readonly visit: number;
}

export interface ItemAction {
  readonly action: unknown;
  readonly input: unknown;
}

/** The items of a `with` task and how each of them stands. */
export interface Items {
  readonly actions: readonly ItemAction[];
  readonly concurrency: number | undefined;
  readonly statuses: IntMap<Status>;
  readonly results: IntMap<{ readonly value: unknown }>;
  /** How many items are in each status; an item not counted here has not begun. */
  readonly counts: Readonly<Partial<Record<Status, number>>>;
  /** No item below this one waits for its start. */
  readonly cursor: number;
  readonly visit: number;
}

/** A task that was reached and has not begun, or a `with` task that still has items. */
export interface StagedTask {
  readonly serial: number;
  readonly task: number;
  readonly route: number;
  readonly in: ContextNode;
  readonly prev: Prev | undefined;
  readonly ready: boolean;
  /** Set when it waits for another try. */
  readonly retry: Retry | undefined;
  /** Runs although the workflow failed: it stands beside a `fail` command. */
  readonly runOnFail: boolean;
  /** A `with` task that failed, kept for a rerun. */
  readonly completed: boolean;
  readonly items: Items | undefined;
}

/** A route: the split transitions on the way. Linked to the route it left. */
export interface Route {
  readonly parent: Route | undefined;
  readonly transition: string;
  readonly length: number;
}

/** For a join on a route: how many of its sources have run there, and how many of those lead to it. */
export interface JoinTally {
  readonly known: number;
  readonly satisfied: number;
}

export interface WorkflowError {
  readonly type: "error";
  readonly message: string;
  readonly task_id?: string;
  readonly route?: number;
  readonly task_transition_id?: string;
  readonly result?: unknown;
}

export interface WorkflowState {
  readonly status: Status;
  /** Published contexts; the first is the initial one. */
  readonly contexts: Sequence<JsonObject>;
  readonly root: ContextNode | undefined;
  readonly routes: Sequence<Route>;
  readonly runs: Sequence<TaskRun>;
  /** Index of the latest run, by `placeKey`. */
  readonly latest: IntMap<number>;
  /** By serial number, which is the order of staging. */
  readonly staged: IntMap<StagedTask>;
  /** Serial numbers by `placeKey`, oldest first. */
  readonly stagedAt: IntMap<readonly number[]>;
  readonly serials: number;
  /** How many staged tasks are ready and not completed. */
  readonly ready: number;
  /** How many latest runs are in each status. */
  readonly counts: Readonly<Partial<Record<Status, number>>>;
  readonly joins: IntMap<JoinTally>;
  readonly errors: Sequence<WorkflowError>;
  /** Indexes of errors by the hash of their content. */
  readonly errorIndex: IntMap<readonly number[]>;
  readonly output: JsonObject | undefined;
  /** The runs that each rerun started from. */
  readonly reruns: ReadonlyArray<readonly number[]>;
  /** How many starts of actions there were. */
  readonly visits: number;
}

/** A state to which nothing happened yet. */
export function initialState(): WorkflowState {
  return {
    status: "null",
    contexts: Sequence.empty(),
    root: undefined,
    routes: Sequence.empty(),
    runs: Sequence.empty(),
    latest: IntMap.empty(),
    staged: IntMap.empty(),
    stagedAt: IntMap.empty(),
    serials: 0,
    ready: 0,
    counts: {},
    joins: IntMap.empty(),
    errors: Sequence.empty(),
    errorIndex: IntMap.empty(),
    output: undefined,
    reruns: [],
    visits: 0,
  };
}
