import { availableParallelism, loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

export interface Patience {
  readonly seconds?: number;
  readonly everyMs?: number;
}

const mostPatience = 6;

/** How much longer things take here than on a machine with nothing else to do. */
function slowness(): number {
  const [load = 0] = loadavg();
  return Math.min(mostPatience, Math.max(1, load / availableParallelism()));
}

/** So many milliseconds of an idle machine come to this many here and now. */
export function busyMs(ms: number): number {
  return ms * slowness();
}

/** The same, of whole seconds: what runners take as their limit. */
export function busySeconds(seconds: number): number {
  return Math.ceil(busyMs(seconds * 1_000) / 1_000);
}

/**
 * Asks again and again until the answer is neither undefined nor false; what the last look said is in the error when time is up. An
 * exception of `look` counts as "not yet". `seconds` are those of an idle machine: where more runs than there are processors, it waits as much longer.
 */
export async function eventually<Found>(
  what: string,
  look: () => Found | Promise<Found>,
  { seconds = 20, everyMs = 25 }: Patience = {},
): Promise<Exclude<Awaited<Found>, undefined | false>> {
  const since = performance.now();
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
  } while (performance.now() - since < seconds * 1_000 * slowness());
  throw new Error(
    `${what}: not within ${Math.round((performance.now() - since) / 1_000)} s; the last look: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
