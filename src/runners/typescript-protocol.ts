/** What the worker and an action host (a child process per pack) tell each other over Node's IPC. JSON only. */
import type { RunCall } from "./runner.ts";

export type HostCall = Pick<
  RunCall,
  | "executionId"
  | "attempt"
  | "idempotencyKey"
  | "action"
  | "parameters"
  | "config"
  | "context"
  | "environment"
>;

export type ToHost =
  | { readonly kind: "run"; readonly id: number; readonly call: HostCall }
  | { readonly kind: "abort"; readonly id: number; readonly reason: string };

export type FromHost =
  | {
      readonly kind: "output";
      readonly id: number;
      readonly stream: "stdout" | "stderr";
      readonly text: string;
    }
  /** `json` is the result as JSON text. */
  | { readonly kind: "succeeded" | "failed"; readonly id: number; readonly json: string }
  /** Code that this host has loaded changed on disk: the call was not started and needs a new host. */
  | { readonly kind: "stale"; readonly id: number };

export interface HostOptions {
  readonly workerPid: number;
  /** Tells what the host started from everything else (see process-family.ts). */
  readonly mark: string;
  /** Characters of output kept of one call, and of its result as JSON. */
  readonly outputLimit: number;
  readonly resultLimit: number;
}
