/** Every named crash point: a process dies there, again and again, while load goes through it; nothing may be lost or done twice. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EnginePoint } from "../../../src/model/crash-points.ts";
import type { Context, Report } from "../case.ts";
import {
  checkEffects,
  checkSingles,
  checkWorkflows,
  countOf,
  type Findings,
  untilQuiet,
} from "../check.ts";
import { letDie, shuffled, type Team } from "../deaths.ts";
import {
  change,
  edit,
  editable,
  execution,
  keyedEdit,
  mail,
  nothingSent,
  webhook,
  type Sent,
} from "../load.ts";
import { alert, counted, counterStop, isEcho, morePack, push, sheet } from "../more-load.ts";
import type { Random } from "../random.ts";
import type { Role, Site } from "../site.ts";
import { withSite } from "../with-site.ts";

/** Which process passes it under the load of this case. */
export const rolesOfPoints: Readonly<Record<EnginePoint, Role>> = {
  "ingest.before-commit": "api",
  "ingest.after-commit": "api",
  "match.before-commit": "api",
  "match.after-commit": "api",
  "ring.before-add": "api",
  "ring.after-add": "api",
  "request.before-commit": "api",
  "request.after-commit": "api",
  "claim.before": "worker",
  "claim.after": "worker",
  "run.before-action": "worker",
  "run.after-action": "worker",
  "finish.before-commit": "worker",
  "finish.after-commit": "worker",
  "finish.before-deliver": "worker",
  "spawn.before": "worker",
  "spawn.after": "worker",
  "workflow.loaded": "worker",
  "workflow.before-commit": "worker",
  "workflow.after-commit": "worker",
  "workflow.after-effects": "worker",
  "heartbeat.after": "sensors",
  "sweep.begun": "scheduler",
  "sweep.take-over": "scheduler",
  "sweep.after-commit": "scheduler",
  "sweep.after-ring": "scheduler",
  "gate.before-admit": "api",
  "gate.after-admit": "api",
  "pump.before-flight": "worker",
  "pump.after-flight": "worker",
  "bell.before-notify": "api",
  "key.before-commit": "api",
  "key.after-commit": "api",
  "timer.before-emit": "sensors",
  "timer.after-emit": "sensors",
  "feed.before-emit": "sensors",
  "feed.after-emit": "sensors",
  "mail.before-emit": "sensors",
  "mail.before-answer": "sensors",
  "inventory.before-commit": "api",
  "inventory.after-commit": "api",
  "upsert.before-commit": "api",
  "upsert.after-commit": "api",
  "alert.before-commit": "worker",
  "alert.counted": "worker",
  "alert.told": "worker",
  "dispatch.before-commit": "sensors",
  "dispatch.after-commit": "sensors",
  "import.before-commit": "api",
  "import.after-commit": "api",
  "push.before-commit": "api",
  "push.after-commit": "api",
  "boot.before-ready": "scheduler",
  "stop.before-drain": "sensors",
  "stop.after-drain": "sensors",
};

interface Load {
  readonly sent: {
    readonly three: Sent;
    readonly single: Sent;
    readonly beside: Sent;
    readonly pushed: Sent;
  };
  stop(): Promise<void>;
}

/** A trickle that passes every point, until it is stopped. */
async function startLoad(site: Site): Promise<Load> {
  const [entry, keyed] = [await editable(site, "edited"), await editable(site, "keyed")];
  for (const name of ["imported", "pushed"]) await editable(site, name);
  const sent = {
    three: nothingSent(),
    single: nothingSent(),
    beside: nothingSent(),
    pushed: nothingSent(),
  };
  const over = new AbortController();
  const lane = async (send: (n: number) => Promise<void>): Promise<void> => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      await send(n);
      await delay(200);
    }
  };
  const lanes = [
    lane((n) => webhook(site, sent.three, "faults", `w${n}`)),
    lane((n) => webhook(site, sent.single, "faults-one", `o${n}`)),
    lane((n) => webhook(site, sent.single, "faults-later", `l${n}`)),
    lane((n) => webhook(site, sent.beside, "faults-gated", `g${n}`)),
    lane((n) => webhook(site, sent.beside, "faults-shell", `s${n}`)),
    lane((n) => mail(site, sent.single, `m${n}`)),
    lane((n) => change(site, sent.single, "faults", `c${n}`)),
    lane((n) => edit(site, sent.single, entry, `e${n}`)),
    lane((n) => keyedEdit(site, sent.single, keyed, `k${n}`)),
    lane((n) => execution(site, sent.single, `x${n}`)),
    lane((n) => alert(site, sent.single, `a${n}`)),
    lane((n) => sheet(site, sent.single, "imported", `i${n}`)),
    lane((n) => push(site, sent.pushed, "pushed", `u${n}`)),
  ];
  // A case that is broken off stops nothing: what the lanes then meet is for nobody to hear.
  for (const each of lanes) each.catch(() => undefined);
  return {
    sent,
    stop: async () => {
      over.abort();
      await Promise.all(lanes);
    },
  };
}

/** How many processes of each role die again and again; of all but the sensors one more lives on, so that work goes on between the deaths. */
const dying: Readonly<Record<Role, number>> = { api: 2, worker: 3, sensors: 2, scheduler: 1 };
const living: Readonly<Record<Role, number>> = { api: 1, worker: 1, sensors: 0, scheduler: 1 };

/** Those that are wanted. Throws where a prefix fits none. */
function pointsFor({ points }: Context): readonly EnginePoint[] {
  const all = Object.keys(rolesOfPoints) as EnginePoint[];
  const prefixes = points?.split(",") ?? [""];
  const odd = prefixes.find((prefix) => !all.some((point) => point.startsWith(prefix)));
  if (odd !== undefined) throw new Error(`--points ${odd}: no crash point begins so`);
  return all.filter((point) => prefixes.some((prefix) => point.startsWith(prefix)));
}

