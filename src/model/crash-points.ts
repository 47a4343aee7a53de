/** Named places at which a process can be made to die, for the tests of what a crash leaves behind (`RAICHO_CRASH_AT=<point>[:n]`, tests/faults). Without that setting
 * passing one costs a look at an empty variable. Each name stands in the code once; a test holds list and code together. */
export const enginePoints = [
  // An event comes in (P1 to P3).
  "ingest.before-commit",
  "ingest.after-commit",
  "match.before-commit",
  "match.after-commit",
  "ring.before-add",
  "ring.after-add",
  // Somebody asks for an execution (P1).
  "request.before-commit",
  "request.after-commit",
  // A run of an action (P5).
  "claim.before",
  "claim.after",
  "run.before-action",
  "run.after-action",
  "finish.before-commit",
  "finish.after-commit",
  "finish.before-deliver",
  "spawn.before",
  "spawn.after",
  // A workflow (P4).
  "workflow.loaded",
  "workflow.before-commit",
  "workflow.after-commit",
  "workflow.after-effects",
  // The safety net and its signs of life (P5, P7).
  "heartbeat.after",
  "sweep.begun",
  "sweep.take-over",
  "sweep.after-commit",
  "sweep.after-ring",
  // Policies let in what waits.
  "gate.before-admit",
  "gate.after-admit",
  // Group commit and bells.
  "pump.before-flight",
  "pump.after-flight",
  "bell.before-notify",
  // What a request with an idempotency key changes.
  "key.before-commit",
  "key.after-commit",
  // Sensors and their checkpoints (P6).
  "timer.before-emit",
  "timer.after-emit",
  "feed.before-emit",
  "feed.after-emit",
  "mail.before-emit",
  "mail.before-answer",
  "inventory.before-commit",
  "inventory.after-commit",
  "upsert.before-commit",
  "upsert.after-commit",
  // A message becomes alerts: each is counted, rules hear of it, it is kept.
  "alert.before-commit",
  "alert.counted",
  "alert.told",
  // A Python sensor dispatches events with its checkpoint.
  "dispatch.before-commit",
  "dispatch.after-commit",
  // Sheets become entries; what was written into a service is noted.
  "import.before-commit",
  "import.after-commit",
  "push.before-commit",
  "push.after-commit",
  // A process begins and ends.
  "boot.before-ready",
  "stop.before-drain",
  "stop.after-drain",
] as const;

/** The same for tickets and pre-work (tests/scenarios/crashes.test.ts). */
export const ticketPoints = [
  // The digest of a business morning.
  "digest.before-commit",
  "digest.after-commit",
  // A ticket is wanted, its tracker is asked, its answer is written down.
  "ticket.wanted",
  "ticket.raised",
  "ticket.before-open",
  "ticket.after-open",
  "ticket.opened",
  "ticket.before-change",
  "ticket.after-change",
  // A request is found, its documents are chosen, its servers were looked at.
  "poll.before-emit",
  "poll.after-emit",
  "prework.prepared",
  "prework.checked",
] as const;

export type EnginePoint = (typeof enginePoints)[number];
export type TicketPoint = (typeof ticketPoints)[number];
export type CrashPoint = EnginePoint | TicketPoint;

export const crashPoints: readonly CrashPoint[] = [...enginePoints, ...ticketPoints];

let struck: ((point: CrashPoint) => void) | undefined;

/** From now on `strike` is told of every point that is passed. */
export function armCrashPoints(strike: (point: CrashPoint) => void): void {
  struck = strike;
}

/** This process passes that point. */
export function passing(point: CrashPoint): void {
  struck?.(point);
}
