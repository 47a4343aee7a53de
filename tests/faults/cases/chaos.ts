/** Webhooks, mails and changes of the inventory under random kills of every process, pauses, database restarts, and a queue that loses its memory. */
import { setTimeout as delay } from "node:timers/promises";
import type { Context, Report } from "../case.ts";
import {
  checkEffects,
  checkSingles,
  checkWorkflows,
  countOf,
  type Findings,
  untilQuiet,
} from "../check.ts";
import { change, inParallel, mail, nothingSent, webhook, type Sent } from "../load.ts";
import { pause, restartDatabase, victim } from "../nemesis.ts";
import type { Site } from "../site.ts";
import { withSite } from "../with-site.ts";

export interface Chaos {
  readonly workflows: number;
  readonly mails: number;
  readonly changes: number;
  readonly kills: number;
  readonly pauses: number;
  readonly restarts: number;
  readonly wipes: number;
}

interface Load {
  readonly sent: { readonly hooks: Sent; readonly mails: Sent; readonly changes: Sent };
  readonly done: Promise<void>;
}

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`);
}

/** Spread over the faults: no delivery goes out long before its share of them was struck. */
function startLoad(site: Site, chaos: Chaos, progress: () => number): Load {
  const sent = { hooks: nothingSent(), mails: nothingSent(), changes: nothingSent() };
  const paced =
    (count: number, out: Sent, send: (name: string) => Promise<void>) =>
    async (name: string): Promise<void> => {
      while (out.acknowledged.length > count * Math.min(1, progress() + 0.1)) await delay(20);
      await send(name);
    };
  const { workflows, mails, changes } = chaos;
  const lanes = [
    inParallel(
      names("w", workflows),
      8,
      paced(workflows, sent.hooks, (name) => webhook(site, sent.hooks, "faults", name)),
    ),
    inParallel(
      names("m", mails),
      2,
      paced(mails, sent.mails, (name) => mail(site, sent.mails, name)),
    ),
    inParallel(
      names("c", changes),
      1,
      paced(changes, sent.changes, (name) => change(site, sent.changes, "faults", name)),
    ),
  ];
  return { sent, done: Promise.all(lanes).then(() => undefined) };
}

type Fault = "kill" | "pause" | "restart" | "wipe";

/** The faults of a run, in the order that the seed gives; the queue is wiped in the middle. */
function planOf({ kills, pauses, restarts, wipes }: Chaos, { random }: Context): Fault[] {
  const plan: Fault[] = Array.from({ length: kills }, () => "kill");
  const mix = (fault: Fault, count: number): void => {
    for (let n = 0; n < count; n += 1) plan.splice(random.below(plan.length + 1), 0, fault);
  };
  mix("pause", pauses);
  mix("restart", restarts);
  for (let n = 0; n < wipes; n += 1)
    plan.splice(Math.floor(((n + 1) * plan.length) / (wipes + 1)), 0, "wipe");
  return plan;
}

async function strike(site: Site, fault: Fault, { random }: Context): Promise<void> {
  if (fault === "wipe") return site.wipeQueue();
  if (fault === "restart")
    return restartDatabase(site, random.pick(["kill", "stop"]), random.below(2_000));
  const kept = await victim(site, random);
  if (fault === "kill") return site.kill(kept);
  return pause(kept, 500 + random.below(8_000));
}

/** Strikes all of them; `onStruck` is told the share that is done. */
async function strikeAll(
  site: Site,
  plan: readonly Fault[],
  context: Context,
  onStruck: (share: number) => void,
): Promise<void> {
  for (const [index, fault] of plan.entries()) {
    await delay(context.random.below(600));
    await strike(site, fault, context);
    onStruck((index + 1) / plan.length);
    context.say(`${index + 1}/${plan.length} faults`);
  }
}

/** Runs it and checks P1 to P7 from outside. */
export function runChaos(context: Context, chaos: Chaos): Promise<Report> {
  // Of what only one does at a time, another stands by.
  const most = { api: 2, worker: 3, sensors: 2, scheduler: 2 };
  const few = { api: 2, worker: 2, sensors: 1, scheduler: 1 };
  const counts = context.size({ ci: few, full: most, nightly: most });
  return withSite(context, { counts }, async (site, findings) => {
    // The entry that is changed.
    await change(site, nothingSent(), "faults", "begin");
    let share = 0;
    const { sent, done } = startLoad(site, chaos, () => share);
    await Promise.all([
      strikeAll(site, planOf(chaos, context), context, (now) => (share = now)),
      done,
    ]);
    context.say("waiting for the last");
    await site.ready();
    const seconds = await untilQuiet(site, wantedOf(sent), context.size(patience));
    return judge(site, chaos, { sent, seconds, findings });
  });
}

/** Seconds for what is left after the last fault. */
const patience = { ci: 120, full: 600, nightly: 900 } as const;

function stepsOf({ hooks }: Load["sent"]): readonly string[] {
  return hooks.acknowledged.flatMap((name) => ["a", "b", "c"].map((step) => `${name}:${step}`));
}

function wantedOf(sent: Load["sent"]): readonly string[] {
  return [...stepsOf(sent), ...sent.mails.acknowledged, ...sent.changes.acknowledged];
}

async function judge(
  site: Site,
  chaos: Chaos,
  { sent, seconds, findings }: { sent: Load["sent"]; seconds: number; findings: Findings },
): Promise<Report["counts"]> {
  const { hooks, mails, changes } = sent;
  findings.none([...hooks.odd, ...mails.odd, ...changes.odd], "odd answers");
  // All were answered for in the end: a run in which nothing succeeded proves nothing.
  findings.expect(
    hooks.acknowledged.length === chaos.workflows,
    `${hooks.acknowledged.length} of ${chaos.workflows} webhooks were accepted`,
  );
  const counted = await checkWorkflows(site, hooks.acknowledged, { findings });
  const single = [...mails.acknowledged, ...changes.acknowledged];
  await checkSingles(site, single, findings);
  const effects = checkEffects(await site.recorder.effects(), wantedOf(sent), { findings });
  const enforced = await countOf(site, "/v1/ruleenforcements?rule_ref=faults.hook&limit=1");
  findings.expect(
    enforced === hooks.acknowledged.length,
    `${enforced} enforcements for ${hooks.acknowledged.length} events`,
  );
  const refusals = hooks.refusals + mails.refusals + changes.refusals;
  const { kills, pauses, restarts, wipes } = chaos;
  return {
    kills,
    pauses,
    "database restarts": restarts,
    "queue wiped": wipes,
    events: hooks.acknowledged.length + single.length,
    "tried again": refusals,
    ...counted,
    effects: effects.effects,
    "effects repeated": effects.repeatedEffects,
    "s after the last fault": Math.round(seconds),
  };
}
