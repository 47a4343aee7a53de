import { setTimeout as delay } from "node:timers/promises";

export interface Patience {
  readonly seconds?: number;
  readonly everyMs?: number;
}

/**
 * Asks again and again until the answer is neither undefined nor false; what the last look said is in the error when time is up. An
 * exception of `look` counts as "not yet".
 */
export async function eventually<Found>(
  what: string,
  look: () => Found | Promise<Found>,
  { seconds = 20, everyMs = 25 }: Patience = {},
): Promise<Exclude<Awaited<Found>, undefined | false>> {
  const until = performance.now() + seconds * 1_000;
  let last: unknown;
  do {
    try {
      const found = await look();
      last = found;
      if (found !== undefined && found !== false)
        return found as Exclude<Awaited<Found>, undefined | false>;
    } catch (error) {
      last = error;
    }
    await delay(everyMs);
  } while (performance.now() < until);
  throw new Error(
    `${what}: not within ${seconds} s; the last look: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
