/** Callers who come back together are served together. */
import { setTimeout as delay } from "node:timers/promises";

/** What was served last: how many callers, for how long, and when it was done (both by `performance.now()`). */
export interface Served {
  readonly size: number;
  readonly ms: number;
  readonly done: number;
}
export const nobodyServed: Served = { size: 0, ms: 0, done: 0 };

/** Longest wait, and the part of the last work's time that is waited at most. */
const mostMs = 10;
const share = 0.5;

/**
 * Waits a moment until as many wait as were served last: those who were answered just now are about to ask again, and each transaction
 * costs much by itself. Who is alone never waits.
 */
export async function gathered(waiting: () => number, { size, ms, done }: Served): Promise<void> {
  if (size < 2) return;
  const until = done + Math.min(mostMs, ms * share);
  while (waiting() < size && performance.now() < until) await delay(1);
}
