/** Chooses victims by the seed, and strikes only those that are ready: a process that is never up proves nothing. */
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import type { Random } from "./random.ts";
import type { Kept, Site } from "./site.ts";

/** Waits until some process of these can be struck, and gives it. */
export async function victim(
  site: Site,
  random: Random,
  among: readonly Kept[] = site.processes,
): Promise<Kept> {
  const first = random.below(among.length);
  return eventually(
    "a process to be ready",
    () => {
      for (let n = 0; n < among.length; n += 1) {
        const kept = among[(first + n) % among.length];
        if (kept !== undefined && site.isReady(kept)) return kept;
      }
      return undefined;
    },
    { seconds: 120 },
  );
}

/** SIGSTOP, and SIGCONT after that time; resolves when it goes on. */
export async function pause(kept: Kept, ms: number): Promise<void> {
  const { child } = kept.started;
  kept.paused = true;
  child.kill("SIGSTOP");
  await delay(ms);
  child.kill("SIGCONT");
  kept.paused = false;
}

/** Takes the database away for that time. */
export async function restartDatabase(
  site: Site,
  how: "kill" | "stop" | "freeze",
  ms: number,
): Promise<void> {
  const { database } = site;
  if (how === "freeze") {
    database.freeze();
    await delay(ms);
    database.thaw();
    return;
  }
  await (how === "kill" ? database.kill() : database.stop());
  await delay(ms);
  await database.start();
}
