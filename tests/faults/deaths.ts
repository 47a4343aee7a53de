/** Processes that die at named points, one after the other: each life begins with the point at which it ends, so that a death costs one start of the program. */
import { setTimeout as delay } from "node:timers/promises";
import type { EnginePoint } from "../../src/model/crash-points.ts";
import type { Random } from "./random.ts";
import type { Kept, Site } from "./site.ts";

/** Points that processes of one role share out among themselves. */
export interface Team {
  /** Those that die; others of their role live on. */
  readonly processes: readonly Kept[];
  readonly points: readonly EnginePoint[];
}

export interface Watch {
  /** It died there. */
  readonly onDeath: (point: EnginePoint) => void;
  /** It ended before it came there, e.g. because the database could not be reached in time; it is started for that point again. */
  readonly onFailedStart: () => void;
  /** It did not come there, and why. */
  readonly onMiss: (reason: string) => void;
}

/** These are passed only when a worker is lost. */
const needsLoss: ReadonlySet<EnginePoint> = new Set(["workflow.loaded", "sweep.take-over"]);
/** These are passed once in the life of a process. */
const onceALife = /^(?:boot|stop)\./;

/** A machine that does other things as well may take minutes for a start. */
const patienceMs = 600_000;
const helpAfterMs = 10_000;
const mostTries = 5;

/** In an order of the seed. */
export function shuffled<Each>(list: readonly Each[], random: Random): readonly Each[] {
  const keyed = list.map((each) => ({ each, key: random.below(1_000_000_000) }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ each }) => each);
}

function armed(point: EnginePoint, random: Random): Readonly<Record<string, string>> {
  const passes = onceALife.test(point) || needsLoss.has(point) ? 1 : 1 + random.below(4);
  return { RAICHO_CRASH_AT: `${point}:${passes}` };
}

/** Lets them die at all these points; resolves when that is done and each has begun a life without an end. */
export async function letDie(
  site: Site,
  teams: readonly Team[],
  { random, watch }: { random: Random; watch: Watch },
): Promise<void> {
  const mortal = new Set<Kept>();
  const alone = async ({ processes, points }: Team): Promise<void> => {
    const queue = [...points];
    const lives = processes.map(async (kept) => {
      mortal.add(kept);
      let point = queue.shift();
      if (point !== undefined) await site.kill(kept, "SIGKILL", armed(point, random));
      while (point !== undefined) {
        const next = queue.shift();
        kept.next = next === undefined ? {} : armed(next, random);
        const one = { kept, point, mortal };
        const after = kept.next;
        for (
          let tries = 1;
          !(await life(site, one, { watch, last: tries === mostTries }));
          tries += 1
        ) {
          watch.onFailedStart();
          await site.kill(kept, "SIGKILL", armed(point, random));
          kept.next = after;
        }
        point = next;
      }
      mortal.delete(kept);
    });
    await Promise.all(lives);
  };
  await Promise.all(teams.map(alone));
}

interface Life {
  readonly kept: Kept;
  readonly point: EnginePoint;
  /** All that are to die. */
  readonly mortal: ReadonlySet<Kept>;
}

/** Resolves when it has ended, wherever; false: it did not come there and may try again. */
async function life(
  site: Site,
  each: Life,
  { watch, last }: { watch: Watch; last: boolean },
): Promise<boolean> {
  const { kept, point } = each;
  const { started } = kept;
  const over = new AbortController();
  help(site, each, over.signal).catch(() => undefined);
  const late = delay(patienceMs, undefined, { signal: over.signal }).catch(() => undefined);
  const end = await Promise.race([started.ended, late]);
  over.abort();
  if (end?.signal === "SIGKILL") watch.onDeath(point);
  else if (end !== undefined && !last) return false;
  else {
    const how = end === undefined ? "it lives" : `it ended with ${end.signal ?? end.code}`;
    const said = started.printed.err.slice(-400);
    watch.onMiss(`${point} was not reached by ${kept.name}, ${how}: ${said}`);
    if (end === undefined) await site.kill(kept, "SIGKILL", kept.next);
  }
  return true;
}

/** Does what makes a process come to points that load alone does not lead to. */
async function help(site: Site, { kept, point, mortal }: Life, signal: AbortSignal): Promise<void> {
  if (point.startsWith("stop.")) {
    await site.ready(kept);
    if (!signal.aborted) kept.started.child.kill("SIGTERM");
    return;
  }
  while (needsLoss.has(point)) {
    await delay(helpAfterMs, undefined, { signal });
    await site.ready(kept);
    const other = site.of("worker").find((one) => !mortal.has(one) && site.isReady(one));
    if (!signal.aborted && other !== undefined) await site.kill(other);
  }
}
