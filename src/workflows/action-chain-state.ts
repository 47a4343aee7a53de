/** What an action-chain knows while it runs. Immutable: a step shares what it does not touch with the state before. */
import type { FinishedStatus } from "../model/execution.ts";
import { isFinished } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import type { ActionChain } from "./action-chain-spec.ts";
import type { Status } from "./statuses.ts";

/** A node that ran, as the result shows it. */
export interface ChainTask {
  readonly name: string;
  readonly execution: string | null;
  readonly state: Status;
  readonly result: unknown;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ChainError {
  readonly error: string;
  readonly traceback: string;
}

export interface Running {
  readonly node: string;
  readonly visit: number;
  readonly at: string;
  /** Set when its execution waits (for an answer, or because it was paused). */
  readonly waits: ChainTask | undefined;
}

export interface ChainState {
  readonly status: Status;
  readonly vars: JsonObject;
  readonly published: JsonObject;
  /** Latest result of each node, which templates read by its name. */
  readonly results: JsonObject;
  /** Newest first. */
  readonly tasks: TaskLink | undefined;
  readonly visits: number;
  readonly running: Running | undefined;
  /** The node to go on with; "" = there is none. */
  readonly next: string;
  /** How the chain ends when there is nothing more to run: as its last node did. */
  readonly outcome: FinishedStatus;
  readonly error: ChainError | undefined;
}

interface TaskLink {
  readonly task: ChainTask;
  readonly before: TaskLink | undefined;
}

export type ChainEntry =
  | { readonly kind: "chain"; readonly vars: JsonObject }
  | { readonly kind: "node"; readonly node: string; readonly visit: number; readonly at: string }
  | { readonly kind: "waits"; readonly task: ChainTask }
  | {
      readonly kind: "ran";
      readonly task: ChainTask;
      readonly published?: JsonObject;
      readonly outcome: FinishedStatus;
      readonly next: string;
    }
  | { readonly kind: "goes-on" }
  | { readonly kind: "chain-status"; readonly status: Status }
  | { readonly kind: "chain-error"; readonly error: ChainError };

export function newChain(chain: ActionChain): ChainState {
  return {
    status: "null",
    vars: {},
    published: {},
    results: {},
    tasks: undefined,
    visits: 0,
    running: undefined,
    next: chain.start ?? "",
    outcome: "succeeded",
    error: undefined,
  };
}

export function foldChain(state: ChainState, entry: ChainEntry): ChainState {
  switch (entry.kind) {
    case "chain":
      return { ...state, vars: entry.vars };
    case "node": {
      const { node, visit, at } = entry;
      return { ...state, visits: visit, running: { node, visit, at, waits: undefined } };
    }
    case "waits":
      if (state.running === undefined) return state;
      return { ...state, running: { ...state.running, waits: entry.task } };
    case "goes-on":
      if (state.running === undefined) return state;
      return { ...state, running: { ...state.running, waits: undefined } };
    case "ran":
      return { ...foldRan(state, entry), next: entry.next, outcome: entry.outcome };
    case "chain-status":
      return { ...state, status: entry.status };
    case "chain-error":
      return { ...state, error: entry.error, next: "", outcome: "failed" };
  }
}

function foldRan(
  state: ChainState,
  { task, published = {} }: Extract<ChainEntry, { kind: "ran" }>,
): ChainState {
  return {
    ...state,
    running: undefined,
    results: { ...state.results, [task.name]: task.result },
    tasks: { task, before: state.tasks },
    vars: { ...state.vars, ...published },
    published: { ...state.published, ...published },
  };
}

/** A state as JSON: what a process reads before it folds the entries written since. */
export interface ChainSnapshot {
  readonly version: "chain-1";
  readonly state: Omit<ChainState, "tasks" | "running" | "error"> & {
    readonly running?: Running | undefined;
    readonly error?: ChainError | undefined;
  };
  readonly tasks: readonly ChainTask[];
}

export function chainSnapshot(state: ChainState): ChainSnapshot {
  const { status, vars, published, results, visits, running, next, outcome, error } = state;
  return {
    version: "chain-1",
    state: { status, vars, published, results, visits, running, next, outcome, error },
    tasks: tasksOf(state),
  };
}

export function chainFrom({ state, tasks }: ChainSnapshot): ChainState {
  let link: TaskLink | undefined;
  for (const task of tasks) link = { task, before: link };
  return { ...state, running: state.running, error: state.error, tasks: link };
}

export function isChainSnapshot(value: unknown): value is ChainSnapshot {
  return (
    typeof value === "object" && value !== null && "version" in value && value.version === "chain-1"
  );
}

/** Oldest first; a node whose execution waits stands at the end. */
export function tasksOf(state: ChainState): ChainTask[] {
  const tasks: ChainTask[] = [];
  for (let link = state.tasks; link !== undefined; link = link.before) tasks.push(link.task);
  tasks.reverse();
  return tasks;
}

export function isOver({ status }: ChainState): boolean {
  return isFinished(status);
}
