/** What every room of the engine works with. One per process. */
import type { Ask, Question } from "../expressions/context.ts";
import type { Content } from "../model/definitions.ts";
import type { CompiledPolicies } from "../policies/policy.ts";
import type { Runner } from "../runners/runner.ts";
import type { WorkQueue } from "../queue/queue.ts";
import type { RuleIndex } from "../rules/index.ts";
import type { Bells } from "../store/bells.ts";
import type { Database } from "../store/database.ts";
import type { ExecutionStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import type { CommitPump } from "../store/pump.ts";
import type { Db } from "../store/schema.ts";
import type { ExecutionChange, InstanceRow } from "../store/unit.ts";
import type { Plan, PlanFaults } from "../workflows/course.ts";
import type { Breaker } from "./breaker.ts";
import type { LedgerClock } from "./ledger-clock.ts";
import type { Claim } from "./run.ts";

export type Log = (
  level: "info" | "warn" | "error",
  sentence: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

/** Content, compiled. Immutable: a reload makes another. */
export interface Definitions {
  readonly content: Content;
  readonly rules: RuleIndex;
  readonly policies: CompiledPolicies;
  /** Whether any enabled rule listens to that trigger type. */
  listens(trigger: string): boolean;
  /** The workflow that action runs now, or why it cannot. */
  workflow(
    action: string,
  ): { readonly plan: Plan; readonly hash: string; readonly text: string } | PlanFaults | undefined;
}

/** How many runners may work at once in this process; what exceeds that goes through the queue to whoever is free. */
export interface Slots {
  free(): number;
  take(): void;
  give(): void;
  /** From now on none is free: this process stops, and what its workflows begin is for others. */
  close(): void;
}

/** A workflow in memory, as the rest of the engine sees it. */
export interface Conducted {
  /** Takes in the end (or the waiting) of a child together with the fenced change that records it. */
  deliver(child: ChildEnd): void;
  /** Looks for what others left for it in the ledger: ends of children, an operator's wish. */
  look(): void;
  /** Resolves when what it decided so far is on disk; then it can be dropped. */
  settled(): Promise<void>;
}

/** A child that this process just ran: its end is recorded by the workflow's next unit. */
export interface ChildEnd {
  readonly id: string;
  readonly context: JsonObject;
  readonly status: ExecutionStatus;
  readonly result: unknown;
  /** Secrets that occur in the result. */
  readonly secrets?: readonly string[];
  /** Absent when the end is on disk already. */
  readonly change?: ExecutionChange;
  /** What is told of it, written with it. */
  readonly instances?: readonly InstanceRow[];
  /** Called when it is on disk. */
  readonly recorded?: () => void;
}

/** How an execution ended, or that it asks. */
export interface End {
  readonly status: string;
  readonly result: unknown;
}

/** Carries out what was committed. Handed in, because every end may start the next execution. */
export interface Carry {
  run(core: Core, claim: Claim): Promise<void>;
  conduct(core: Core, claim: Claim, how: "new" | "known"): Promise<void>;
  /** Rules, and whoever is to be notified, hear of an end that is committed. */
  tell(core: Core, claim: Claim, end: End): void;
  /** The same for an end that this transaction records; gives what follows its commit. */
  tellIn(core: Core, tx: Db, claim: Claim, end: End): Promise<() => void>;
}

export interface Core {
  /** Owner name of this process, new at every start. */
  readonly process: string;
  readonly database: Database;
  readonly pump: CommitPump;
  readonly queue: WorkQueue;
  readonly bells: Bells;
  readonly runners: ReadonlyMap<string, Runner>;
  readonly slots: Slots;
  /** Pools whose executions this process runs; none where it runs nothing. */
  readonly pools: readonly string[];
  /** The pool that the site sends an action to. */
  poolFor(action: string): string | undefined;
  readonly log: Log;
  /** The database's, for everything on which machines must agree. */
  readonly clock: LedgerClock;
  /** Runners at work in this process, by execution; aborting one is how it is canceled or stopped. */
  readonly running: Map<string, AbortController>;
  /** Workflows that this process conducts, by execution. */
  readonly conducted: Map<string, Conducted>;
  readonly carry: Carry;
  /** The user in whose name rules act. */
  readonly systemUser: string;
  /** Where actions of this machine reach our own door, e.g. `http://127.0.0.1:9101`. */
  readonly apiUrl: string;
  /** Where people reach it; with TLS another address. */
  readonly webUrl: string;
  /** A signature of that text which only processes with the same master key can make; 43 characters. */
  sign(text: string): string;
  /** Whether an action fails whose result does not fit its output schema. */
  readonly validateOutput: boolean;
  /** Holds rules off that go round, and off entries of the inventory on which they fire too often. */
  readonly breaker: Breaker;
  /** Ends of which rules may hear through StackStorm's action trigger. */
  readonly actionTriggers: ReadonlySet<string>;
  definitions(): Definitions;
  /** Reads the content again when that action is not known here; never rejects. */
  seek(action: string): Promise<void>;
  newId(): string;
  /** Answers what this process knows by itself (time, chance); throws Unanswered for the rest. */
  readonly ask: Ask;
  /** Answers what needs a database or a child; the datastore's keys of `user` are those of the system user when it is absent. */
  answer(question: Question, user?: string): Promise<unknown>;
}

export function slots(size: number): Slots {
  let taken = 0;
  let closed = false;
  return {
    free: () => (closed ? 0 : size - taken),
    take: () => void taken++,
    give: () => void taken--,
    close: () => void (closed = true),
  };
}
