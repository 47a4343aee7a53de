export const executionStatuses = [
  "requested",
  "scheduled",
  "delayed",
  "running",
  "succeeded",
  "failed",
  "timeout",
  "abandoned",
  "canceling",
  "canceled",
  "pending",
  "pausing",
  "paused",
  "resuming",
] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

export const finishedStatuses = [
  "succeeded",
  "failed",
  "timeout",
  "abandoned",
  "canceled",
] as const satisfies readonly ExecutionStatus[];
export type FinishedStatus = (typeof finishedStatuses)[number];

export function isFinished(status: string): status is FinishedStatus {
  return (finishedStatuses as readonly string[]).includes(status);
}

/** What may still change: it has not ended. */
export const unfinishedStatuses = executionStatuses.filter((status) => !isFinished(status));

/** Runners whose executions are workflows: the conductor carries them out, their steps are executions of their own. */
export const workflowRunners = ["orquesta", "action-chain"] as const;

export function isWorkflow(runner: string): boolean {
  return (workflowRunners as readonly string[]).includes(runner);
}
