/** A unit: rows that are committed together or not at all. */
import type { ExecutionStatus } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";

export interface InstanceRow {
  readonly id: string;
  readonly trigger: string;
  readonly parameters?: JsonObject | undefined;
  readonly payload: unknown;
  readonly source: string;
  readonly dedupe_key?: string | undefined;
  readonly status: "pending" | "processed";
  readonly trace_tag?: string | undefined;
  /** The trace it continues; absent = it begins one. */
  readonly trace?: string | undefined;
  /** The chain of causes that it continues. */
  readonly cause?: JsonObject | undefined;
}

/** An execution that a caller put into a trace (`trace`), or whose own trace has a name (`tag`). */
export interface TraceRow {
  readonly execution_id: string;
  readonly trace?: string | undefined;
  readonly tag?: string | undefined;
}

export interface EnforcementRow {
  readonly id: string;
  readonly trigger_instance_id: string;
  readonly rule: string;
  readonly execution_id?: string | undefined;
  readonly status: "succeeded" | "failed";
  readonly failure_reason?: string | undefined;
}

/** A new execution. `instance` = written only if that trigger instance is new in the same unit. */
export interface ExecutionRow {
  readonly id: string;
  readonly action: string;
  readonly runner: string;
  readonly status: ExecutionStatus;
  readonly parameters: JsonObject;
  readonly context: JsonObject;
  readonly result?: unknown;
  readonly parent?: string | undefined;
  readonly task_key?: string | undefined;
  readonly owner?: string | undefined;
  readonly fence: number;
  readonly attempt: number;
  readonly delivered: boolean;
  /** Seconds from now until it may run. */
  readonly delay?: number | undefined;
  readonly started: boolean;
  readonly ended: boolean;
  readonly instance?: string | undefined;
  /** True: policies decide when it may run; nobody can claim it until then. */
  readonly held?: boolean;
}

/** An execution that waits at a gate of a policy until the policy lets it through. */
export interface GateRow {
  readonly execution_id: string;
  readonly gate: string;
  readonly policy: string;
  /** Seconds from now until it may be considered. */
  readonly delay: number;
  /** Written only if that trigger instance is new in the same unit. */
  readonly instance?: string | undefined;
}

/** An execution that is born finished: decided and done before its first commit. Children of a workflow leave their context out: it follows
 * from the parent's (`childContext`). Short names: this is the row of which most are written. */
export interface FinishedRow {
  readonly i: string;
  readonly action: string;
  readonly runner: string;
  /** Parameters; absent = none. */
  readonly p?: JsonObject | undefined;
  readonly c?: JsonObject | undefined;
  readonly z: unknown;
  /** The process that did it. */
  readonly o: string;
  readonly parent?: string | undefined;
  readonly k?: string | undefined;
  /** Written only if that trigger instance is new in the same unit. */
  readonly n?: string | undefined;
}

/** A fenced change: applies only to the claim it knows, and only while the execution is unfinished. */
export interface ExecutionChange {
  readonly id: string;
  readonly fence: number;
  readonly status: ExecutionStatus;
  readonly result?: unknown;
  /** The result without secrets, where that differs. */
  readonly shown?: unknown;
  readonly ended: boolean;
  readonly delivered: boolean;
  /** True: nobody owns it any more (it waits, or it ended). */
  readonly released: boolean;
}

export interface WorkflowRow {
  readonly execution_id: string;
  readonly definition: string;
}

export interface JournalRow {
  readonly execution_id: string;
  readonly seq: number;
  readonly entries: unknown;
}

export interface SnapshotRow {
  readonly execution_id: string;
  readonly snapshot: unknown;
  readonly snapshot_seq: number;
}

/** The idempotency key of the request that the unit belongs to; it must still be that process's. */
export interface KeyRow {
  readonly scope: string;
  readonly key: string;
  readonly process: string;
  /** The execution that it begins. */
  readonly made?: string | undefined;
}

export interface Unit {
  readonly instances?: readonly InstanceRow[];
  /** Instances that were pending and are now matched; each must still be pending. */
  readonly processed?: readonly {
    readonly id: string;
    readonly status: "processed" | "processing_failed";
  }[];
  readonly enforcements?: readonly EnforcementRow[];
  readonly executions?: readonly ExecutionRow[];
  readonly gates?: readonly GateRow[];
  readonly finished?: readonly FinishedRow[];
  readonly changes?: readonly ExecutionChange[];
  readonly workflows?: readonly WorkflowRow[];
  readonly journal?: readonly JournalRow[];
  readonly snapshots?: readonly SnapshotRow[];
  /** Children whose workflow has now taken in that they have that status. */
  readonly delivered?: readonly { readonly id: string; readonly status: string }[];
  readonly traces?: readonly TraceRow[];
  readonly cursors?: readonly { readonly name: string; readonly value: unknown }[];
  readonly keys?: readonly KeyRow[];
}

/** What a unit can hold, in the order of the statement that writes it. */
export const kinds = [
  "instances",
  "processed",
  "enforcements",
  "executions",
  "gates",
  "finished",
  "changes",
  "workflows",
  "journal",
  "snapshots",
  "delivered",
  "traces",
  "cursors",
  "keys",
] as const;
export type Kind = (typeof kinds)[number];

/** Whether there is anything to write: no statement can be made of nothing. */
export function holdsSomething(unit: Unit): boolean {
  return kinds.some((kind) => (unit[kind] ?? []).length > 0);
}

export function rowsIn(unit: Unit): number {
  return kinds.reduce((sum, kind) => sum + (unit[kind]?.length ?? 0), 0);
}
