/** Random kills of every process, pauses, database restarts, and a queue that loses its memory. */
import { setTimeout as delay } from "node:timers/promises";
import type { Context, Report } from "../case.ts";
import { pause, restartDatabase, victim } from "../nemesis.ts";
import type { Site } from "../site.ts";
import { type Amounts, type OnStruck, runStruck } from "../struck.ts";

export interface Chaos extends Amounts {
  readonly kills?: number;
  readonly pauses?: number;
  readonly restarts?: number;
  /** SIGKILL for the database, which comes back after at most 2 s. */
  readonly databaseKills?: number;
  readonly wipes?: number;
  /** How often all of PostgreSQL stands still. */
  readonly freezes?: number;
  /** Kills of Redis; without it none. */
  readonly redisKills?: number;
  /** How often Redis stands still. */
  readonly redisFreezes?: number;
}

type Fault =
  | "kill"
  | "pause"
  | "restart"
  | "kill database"
  | "freeze"
  | "wipe"
  | "kill Redis"
  | "freeze Redis";

/** The faults of a run, in the order that the seed gives; the queue is wiped in the middle. */
function planOf(chaos: Chaos, { random }: Context): Fault[] {
  const plan: Fault[] = Array.from({ length: chaos.kills ?? 0 }, () => "kill");
  const mix = (fault: Fault, count = 0): void => {
    for (let n = 0; n < count; n += 1) plan.splice(random.below(plan.length + 1), 0, fault);
  };
  mix("pause", chaos.pauses);
  mix("restart", chaos.restarts);
  mix("kill database", chaos.databaseKills);
  mix("kill Redis", chaos.redisKills);
  mix("freeze", chaos.freezes);
  mix("freeze Redis", chaos.redisFreezes);
  const wipes = chaos.wipes ?? 0;
  for (let n = 0; n < wipes; n += 1)
    plan.splice(Math.floor(((n + 1) * plan.length) / (wipes + 1)), 0, "wipe");
  return plan;
}

async function strike(site: Site, fault: Fault, { random }: Context): Promise<void> {
  if (fault === "wipe") return site.wipeQueue();
  if (fault === "restart")
    return restartDatabase(site, random.pick(["kill", "stop"]), random.below(2_000));
  if (fault === "kill database") return restartDatabase(site, "kill", random.below(2_000));
  if (fault === "freeze") return restartDatabase(site, fault, 2_000 + random.below(14_000));
  if (fault === "kill Redis") {
    await site.redis?.kill();
    await delay(random.below(3_000));
    return site.redis?.start();
  }
  if (fault === "freeze Redis") {
    site.redis?.freeze();
    await delay(2_000 + random.below(14_000));
    return site.redis?.thaw();
  }
  const kept = await victim(site, random);
  if (fault === "kill") return site.kill(kept);
  return pause(kept, 500 + random.below(8_000));
}

async function strikeAll(
  site: Site,
  plan: readonly Fault[],
  context: Context,
  onStruck: OnStruck,
): Promise<void> {
  for (const [index, fault] of plan.entries()) {
    await delay(context.random.below(600));
    await strike(site, fault, context);
    onStruck((index + 1) / plan.length);
    context.say(`${index + 1} of ${plan.length} faults`);
  }
}

export function runChaos(context: Context, chaos: Chaos): Promise<Report> {
  // Of what only one does at a time, another stands by.
  const most = { api: 2, worker: 3, sensors: 2, scheduler: 2 };
  const few = { api: 2, worker: 2, sensors: 1, scheduler: 1 };
  return runStruck(context, {
    amounts: chaos,
    options: { counts: context.size({ ci: few, full: most, nightly: most }) },
    // What was under way at a kill weighs more among few effects: the ci profile kills once for each 60 of them, full once for each 150.
    repeats: context.size({ ci: 0.05, full: 0.01, nightly: 0.01 }),
    strike: async (site, onStruck) => {
      const plan = planOf(chaos, context);
      await strikeAll(site, plan, context, onStruck);
      return countsOf(plan);
    },
  });
}

function countsOf(plan: readonly Fault[]): Report["counts"] {
  const kinds = Map.groupBy(plan, (fault) => fault);
  return Object.fromEntries([...kinds].map(([fault, all]) => [fault, all.length]));
}
