/** Statuses of workflows and tasks, and the groups that decisions are made on. `null` is the status of what has not begun. */

export const statuses = [
  "requested",
  "scheduled",
  "delayed",
  "running",
  "pending",
  "pausing",
  "paused",
  "resuming",
  "succeeded",
  "failed",
  "timeout",
  "abandoned",
  "retrying",
  "canceling",
  "canceled",
  "null",
] as const;
export type Status = (typeof statuses)[number];

/** [status, event, next status] */
export type Transition = readonly [from: Status, event: string, to: Status];

export const statusGroups = {
  starting: ["requested", "scheduled", "delayed", "running", "pending"],
  running: ["requested", "scheduled", "delayed", "running", "resuming", "retrying"],
  active: ["requested", "scheduled", "delayed", "running", "resuming", "pausing", "canceling"],
  pause: ["pausing", "paused"],
  cancel: ["canceling", "canceled"],
  abended: ["failed", "timeout", "abandoned"],
  completed: ["succeeded", "failed", "timeout", "abandoned", "canceled"],
} as const satisfies Record<string, readonly Status[]>;
export type StatusGroup = keyof typeof statusGroups;

const members: Readonly<Record<StatusGroup, ReadonlySet<string>>> = {
  starting: new Set(statusGroups.starting),
  running: new Set(statusGroups.running),
  active: new Set(statusGroups.active),
  pause: new Set(statusGroups.pause),
  cancel: new Set(statusGroups.cancel),
  abended: new Set(statusGroups.abended),
  completed: new Set(statusGroups.completed),
};

export function isIn(group: StatusGroup, status: string | undefined): boolean {
  return status !== undefined && members[group].has(status);
}

const known: ReadonlySet<string> = new Set(statuses);

export function isStatus(text: unknown): text is Status {
  return typeof text === "string" && known.has(text);
}
