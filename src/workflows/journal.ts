/** What a decision wrote down. Entries are JSON and carry decided facts only: folding them needs no expression and no clock. */
import type { JsonObject } from "../model/json.ts";
import type { ItemAction, Retry, WorkflowError } from "./state.ts";
import type { Status } from "./statuses.ts";

/** One transition of a task that completed. */
export interface Decision {
  /** Index among the task's transitions. */
  readonly transition: number;
  readonly taken: boolean;
  /** Route on which the target is staged; absent when it is not taken or its publish failed. */
  readonly route?: number;
  readonly publish?: JsonObject;
}

export type JournalEntry =
  /** The workflow began: its variables are known, the first tasks are staged. */
  | { readonly kind: "begin"; readonly context: JsonObject }
  | { readonly kind: "workflow"; readonly status: Status }
  /** An event of a task (or of one of its items) was taken in. */
  | {
      readonly kind: "task";
      readonly task: string;
      readonly route: number;
      /** The task's new status; absent when it did not change. */
      readonly status?: Status;
      /** It begins here: a new run, from what is staged. */
      readonly begin?: true;
      /** What `retry` of a new run came to. */
      readonly retry?: Retry;
      /** It is no longer staged. */
      readonly unstage?: true;
      readonly item?: number;
      readonly itemStatus?: Status;
      readonly itemResult?: unknown;
      /** Number of this start. */
      readonly visit?: number;
    }
  /** A `with` task was rendered. */
  | {
      readonly kind: "items";
      readonly task: string;
      readonly route: number;
      readonly actions: readonly ItemAction[];
      readonly concurrency?: number;
      readonly visit: number;
    }
  /** The latest run waits for another try. */
  | { readonly kind: "retry"; readonly task: string; readonly route: number }
  /** A `with` task failed: kept for a rerun. */
  | { readonly kind: "keep"; readonly task: string; readonly route: number }
  | { readonly kind: "unstage"; readonly task: string; readonly route: number }
  | {
      readonly kind: "next";
      readonly run: number;
      readonly decisions: readonly Decision[];
      /** A `fail` command stands among the targets: those that are ready run all the same. */
      readonly runOnFail?: true;
      readonly terminal?: true;
    }
  | { readonly kind: "terminal"; readonly run: number }
  | { readonly kind: "error"; readonly error: WorkflowError }
  | { readonly kind: "output"; readonly output: JsonObject }
  | {
      readonly kind: "rerun";
      readonly runs: readonly number[];
      /** Tasks whose items all run again. */
      readonly reset: readonly number[];
      /** What `retry` of each came to, where it has one. */
      readonly retries: ReadonlyArray<Retry | null>;
    };
