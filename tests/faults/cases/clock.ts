/** One process of each role has a clock that is an hour ahead: leases, timers and delays go by the database's. */
import { setTimeout as delay } from "node:timers/promises";
import type { Context, Report } from "../case.ts";
import { ask, read } from "../ask.ts";
import type { Findings } from "../check.ts";
import { victim } from "../nemesis.ts";
import { faketimeLibrary } from "../privileges.ts";
import type { Role, Site } from "../site.ts";
import { runStruck } from "../struck.ts";

const counts: Readonly<Record<Role, number>> = { api: 2, worker: 2, sensors: 2, scheduler: 2 };
const delayMs = 4_000;

interface Row {
  readonly id: string;
  readonly start_timestamp: string;
  readonly occurrence_time?: string;
  readonly status: string;
}

/** Asks both doors for an action that is to begin later; gives when the earliest began, in ms after it was asked for. */
async function delayed(site: Site, findings: Findings): Promise<void> {
  const begun = performance.now();
  const asked = await Promise.all(
    site.doors.map(async (door) => {
      const reply = await ask(`${door}/v1/executions`, {
        method: "POST",
        body: { action: "core.local", parameters: { cmd: "true" }, delay: delayMs },
        token: site.token,
      });
      findings.expect(reply.status === 201, `a delayed action: ${reply.status} ${reply.text}`);
      return (JSON.parse(reply.text) as { id: string }).id;
    }),
  );
  for (let left = asked; left.length > 0; await delay(100)) {
    const ended: string[] = [];
    for (const id of left) {
      const row = await read<Row>(site.doors, `/v1/executions/${id}`, { token: site.token });
      if (row.status !== "succeeded") continue;
      ended.push(id);
      const ms = performance.now() - begun;
      findings.expect(ms >= delayMs - 200, `an action that was delayed began after ${ms} ms`);
    }
    left = left.filter((id) => !ended.includes(id));
    if (performance.now() - begun < 60_000) continue;
    findings.expect(false, `${left.length} delayed actions did not begin`);
    return;
  }
}

/** Ticks of the timer: each slot once, none ahead of the time. */
async function slots(
  site: Site,
  { opened, since, until }: { opened: number; since: number; until: number },
  findings: Findings,
): Promise<number> {
  const rows = await read<Row[]>(
    site.doors,
    "/v1/triggerinstances?trigger_type=core.st2.IntervalTimer&limit=1000",
    { token: site.token },
  );
  // A process that is an hour ahead would fire for that hour at once, or fire each slot a second time.
  const most = (until - opened) / 1_000 + 5;
  const least = (until - since) / 4_000;
  findings.expect(rows.length <= most, `${rows.length} ticks, at most ${most} are right`);
  findings.expect(rows.length >= least, `${rows.length} ticks, at least ${least} are right`);
  return rows.length;
}

/** The program `faketime` would stand between us and the process that is to be killed. */
function hourAhead(): Readonly<Record<string, string>> {
  const library = faketimeLibrary();
  if (library === undefined) throw new Error("there is no libfaketime");
  return { LD_PRELOAD: library, FAKETIME: "+1h", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}

function ahead(name: string): boolean {
  return name.endsWith(" 2");
}

export function runClock(context: Context): Promise<Report> {
  const kills = context.size({ ci: 2, full: 40, nightly: 100 });
  const opened = performance.now();
  return runStruck(context, {
    amounts: context.size({
      ci: { workflows: 60, mails: 4, changes: 4 },
      full: { workflows: 2_000, mails: 40, changes: 40 },
      nightly: { workflows: 5_000, mails: 90, changes: 90 },
    }),
    options: {
      counts,
      pack: { timers: true },
      envOf: (name) => (ahead(name) ? hourAhead() : {}),
    },
    repeats: context.size({ ci: 0.05, full: 0.01, nightly: 0.01 }),
    strike: async (site, onStruck, findings) => {
      const since = performance.now();
      await delayed(site, findings);
      for (let n = 0; n < kills; n += 1) {
        await site.kill(await victim(site, context.random));
        onStruck((n + 1) / kills);
        await delay(context.random.below(2_000));
      }
      await site.ready();
      const told = site.processes.filter((kept) =>
        site.logOf(kept).includes("clock of this machine"),
      );
      findings.expect(
        told.every(({ name }) => ahead(name)) && told.length > 0,
        `told of their clocks: ${told.map(({ name }) => name).join(", ")}`,
      );
      const ticks = await slots(site, { opened, since, until: performance.now() }, findings);
      return { "an hour ahead": "one of each role", kills, ticks };
    },
  });
}
