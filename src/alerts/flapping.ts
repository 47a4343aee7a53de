import type { Matcher } from "./matcher.ts";

/** An alert that opens and closes so often within so much time is flapping, until it stays as it is for `settleMs`. */
export interface FlappingRule {
  readonly name: string;
  readonly match: readonly Matcher[];
  readonly changes: number;
  readonly withinMs: number;
  readonly settleMs: number;
}

export interface FlappingState {
  /** Milliseconds since the epoch of its latest changes between open and resolved, oldest first. */
  readonly changes: readonly number[];
  readonly flapping: boolean;
}

export const calm: FlappingState = { changes: [], flapping: false };

/** The state after a change at `at`. */
export function afterChange(state: FlappingState, at: number, rule: FlappingRule): FlappingState {
  const changes = [...state.changes, at]
    .toSorted((a, b) => a - b)
    .filter((one) => one > at - Math.max(rule.withinMs, rule.settleMs))
    .slice(-100);
  const recent = changes.filter((one) => one > at - rule.withinMs).length;
  return { changes, flapping: state.flapping || recent >= rule.changes };
}

/** Whether it has stayed as it is for long enough at `now`. */
export function hasSettled({ changes }: FlappingState, now: number, rule: FlappingRule): boolean {
  return now - Math.max(0, ...changes) >= rule.settleMs;
}
