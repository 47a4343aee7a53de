/** Faults that come one after the other, each under load. */
import { setTimeout as delay } from "node:timers/promises";
import type { Context, Report } from "../case.ts";
import { ask } from "../ask.ts";
import type { Site } from "../site.ts";
import { type OnStruck, runStruck } from "../struck.ts";
import type { Weather } from "../tcp-proxy.ts";

const counts = { api: 1, worker: 2, sensors: 1, scheduler: 1 };

/** Every process is stopped in turn as an upgrade does it, and comes back: nothing runs twice. */
export function runRolling(context: Context): Promise<Report> {
  const rounds = context.size({ ci: 1, full: 10, nightly: 20 });
  return runStruck(context, {
    amounts: { workflows: 60 * rounds, mails: 5 * rounds, changes: 5 * rounds },
    options: { counts },
    repeats: 0,
    strike: async (site, onStruck) => {
      const total = rounds * site.processes.length;
      for (let n = 0; n < total; n += 1) {
        const kept = site.processes[n % site.processes.length];
        if (kept === undefined) continue;
        await site.ready(kept);
        await site.kill(kept, "SIGTERM");
        onStruck((n + 1) / total);
      }
      return { "graceful restarts": total };
    },
  });
}

const storms: readonly (readonly [name: string, Weather])[] = [
  ["cut after 20 kB", { kind: "cut", bytes: 20_000 }],
  ["slow", { kind: "slow", ms: 100 }],
  ["hang", { kind: "hang" }],
  ["one-way", { kind: "one-way" }],
  ["half-open", { kind: "half-open" }],
  ["refuse", { kind: "refuse" }],
];

/** The network between all processes and PostgreSQL (or Redis) breaks in every way; the door answers 503 in time or 2xx in truth. */
export function runNetwork(context: Context): Promise<Report> {
  const seconds = context.size({ ci: 5, full: 60, nightly: 60 });
  const to = context.backend === "redis" ? "redis" : "database";
  let slowest = 0;
  return runStruck(context, {
    amounts: context.size({
      ci: { workflows: 120, mails: 5, changes: 5 },
      full: { workflows: 1_500, mails: 50, changes: 50 },
      nightly: { workflows: 2_000, mails: 50, changes: 50 },
    }),
    options: { counts, proxied: true },
    strike: async (site, onStruck) => {
      const proxy = site.proxies[to];
      for (const [index, [name, weather]] of storms.entries()) {
        proxy?.set(weather);
        const watch = watchDoor(site, seconds * 1_000);
        await delay(seconds * 1_000);
        slowest = Math.max(slowest, await watch);
        proxy?.set({ kind: "pass" });
        await delay(1_000);
        onStruck((index + 1) / storms.length);
        context.say(name);
      }
      return {
        storms: storms.map(([name]) => name).join(" / "),
        "s each": seconds,
        "slowest answer ms": Math.round(slowest),
      };
    },
  });
}

/** The slowest answer of the door in that time; those of the load take the same way. */
async function watchDoor(site: Site, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let slowest = 0;
  while (performance.now() < until) {
    const reply = await ask(`${site.doors[0]}/readyz`, { timeoutMs: 30_000 });
    slowest = Math.max(slowest, reply.ms);
    await delay(200);
  }
  return slowest;
}

/** Everything starts while there is no database, and works soon after it came. */
export function runLate(context: Context): Promise<Report> {
  const seconds = context.size({ ci: 6, full: 55, nightly: 55 });
  return runStruck(context, {
    amounts: { workflows: 30, mails: 5, changes: 5 },
    options: { counts, databaseComesAfter: seconds },
    strike: async (site: Site, onStruck: OnStruck, findings) => {
      onStruck(1);
      const again = site.processes.filter(({ starts }) => starts > 1).map(({ name }) => name);
      findings.none(again, "processes gave up waiting");
      return { "s without a database": seconds };
    },
  });
}
