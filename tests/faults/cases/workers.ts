/** Workers that are lost, paused or compete: programs in the middle of their work, and joins of workflows. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { Context, Report } from "../case.ts";
import { ask, read } from "../ask.ts";
import { checkEffects, executionsOf, untilQuiet, type Findings } from "../check.ts";
import { inParallel } from "../load.ts";
import { branches, slowBranches } from "../pack.ts";
import { pause, victim } from "../nemesis.ts";
import type { Kept, Site } from "../site.ts";
import { withSite } from "../with-site.ts";

async function run(site: Site, action: string, n: string): Promise<string> {
  const reply = await ask(`${site.doors[0]}/v1/executions`, {
    method: "POST",
    body: { action, parameters: { n } },
    token: site.token,
  });
  if (reply.status !== 201) throw new Error(`${action}: ${reply.status} ${reply.text}`);
  return (JSON.parse(reply.text) as { id: string }).id;
}

interface Running {
  readonly id: string;
  readonly status: string;
  readonly action: { readonly ref: string };
  readonly context?: unknown;
  readonly liveaction?: { readonly runner_info?: { readonly pid?: number } };
}

async function openOf(site: Site): Promise<readonly Running[]> {
  const found: Running[] = [];
  for (const status of ["running", "requested", "scheduled"]) {
    const path = `/v1/executions?status=${status}&limit=100`;
    found.push(...(await read<Running[]>(site.doors, path, { token: site.token })));
  }
  return found;
}

/** Processes of this machine that actions of this site started. */
function leftOf(site: Site): readonly number[] {
  const mark = `ST2_ACTION_API_URL=${site.doors[0]}/v1`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function keepBusy(site: Site, wanted: number, next: () => string): Promise<void> {
  const open = await openOf(site);
  for (let n = open.length; n < wanted; n += 1) {
    const name = next();
    await run(site, Number(name) % 2 === 0 ? "faults.once" : "faults.again", name);
  }
  await eventually(
    "all to run",
    async () => (await openOf(site)).filter(({ status }) => status === "running").length >= wanted,
    { seconds: 60, everyMs: 200 },
  );
}

/** Kills that worker; gives the seconds until each of its actions ran elsewhere or was abandoned. */
async function loseWorker(site: Site, kept: Kept, findings: Findings): Promise<readonly number[]> {
  const { pid } = kept.started.child;
  const mine = (await openOf(site)).filter(
    ({ liveaction }) => liveaction?.runner_info?.pid === pid,
  );
  const since = performance.now();
  await site.kill(kept);
  const left = new Set(mine.map(({ id }) => id));
  const seconds: number[] = [];
  while (left.size > 0 && performance.now() - since < 60_000) {
    for (const id of left) {
      const now = await read<Running>(site.doors, `/v1/executions/${id}`, { token: site.token });
      const settled =
        now.action.ref === "faults.once"
          ? now.status === "abandoned"
          : now.status === "running" && now.liveaction?.runner_info?.pid !== pid;
      if (!settled) continue;
      left.delete(id);
      seconds.push((performance.now() - since) / 1_000);
    }
    await delay(100);
  }
  findings.none([...left], "actions of a killed worker were neither run again nor abandoned");
  return seconds;
}

/** Workers are killed while programs run: each program is run again or abandoned, as it says, and none is left behind. */
export function runLost(context: Context): Promise<Report> {
  const kills = context.size({ ci: 3, full: 50, nightly: 100 });
  const programs = context.size({ ci: 8, full: 20, nightly: 20 });
  const counts = { api: 1, worker: 3, sensors: 1, scheduler: 1 };
  return withSite(context, { counts }, async (site, findings) => {
    let name = 0;
    const seconds: number[] = [];
    for (let n = 0; n < kills; n += 1) {
      await keepBusy(site, programs, () => String(name++));
      const kept = await victim(site, context.random, site.of("worker"));
      seconds.push(...(await loseWorker(site, kept, findings)));
      context.say(`${n + 1} of ${kills} kills`);
    }
    for (const { id } of await openOf(site))
      await ask(`${site.doors[0]}/v1/executions/${id}`, { method: "DELETE", token: site.token });
    const left = await eventually(
      "no process of an action to be left",
      () => (leftOf(site).length === 0 ? "none" : undefined),
      { seconds: 20, everyMs: 200 },
    ).catch(() => leftOf(site).join(" "));
    findings.expect(left === "none", `processes are left: ${left}`);
    const p99 = seconds.toSorted((a, b) => a - b)[Math.ceil(seconds.length * 0.99) - 1] ?? 0;
    findings.expect(seconds.length >= kills, `only ${seconds.length} actions lost their worker`);
    findings.expect(p99 <= context.size(takeover), `p99 until taken over: ${p99.toFixed(1)} s`);
    const effects = await site.recorder.effects();
    const keys = Object.entries(effects).filter(([, each]) => Object.keys(each).length > 1);
    findings.none(
      keys.map(([effect]) => effect),
      "effects were repeated under another key",
    );
    const once = Object.entries(effects).filter(
      ([effect, each]) =>
        effect.startsWith("once:") && Object.values(each).some((times) => times > 1),
    );
    findings.none(
      once.map(([effect]) => effect),
      "actions that are not to run again did",
    );
    return {
      kills,
      "actions that lost their worker": seconds.length,
      "taken over s p99": Number(p99.toFixed(1)),
      "processes left": left,
    };
  });
}

/** Seconds; where other things run too the machine may need longer than the promise. */
const takeover = { ci: 20, full: 10, nightly: 10 } as const;

/** Workflows whose branches end in several workers at once: each join exactly once. */
export function runJoins(context: Context): Promise<Report> {
  const workflows = context.size({ ci: 20, full: 1_000, nightly: 1_000 });
  const kills = context.size({ ci: 1, full: 10, nightly: 20 });
  const counts = { api: 1, worker: 4, sensors: 1, scheduler: 1 };
  return withSite(context, { counts }, async (site, findings) => {
    const names = Array.from({ length: workflows }, (_, n) => `j${n}`);
    const starting = inParallel(
      names,
      4,
      async (name) => void (await run(site, "faults.joined", name)),
    );
    for (let n = 0; n < kills; n += 1) {
      await delay(context.random.below(2_000));
      await site.kill(await victim(site, context.random, site.of("worker")));
      context.say(`${n + 1} of ${kills} kills`);
    }
    await starting;
    context.say("all have begun");
    const ends = [...slowBranches, "join"];
    const wanted = names.flatMap((name) => ends.map((task) => `${name}:${task}`));
    const seconds = await untilQuiet(
      site,
      wanted,
      context.size({ ci: 180, full: 900, nightly: 900 }),
    );
    const joined = await executionsOf(site, "faults.joined");
    const bad = joined.filter(({ status }) => status !== "succeeded");
    findings.none(
      bad.map(({ id, status }) => `${id} ${status}`),
      "workflows did not succeed",
    );
    const all = await executionsOf(site, "faults.effect");
    const joins = all.filter((each) => each.context?.orquesta?.task_name === "join");
    findings.expect(joins.length === workflows, `${joins.length} joins of ${workflows} workflows`);
    const effects = checkEffects(await site.recorder.effects(), wanted, { findings, share: 0.05 });
    return {
      workflows: joined.length,
      branches: branches * workflows,
      kills,
      joins: joins.length,
      "effects repeated": effects.repeatedEffects,
      "s after the last": Math.round(seconds),
    };
  });
}

/** A worker stands still in the middle of an action for longer than it may be silent: another one does the work, and what the first says later is refused. */
export function runPaused(context: Context): Promise<Report> {
  const ms = context.size({ ci: 14_000, full: 60_000, nightly: 60_000 });
  const counts = { api: 1, worker: 2, sensors: 1, scheduler: 1 };
  return withSite(context, { counts }, async (site, findings) => {
    const begun = await ask(`${site.doors[0]}/v1/executions`, {
      method: "POST",
      body: { action: "faults.slow", parameters: { body: "slow" } },
      token: site.token,
    });
    const { id } = JSON.parse(begun.text) as { id: string };
    const one = (): Promise<Running> =>
      read<Running>(site.doors, `/v1/executions/${id}`, { token: site.token });
    const running = await eventually("it to run", async () => {
      const now = await one();
      return now.status === "running" && now;
    });
    const kept = site
      .of("worker")
      .find((each) => each.started.child.pid === running.liveaction?.runner_info?.pid);
    if (kept === undefined) throw new Error("no worker runs it");
    await eventually("its effect", async () => (await site.recorder.effects())["slow"]);
    await pause(kept, ms);
    await eventually("a refused result", () => site.logOf(kept).includes("stale_result"), {
      seconds: 60,
    });
    const last = await eventually(
      "its end",
      async () => {
        const now = await one();
        return now.status === "succeeded" && now;
      },
      { seconds: 60 },
    );
    findings.expect(
      last.liveaction?.runner_info?.pid !== kept.started.child.pid,
      "the paused worker ended it",
    );
    const keys = Object.entries((await site.recorder.effects())["slow"] ?? {});
    findings.expect(keys.length === 1, `its effects came under ${keys.length} keys`);
    return { "s paused": ms / 1_000, "times done": keys[0]?.[1] ?? 0, keys: keys.length };
  });
}
