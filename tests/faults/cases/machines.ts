/** Several machines at one PostgreSQL and one Redis: two with a door, two with a worker (one of which serves a pool of its own besides), two with sensors and a scheduler. Their
 * cables are pulled, hold back one direction or become narrow, while work comes in; then they are upgraded one after the other. */
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { Context, Report } from "../case.ts";
import { ask, read } from "../ask.ts";
import type { Findings } from "../check.ts";
import { damages, openNetwork, type Network } from "../network.ts";
import type { Site } from "../site.ts";
import { type OnStruck, runStruck } from "../struck.ts";

const layout = [
  ["api 1"],
  ["api 2"],
  ["worker 1"],
  ["worker 2"],
  ["sensors 1", "scheduler 1"],
  ["sensors 2", "scheduler 2"],
];
const counts = { api: 2, worker: 2, sensors: 2, scheduler: 2 };
const [workers, singletons] = [
  [3, 4],
  [5, 6],
];
const pool = "zone=far";
/** Singletons are to be at work elsewhere within that time. */
const failoverSeconds = 10;
const cutMs = 15_000;

/** A long action, and a sensor of which one runs in the whole site; its events tell when it did. */
const pack = {
  "actions/long.yaml":
    'name: long\ndescription: Lasts.\nrunner_type: local-shell-cmd\nenabled: true\nentry_point: ""\non_worker_lost: rerun\nparameters:\n  cmd:\n    immutable: true\n    default: exec sleep 900\n',
  "sensors/beat.yaml":
    "class_name: Beat\nentry_point: beat.py\ndescription: Beats.\ntrigger_types:\n  - name: beat\n    description: It beat.\n    payload_schema: {type: object}\n",
  "sensors/beat.py": `import time
from st2reactor.sensor.base import Sensor
class Beat(Sensor):
    def setup(self): pass
    def run(self):
        while True:
            self.sensor_service.dispatch(trigger="faults.beat", payload={})
            time.sleep(0.5)
    def cleanup(self): pass
    def add_trigger(self, trigger): pass
    def update_trigger(self, trigger): pass
    def remove_trigger(self, trigger): pass
`,
};

interface Plan {
  readonly site: Site;
  readonly network: Network;
  readonly context: Context;
}

interface Instance {
  readonly occurrence_time: string;
}

/** Milliseconds at which the last 1,000 events of that type were stored. */
async function times(site: Site, type: string): Promise<readonly number[]> {
  const path = `/v1/triggerinstances?trigger_type=${type}&limit=1000`;
  const rows = await read<Instance[]>(site.doors, path, { token: site.token });
  return rows.map(({ occurrence_time: at }) => Date.parse(at)).toSorted((a, b) => a - b);
}

/** The longest silence between these moments, in seconds. */
function silence(all: readonly number[], from: number, until: number): number {
  const inside = [from, ...all.filter((at) => at > from && at < until), until];
  return Math.max(...inside.slice(1).map((at, n) => at - (inside[n] ?? at))) / 1_000;
}

interface Running {
  readonly id: string;
  readonly status: string;
  readonly liveaction?: { readonly runner_info?: { readonly pid?: number } };
}

/** Asks any door that answers. */
async function begin(site: Site, body: object): Promise<string> {
  for (let turn = 0; ; turn += 1) {
    const door = site.doors[turn % site.doors.length];
    const options = { method: "POST", body, token: site.token, timeoutMs: 5_000 } as const;
    const { status, text } = await ask(`${door}/v1/executions`, options);
    if (status === 201) return (JSON.parse(text) as { id: string }).id;
    if (turn > 100) throw new Error(`an execution: ${status} ${text}`);
    await delay(100);
  }
}

function one({ doors, token }: Site, id: string): Promise<Running> {
  return read<Running>(doors, `/v1/executions/${id}`, { token });
}

function runsIn({ liveaction, status }: Running): number | undefined {
  return status === "running" ? liveaction?.runner_info?.pid : undefined;
}

