/** Every named crash point: a process dies there, again and again, while load goes through it; nothing may be lost or done twice. */
import { setTimeout as delay } from "node:timers/promises";
import type { EnginePoint } from "../../../src/model/crash-points.ts";
import type { Context, Report } from "../case.ts";
import { checkEffects, checkWorkflows, untilQuiet } from "../check.ts";
import { change, mail, nothingSent, webhook, type Sent } from "../load.ts";
import { victim } from "../nemesis.ts";
import type { Kept, Role, Site } from "../site.ts";
import { withSite } from "../with-site.ts";

/** Which process passes it under the load of this case. */
export const rolesOfPoints: Readonly<Record<EnginePoint, Role>> = {
  "ingest.before-commit": "api",
  "ingest.after-commit": "api",
  "match.before-commit": "api",
  "match.after-commit": "api",
  "ring.before-add": "api",
  "ring.after-add": "api",
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
  "timer.before-emit": "sensors",
  "timer.after-emit": "sensors",
  "feed.before-emit": "sensors",
  "feed.after-emit": "sensors",
  "mail.before-emit": "sensors",
  "mail.before-answer": "sensors",
  "inventory.before-commit": "api",
  "inventory.after-commit": "api",
  "boot.before-ready": "scheduler",
  "stop.before-drain": "sensors",
  "stop.after-drain": "sensors",
};

/** These are passed only when another worker is lost. */
const needsLoss: ReadonlySet<EnginePoint> = new Set(["workflow.loaded", "sweep.take-over"]);
/** These are passed once in the life of a process. */
const onceALife = /^(?:boot|stop)\./;

interface Load {
  readonly sent: { readonly three: Sent; readonly single: Sent; readonly beside: Sent };
  stop(): Promise<void>;
}

/** A trickle that passes every point, until it is stopped. */
function startLoad(site: Site): Load {
  const sent = { three: nothingSent(), single: nothingSent(), beside: nothingSent() };
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
  ];
  return {
    sent,
    stop: async () => {
      over.abort();
      await Promise.all(lanes);
    },
  };
}

/** Lets a process die there; resolves when it has. Rejects when it never came there. */
async function crash(site: Site, point: EnginePoint, context: Context): Promise<void> {
  const { random } = context;
  const kept = await victim(site, random, site.of(rolesOfPoints[point]));
  const passes = onceALife.test(point) || needsLoss.has(point) ? 1 : 1 + random.below(4);
  await site.kill(kept, "SIGKILL", { RAICHO_CRASH_AT: `${point}:${passes}` });
  const armed = kept.started;
  const dead = armed.ended.then(({ signal }) => signal);
  const provoking = provoke(site, point, kept);
  const signal = await Promise.race([dead, delay(120_000, "late", { ref: false })]);
  provoking.abort();
  if (signal !== "SIGKILL") throw new Error(`${point} was not reached (${signal})`);
}

/** Does what makes a process come to points that load alone does not lead to. */
function provoke(site: Site, point: EnginePoint, armed: Kept): AbortController {
  const over = new AbortController();
  const { signal } = over;
  const again = async (): Promise<void> => {
    if (point.startsWith("stop.")) {
      await site.ready(armed);
      armed.started.child.kill("SIGTERM");
    }
    while (needsLoss.has(point) && !signal.aborted) {
      await site.ready(armed);
      const other = site.of("worker").find((kept) => kept !== armed && site.isReady(kept));
      if (other !== undefined && !signal.aborted) await site.kill(other);
      await delay(9_000, undefined, { signal });
    }
  };
  again().catch(() => undefined);
  return over;
}

function byRole(points: readonly EnginePoint[]): readonly (readonly EnginePoint[])[] {
  const roles = Map.groupBy(points, (point) => rolesOfPoints[point]);
  return [...roles.values()];
}

function repeatedly<Each>(list: readonly Each[], times: number): readonly Each[] {
  return Array.from({ length: times }, () => list).flat();
}

export function runPoints(context: Context, times: number): Promise<Report> {
  const counts = { api: 2, worker: 3, sensors: 1, scheduler: 1 };
  const pack = { timers: true };
  return withSite(context, { counts, pack }, async (site, findings) => {
    await change(site, nothingSent(), "faults", "begin");
    const load = startLoad(site);
    const points = Object.keys(rolesOfPoints) as EnginePoint[];
    let crashes = 0;
    // Processes of different roles die at the same time, those of one role one after the other.
    await Promise.all(
      byRole(points).map(async (own) => {
        for (const point of repeatedly(own, times)) {
          await crash(site, point, context).catch((error: unknown) =>
            findings.expect(false, String(error)),
          );
          crashes += 1;
          context.say(`${crashes} of ${points.length * times} crashes, the last at ${point}`);
        }
      }),
    );
    await site.ready();
    await load.stop();
    const { three, single, beside } = load.sent;
    const steps = three.acknowledged.flatMap((name) => ["a", "b", "c"].map((s) => `${name}:${s}`));
    const others = beside.acknowledged.map((name) =>
      name.startsWith("s") ? `shell:${name}` : name,
    );
    const wanted = [...steps, ...single.acknowledged, ...others];
    const seconds = await untilQuiet(site, wanted, 120);
    const counted = await checkWorkflows(site, three.acknowledged, { findings });
    // Most crashes are aimed at the very moments after which an effect must be repeated.
    const done = checkEffects(await site.recorder.effects(), wanted, { findings, share: 0.2 });
    const odd = [three, single, beside].flatMap((sent) => sent.odd);
    findings.none(odd, "odd answers");
    return {
      points: points.length,
      crashes,
      ...counted,
      effects: done.effects,
      "effects repeated": done.repeatedEffects,
      "s after the last crash": Math.round(seconds),
    };
  });
}
