export const executionStatuses = [
  "requested",
  "scheduled",
  "delayed",
  "running",
  "pausing",
  "paused",
  "resuming",
  "canceling",
  "canceled",
  "pending",
  "succeeded",
  "failed",
  "timeout",
  "abandoned",
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
