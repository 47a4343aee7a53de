/** What both kinds of workflow have in common: the engine holds one in hand, feeds it events and writes down what it decides. */
import type { Ask } from "../expressions/context.ts";
import type { JsonObject } from "../model/json.ts";
import { advanceChain, type ChainEffect, type ChainSurroundings } from "./action-chain.ts";
import {
  chainFrom,
  chainSnapshot,
  foldChain,
  isChainSnapshot,
  newChain,
  type ChainEntry,
  type ChainState,
} from "./action-chain-state.ts";
import { readActionChain, type ActionChain } from "./action-chain-spec.ts";
import {
  advance,
  initialState,
  replay,
  restore,
  snapshot,
  type Effect,
  type WorkflowEvent,
} from "./conductor.ts";
import type { JournalEntry } from "./journal.ts";
import type { Snapshot } from "./snapshot.ts";
import { compileWorkflow, type CompiledWorkflow } from "./spec.ts";
import type { WorkflowState } from "./state.ts";
import type { Status } from "./statuses.ts";

export type CourseEffect = Effect | ChainEffect;

export interface Turn {
  readonly course: Course;
  /** JSON; stored all or none, in order. */
  readonly entries: readonly object[];
  readonly effects: readonly CourseEffect[];
}

/** A workflow as it stands. Immutable. */
export interface Course {
  readonly status: Status;
  /** Takes in one event; `at` is its time, as StackStorm writes times. Throws ConductorError, or Unanswered. */
  advance(event: WorkflowEvent, ask: Ask, at: string): Turn;
  /** JSON, for `Plan.begin`. */
  snapshot(): object;
  /** Folds entries that were written since. Throws Error when they are none of this kind of workflow. */
  replay(entries: readonly object[]): Course;
}

/** A definition that can run. */
export type Plan =
  | { readonly kind: "orquesta"; readonly compiled: CompiledWorkflow }
  | { readonly kind: "action-chain"; readonly chain: ActionChain };

/** Why a definition cannot run: Orquesta's list of errors, or the one sentence of an action-chain. */
export interface PlanFaults {
  readonly errors: readonly unknown[];
  readonly result: JsonObject;
}

/** Compiles a parsed definition for its runner. */
export function compilePlan(
  runner: string,
  document: unknown,
): { readonly plan: Plan } | PlanFaults {
  if (runner === "action-chain") {
    const { chain, errors } = readActionChain(document);
    if (chain !== undefined) return { plan: { kind: "action-chain", chain } };
    const error = errors[0]?.original ?? "";
    return { errors, result: { error, traceback: error } };
  }
  const { workflow, errors } = compileWorkflow(document);
  if (workflow !== undefined) return { plan: { kind: "orquesta", compiled: workflow } };
  return { errors, result: { output: null, errors } };
}

/** A workflow at its beginning, or as it was when `saved` was taken. */
export function courseOf(
  plan: Plan,
  surroundings: ChainSurroundings | undefined,
  saved?: unknown,
): Course {
  if (plan.kind === "orquesta") {
    const state = isSnapshot(saved) ? restore(saved) : initialState();
    return orquesta(plan.compiled, state);
  }
  if (surroundings === undefined) throw new Error("An action-chain needs its surroundings.");
  const state = isChainSnapshot(saved) ? chainFrom(saved) : newChain(plan.chain);
  return actionChain(plan.chain, surroundings, state);
}

function isSnapshot(value: unknown): value is Snapshot {
  return typeof value === "object" && value !== null && "version" in value && value.version === 1;
}

function isEntry(entry: object): entry is JournalEntry {
  return "kind" in entry;
}

function orquesta(compiled: CompiledWorkflow, state: WorkflowState): Course {
  return {
    status: state.status,
    advance(event, ask) {
      const { state: next, entries, effects } = advance(compiled, state, event, ask);
      return { course: orquesta(compiled, next), entries, effects };
    },
    snapshot: () => snapshot(state),
    replay: (entries) => orquesta(compiled, replay(compiled, state, entries.filter(isEntry))),
  };
}

function isChainEntry(entry: object): entry is ChainEntry {
  return "kind" in entry;
}

function actionChain(
  chain: ActionChain,
  surroundings: ChainSurroundings,
  state: ChainState,
): Course {
  return {
    status: state.status,
    advance(event, ask, at) {
      const step = advanceChain(state, event, { chain, surroundings, ask, at });
      return { ...step, course: actionChain(chain, surroundings, step.state) };
    },
    snapshot: () => chainSnapshot(state),
    replay: (entries) =>
      actionChain(chain, surroundings, entries.filter(isChainEntry).reduce(foldChain, state)),
  };
}
