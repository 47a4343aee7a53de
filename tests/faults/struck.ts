/** Webhooks, mails and changes of the inventory while faults strike; afterwards all that was answered for is there, once. */
import { setTimeout as delay } from "node:timers/promises";
import type { Context, Report } from "./case.ts";
import {
  checkEffects,
  checkSingles,
  checkWorkflows,
  countOf,
  type Findings,
  untilQuiet,
} from "./check.ts";
import { change, inParallel, mail, news, nothingSent, webhook, type Sent } from "./load.ts";
import type { Site, SiteOptions } from "./site.ts";
import { withSite } from "./with-site.ts";

export interface Amounts {
  /** Webhooks, each of which starts a workflow of three steps. */
  readonly workflows: number;
  readonly mails: number;
  /** Of one entry, and as many entries that a source contradicts. */
  readonly changes: number;
}

/** Told the share of the faults that has struck. */
export type OnStruck = (share: number) => void;

export interface Struck {
  readonly amounts: Amounts;
  readonly options?: SiteOptions;
  /** Share of the effects that may be repeated, under the same key; 1 % unless said. */
  readonly repeats?: number;
  /** Strikes; gives what is shown in the report. The load is spread over its time. */
  strike(site: Site, onStruck: OnStruck, findings: Findings): Promise<Report["counts"]>;
}

interface Load {
  readonly sent: {
    readonly hooks: Sent;
    readonly mails: Sent;
    readonly changes: Sent;
    readonly news: Sent;
  };
  readonly done: Promise<void>;
}

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`);
}

/** Spread over the faults: no delivery goes out long before its share of them was struck. */
function startLoad(site: Site, amounts: Amounts, progress: () => number): Load {
  const sent = {
    hooks: nothingSent(),
    mails: nothingSent(),
    changes: nothingSent(),
    news: nothingSent(),
  };
  const paced =
    (count: number, out: Sent, send: (name: string) => Promise<void>) =>
    async (name: string): Promise<void> => {
      while (out.acknowledged.length > count * Math.min(1, progress() + 0.1))
        await delay(20, undefined, { signal: site.over });
      await send(name);
    };
  const { hooks, mails, changes } = sent;
  const { workflows } = amounts;
  const hook = paced(workflows, hooks, (name) => webhook(site, hooks, "faults", name));
  const post = paced(amounts.mails, mails, (name) => mail(site, mails, name));
  // Changes of one entry follow each other.
  const edit = paced(amounts.changes, changes, (name) => change(site, changes, "faults", name));
  const tell = paced(amounts.changes, sent.news, (name) => news(site, sent.news, name));
  const lanes = [
    inParallel(names("w", workflows), 8, hook),
    inParallel(names("m", amounts.mails), 2, post),
    inParallel(names("c", amounts.changes), 1, edit),
    inParallel(names("n", amounts.changes), 1, tell),
  ];
  return { sent, done: Promise.all(lanes).then(() => undefined) };
}

/** Seconds for what is left after the last fault. */
const patience = { ci: 120, full: 600, nightly: 900 } as const;

/** Runs it and checks from outside. */
export function runStruck(context: Context, struck: Struck): Promise<Report> {
  return withSite(context, struck.options ?? {}, async (site, findings) => {
    // The entry that is changed.
    await change(site, nothingSent(), "faults", "begin");
    let share = 0;
    const { sent, done } = startLoad(site, struck.amounts, () => share);
    const onStruck = (now: number): void => void (share = now);
    const [facts] = await Promise.all([
      struck.strike(site, onStruck, findings).finally(() => onStruck(1)),
      done,
    ]);
    context.say("waiting for the last");
    await site.ready();
    const seconds = await untilQuiet(site, wantedOf(sent), context.size(patience));
    const judged = await judge(site, struck, { sent, findings });
    return { ...facts, ...judged, "s after the last fault": Math.round(seconds) };
  });
}

/** Effects of single actions. */
function singlesOf({ mails, changes, news: { acknowledged } }: Load["sent"]): readonly string[] {
  const told = acknowledged.flatMap((name) => [`changeset:${name}`, `drift:${name}`]);
  return [...mails.acknowledged, ...changes.acknowledged, ...told];
}

function wantedOf(sent: Load["sent"]): readonly string[] {
  const { acknowledged } = sent.hooks;
  const steps = acknowledged.flatMap((name) => ["a", "b", "c"].map((s) => `${name}:${s}`));
  return [...steps, ...singlesOf(sent)];
}

async function judge(
  site: Site,
  { amounts, repeats = 0.01 }: Struck,
  { sent, findings }: { sent: Load["sent"]; findings: Findings },
): Promise<Report["counts"]> {
  const { hooks, mails, changes, news: told } = sent;
  const all = [hooks, mails, changes, told];
  findings.none(
    all.flatMap(({ odd }) => odd),
    "odd answers",
  );
  // All were answered for in the end: a run in which nothing succeeded proves nothing.
  const [accepted, wanted] = [hooks.acknowledged.length, amounts.workflows];
  findings.expect(accepted === wanted, `${accepted} of ${wanted} webhooks were accepted`);
  const counted = await checkWorkflows(site, hooks.acknowledged, { findings });
  const single = singlesOf(sent);
  await checkSingles(site, single, findings);
  const effects = checkEffects(await site.recorder.effects(), wantedOf(sent), {
    findings,
    share: repeats,
  });
  const enforced = await countOf(site, "/v1/ruleenforcements?rule_ref=faults.hook&limit=1");
  findings.expect(enforced === accepted, `${enforced} enforcements for ${accepted} events`);
  return {
    events: accepted + single.length,
    "tried again": all.reduce((sum, { refusals }) => sum + refusals, 0),
    ...counted,
    effects: effects.effects,
    "effects repeated": effects.repeatedEffects,
  };
}
