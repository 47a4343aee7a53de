/** The pool of evaluator children: expressions that cannot be proved cheap. */
import type { EvaluatorRequest } from "./ask.ts";
import { childPool, type ChildPool } from "./pool.ts";

export interface EvaluatorPoolOptions {
  /** Children at once. */
  readonly size: number;
  /** Milliseconds for one expression; 500 by default. */
  readonly deadlineMs?: number;
}

export function evaluatorPool({
  size,
  deadlineMs = 500,
}: EvaluatorPoolOptions): ChildPool<EvaluatorRequest, unknown> {
  return childPool({
    module: new URL(import.meta.url.replace(/evaluator-pool(\.[jt]s)$/, "evaluator$1")),
    export: "evaluate",
    size,
    deadlineMs,
    memoryMb: 96,
    name: "The evaluator",
  });
}