/** A long action, when it runs on that worker; others that began elsewhere meanwhile are canceled. */
async function longActionOn(site: Site, name: string): Promise<string> {
  const wanted = site.named(name).started.child.pid;
  for (let tries = 0; tries < 40; tries += 1) {
    const id = await begin(site, { action: "faults.long", parameters: {} });
    const pid = await eventually("it to run", async () => runsIn(await one(site, id)), {
      seconds: 60,
    });
    if (pid === wanted) return id;
    await cancel(site, id);
  }
  throw new Error(`${name} takes no action`);
}

async function cancel(site: Site, id: string): Promise<void> {
  for (const door of site.doors)
    await ask(`${door}/v1/executions/${id}`, {
      method: "DELETE",
      token: site.token,
      timeoutMs: 5_000,
    });
}

/** Seconds until that action runs in another process than this one. */
async function takenOver(site: Site, id: string, pid: number | undefined): Promise<number> {
  const since = performance.now();
  await eventually(
    "the action to run elsewhere",
    async () => {
      const now = runsIn(await one(site, id));
      return now !== undefined && now !== pid;
    },
    { seconds: 90, everyMs: 100 },
  );
  return (performance.now() - since) / 1_000;
}

/** A worker's machine is cut off: how long until its action runs on the other one. Then the other way round. */
async function loseWorkers({ site, network }: Plan): Promise<readonly number[]> {
  const seconds: number[] = [];
  for (const [n, machine] of workers.entries()) {
    const name = `worker ${n + 1}`;
    const { pid } = site.named(name).started.child;
    const id = await longActionOn(site, name);
    network.damage(machine, "cut");
    seconds.push(await takenOver(site, id, pid));
    network.heal(machine);
    await cancel(site, id);
  }
  return seconds;
}

interface Silences {
  readonly timer: number;
  readonly sensor: number;
  readonly sweep: number;
  readonly delayed: number;
}

/** Each machine with sensors and a scheduler is cut off in turn, and a worker killed with it: what only one does at a time is done by the other. */
async function loseSingletons({ site, network }: Plan): Promise<readonly Silences[]> {
  const all: Silences[] = [];
  for (const machine of singletons) {
    const { pid } = site.named("worker 1").started.child;
    const id = await longActionOn(site, "worker 1");
    const begun = Date.now();
    network.damage(machine, "cut");
    void site.kill(site.named("worker 1"));
    const late = delayed(site);
    const sweep = await takenOver(site, id, pid);
    await delay(Math.max(0, cutMs - (Date.now() - begun)));
    const until = Date.now();
    all.push({
      timer: silence(await times(site, "core.st2.IntervalTimer"), begun, until),
      sensor: silence(await times(site, "faults.beat"), begun, until),
      sweep,
      delayed: await late,
    });
    network.heal(machine);
    await cancel(site, id);
    await site.ready();
  }
  return all;
}

/** Seconds by which an action that was to begin in a second ended later. */
async function delayed(site: Site): Promise<number> {
  const since = performance.now();
  const id = await begin(site, { action: "core.noop", parameters: {}, delay: 1_000 });
  await eventually("it to end", async () => (await one(site, id)).status === "succeeded", {
    seconds: 90,
    everyMs: 100,
  });
  return Math.max(0, (performance.now() - since) / 1_000 - 1);
}

/** Cables of one or two machines are damaged for a while, as the seed says. */
async function partitions(
  { network, context }: Plan,
  amount: number,
  onStruck: OnStruck,
): Promise<Record<string, number>> {
  const done: Record<string, number> = {};
  for (let n = 0; n < amount; n += 1) {
    const { random } = context;
    const how = random.pick(damages);
    const first = 1 + random.below(network.machines);
    const second = 1 + random.below(network.machines);
    const hit = new Set(random.below(3) === 0 ? [first, second] : [first]);
    for (const machine of hit) network.damage(machine, how);
    await delay(2_000 + random.below(16_000));
    for (const machine of hit) network.heal(machine);
    done[how] = (done[how] ?? 0) + 1;
    onStruck((n + 1) / (amount + 2));
    context.say(`${n + 1} of ${amount} partitions`);
    await delay(random.below(3_000));
  }
  return done;
}

