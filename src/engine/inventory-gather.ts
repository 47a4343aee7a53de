/** Callers who come back together are served together. */
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";

/** How many callers may come now: those who were served last and those who waited meanwhile. How long the last work took and when it was done, by `performance.now()`. */
export interface Served {
  readonly callers: number;
  readonly ms: number;
  readonly done: number;
}
export const nobodyServed: Served = { callers: 0, ms: 0, done: 0 };

/** Longest wait, and the part of the last work's time that is waited for the first ones. */
const mostMs = 10;
const share = 0.5;
/** While somebody comes, others are on their way. */
const followMs = 2;

/**
 * Waits a moment until all wait who may come: those who were answered just now are about to ask again, and each transaction costs much by
 * itself. Who is alone never waits longer than it takes to read what has arrived already.
 */
export async function gathered(
  waiting: () => number,
  { callers, ms, done }: Served,
): Promise<void> {
  await turn();
  if (callers < 2) return;
  let until = done + Math.min(mostMs, ms * share);
  for (let here = waiting(); here < callers && performance.now() < until;) {
    await delay(1);
    const more = waiting() > here;
    here = waiting();
    if (more) until = Math.max(until, Math.min(done + mostMs, performance.now() + followMs));
  }
}