/** Each point that many times, in an order of the seed, among the processes of its role that are to die. */
function teamsOf(
  site: Site,
  points: readonly EnginePoint[],
  { times, random }: { times: number; random: Random },
): readonly Team[] {
  const roles = Map.groupBy(points, (point) => rolesOfPoints[point]);
  return [...roles].map(([role, own]) => ({
    processes: site.of(role).slice(living[role]),
    points: shuffled(Array.from({ length: times }, () => own).flat(), random),
  }));
}

/** How often each point was reached. */
class Tally {
  readonly #times = new Map<EnginePoint, number>();

  add(point: EnginePoint): void {
    this.#times.set(point, (this.#times.get(point) ?? 0) + 1);
  }

  get crashes(): number {
    return [...this.#times.values()].reduce((sum, times) => sum + times, 0);
  }

  get counts(): Report["counts"] {
    const least = Math.min(...this.#times.values());
    return { points: this.#times.size, "each at least": least, crashes: this.crashes };
  }
}

export function runPoints(context: Context, times: number): Promise<Report> {
  const roles = Object.keys(dying) as Role[];
  const points = pointsFor(context);
  const counts = Object.fromEntries(roles.map((role) => [role, dying[role] + living[role]]));
  return withSite(
    context,
    { counts, pack: { timers: true, more: morePack } },
    async (site, findings) => {
      const opened = performance.now();
      await change(site, nothingSent(), "faults", "begin");
      const load = await startLoad(site);
      const all = points.length * times;
      const tally = new Tally();
      let failedStarts = 0;
      const watch = {
        onDeath: (point: EnginePoint) => {
          tally.add(point);
          context.say(`${tally.crashes} of ${all} crashes, the last at ${point}`);
        },
        onFailedStart: () => void (failedStarts += 1),
        onMiss: (reason: string) => findings.expect(false, reason),
      };
      const { random } = context;
      const begun = performance.now();
      await letDie(site, teamsOf(site, points, { times, random }), { random, watch });
      const seconds = Math.round((performance.now() - begun) / 1_000);
      findings.expect(tally.crashes === all, `${tally.crashes} crashes of ${all}`);
      await site.ready();
      await load.stop();
      writeFileSync(join(site.home, counterStop), "");
      const judged = await judge(site, load, { findings, opened });
      return { ...tally.counts, "failed starts": failedStarts, "s of crashes": seconds, ...judged };
    },
  );
}

/** All that was answered for is there, once. */
async function judge(
  site: Site,
  { sent: { three, single, beside, pushed } }: Load,
  { findings, opened }: { findings: Findings; opened: number },
): Promise<Report["counts"]> {
  const steps = three.acknowledged.flatMap((name) => ["a", "b", "c"].map((s) => `${name}:${s}`));
  const [shells, gated] = ["s", "g"].map((letter) =>
    beside.acknowledged.filter((name) => name.startsWith(letter)),
  );
  if (shells === undefined || gated === undefined) throw new Error("nothing was sent");
  const told = shells.map((name) => `shell:${name}`);
  const numbers = await settledCount(site);
  const singles = [...single.acknowledged, ...numbers];
  const wanted = [...steps, ...singles, ...gated, ...told];
  const seconds = await untilQuiet(site, wanted, 900);
  const workflows = await checkWorkflows(site, three.acknowledged, { findings });
  await checkSingles(site, singles, findings);
  const last = pushed.acknowledged.at(-1);
  const known = last !== undefined && (await isEcho(site, "pushed", last));
  findings.expect(known, `the push of ${last ?? "nothing"} is not remembered`);
  await checkSingles(site, gated, findings, { action: "faults.gated", parameter: "body" });
  await checkSingles(site, shells, findings, { action: "faults.shell", parameter: "n" });
  const ticks = await ticksOf(site, findings, opened);
  // Most crashes are aimed at the very moments after which an effect must be repeated.
  const done = checkEffects(await site.recorder.effects(), wanted, { findings, share: 0.2 });
  const odd = [three, single, beside, pushed].flatMap((sent) => sent.odd);
  findings.none(odd, "odd answers");
  return {
    events:
      three.acknowledged.length +
      singles.length +
      beside.acknowledged.length +
      pushed.acknowledged.length,
    "tried again": three.refusals + single.refusals + beside.refusals + pushed.refusals,
    ...workflows,
    ticks,
    effects: done.effects,
    "effects repeated": done.repeatedEffects,
    "s after the last crash": Math.round(seconds),
  };
}

/** What the sensor dispatched, when it dispatches no more. */
async function settledCount(site: Site): Promise<readonly string[]> {
  for (let before = await counted(site); ;) {
    await delay(3_000);
    const now = await counted(site);
    if (now.length === before.length) return now;
    before = now;
  }
}

/** The timer ticks once a second at most, whoever of the sensors dies, and each tick is heard once. */
async function ticksOf(site: Site, findings: Findings, opened: number): Promise<number> {
  const type = "core.st2.IntervalTimer";
  const ticks = await countOf(site, `/v1/triggerinstances?trigger_type=${type}&limit=1`);
  const heard = await countOf(site, "/v1/ruleenforcements?rule_ref=faults.tick&limit=1");
  const most = (performance.now() - opened) / 1_000 + 60;
  findings.expect(ticks <= most, `${ticks} ticks, at most ${Math.round(most)} are right`);
  // The next one may come between the two counts.
  findings.expect(Math.abs(heard - ticks) <= 2, `${ticks} ticks, ${heard} of them heard`);
  return ticks;
}
