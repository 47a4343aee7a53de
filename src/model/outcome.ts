import type { FinishedStatus } from "./execution.ts";

/** How one run of an action ended. A crash of the runner itself is thrown, never returned. */
export interface Outcome {
  /** `pending` = waits for an answer (an inquiry); everything else is final. */
  readonly status: FinishedStatus | "pending";
  /** The result as StackStorm's runner of that name shapes it; JSON. */
  readonly result: unknown;
}

export function assertNever(value: never): never {
  throw new TypeError(`Unhandled case: ${JSON.stringify(value)}`);
}