/** What belongs to a pool whose only worker is cut off waits for it, and is run by nobody else. */
async function pooled({ site, network }: Plan, findings: Findings): Promise<void> {
  const machine = network.machineOf("worker 2");
  network.damage(machine, "cut");
  await delay(8_000);
  const id = await begin(site, { action: "faults.long", parameters: {}, pool });
  await delay(4_000);
  const { status } = await one(site, id);
  findings.expect(status === "requested", `without its worker an action of a pool is ${status}`);
  network.heal(machine);
  const pid = await eventually("it to run", async () => runsIn(await one(site, id)), {
    seconds: 60,
  });
  const { pid: wanted } = site.named("worker 2").started.child;
  findings.expect(pid === wanted, "an action of a pool ran on a worker that does not serve it");
  await cancel(site, id);
}

/** Each machine is stopped as an upgrade does it, and comes back, while work is in flight. */
async function upgrade({ site, network }: Plan): Promise<void> {
  for (let machine = 1; machine <= network.machines; machine += 1) {
    const own = site.processes.filter(({ name }) => network.machineOf(name) === machine);
    await Promise.all(own.map((kept) => site.kill(kept, "SIGTERM")));
    for (const kept of own) await site.ready(kept);
  }
}

/** Each slot of the timer of one second made one event: more than there were seconds would be doubled ones. */
async function noDoubleTicks(site: Site, findings: Findings): Promise<number> {
  const ticks = await times(site, "core.st2.IntervalTimer");
  const most = Math.ceil((Date.now() - (ticks[0] ?? 0)) / 1_000) + 3;
  findings.expect(ticks.length <= most, `${ticks.length} ticks in ${most} s`);
  return ticks.length;
}

function told(all: Readonly<Record<string, readonly number[]>>, findings: Findings) {
  const found: Record<string, string> = {};
  for (const [what, seconds] of Object.entries(all)) {
    const worst = Math.max(...seconds);
    found[`${what} s`] = seconds.map((each) => each.toFixed(1)).join(" / ");
    findings.expect(worst <= failoverSeconds, `${what} after ${worst.toFixed(1)} s`);
  }
  return found;
}

async function strike(
  plan: Plan,
  onStruck: OnStruck,
  findings: Findings,
): Promise<Report["counts"]> {
  const { site, context } = plan;
  await eventually(
    "the sensor to beat",
    async () => (await times(site, "faults.beat")).length > 0,
    { seconds: 120 },
  );
  const lost: number[] = [];
  const silences: Silences[] = [];
  for (let n = 0; n < context.size({ ci: 1, full: 5, nightly: 10 }); n += 1) {
    context.say(`failovers, round ${n + 1}`);
    lost.push(...(await loseWorkers(plan)));
    silences.push(...(await loseSingletons(plan)));
  }
  const amount = context.size({ ci: 4, full: 30, nightly: 60 });
  const done = await partitions(plan, amount, onStruck);
  await pooled(plan, findings);
  await upgrade(plan);
  const seconds = {
    "action taken over": lost,
    "lost worker found by the other sweep": silences.map(({ sweep }) => sweep),
    "timer silent": silences.map(({ timer }) => timer),
    "sensor silent": silences.map(({ sensor: silent }) => silent),
    "delayed action late": silences.map(({ delayed: late }) => late),
  };
  const figures = told(seconds, findings);
  const ticks = await noDoubleTicks(site, findings);
  return { machines: layout.length, ...done, ...figures, ticks, upgraded: layout.length };
}

export async function runMachines(context: Context): Promise<Report> {
  const network = openNetwork(layout);
  try {
    return await runStruck(context, {
      amounts: context.size({
        ci: { workflows: 60, mails: 4, changes: 4 },
        full: { workflows: 1_000, mails: 40, changes: 40 },
        nightly: { workflows: 3_000, mails: 90, changes: 90 },
      }),
      options: {
        counts,
        network,
        pack: { timers: true, more: pack },
        envOf: (name) => (name === "worker 2" ? { RAICHO_LABELS: `default,${pool}` } : {}),
      },
      repeats: context.size({ ci: 0.1, full: 0.02, nightly: 0.02 }),
      strike: (site, onStruck, findings) => strike({ site, network, context }, onStruck, findings),
    });
  } finally {
    network.close();
  }
}
