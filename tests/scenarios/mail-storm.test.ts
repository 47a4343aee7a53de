/** Acceptance 4: a storm of mails of one alert loses none, makes one parent, and the door answers all the while. `RAICHO_STORM=2000 npx vitest run tests/scenarios/mail-storm.test.ts`
 * prints the whole figure; the suite sends fewer. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { familyCpu } from "../support/cpu.ts";
import { alertOf, tickets } from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { startTicketSite, type TicketSite } from "../support/ticket-site.ts";

const mails = Number(process.env["RAICHO_STORM"] ?? 300);
const lanes = 20;
/** What has not moved for so long stands still. */
const stillMs = 180_000;

/** Waits for a number as long as it comes nearer; gives the last one that was seen. */
async function reach(goal: number, look: () => Promise<number>): Promise<number> {
  let [best, since] = [-1, performance.now()];
  for (;;) {
    const now = await look();
    if (now >= goal || performance.now() - since > stillMs) return now;
    if (now > best) [best, since] = [now, performance.now()];
    await delay(250);
  }
}

/** `(×300)` in a ticket's summary. */
function timesIn(summary: string | undefined): number {
  return Number(/\(×(\d+)\)$/.exec(summary ?? "")?.[1] ?? 0);
}

describe("a storm of mails", () => {
  let site: TicketSite;
  beforeAll(async () => {
    site = await startTicketSite({ settle_seconds: 2, coalesce_seconds: 2 });
  }, 240_000);
  afterAll(() => site.stop(), 60_000);

  /** Asks the door again and again, as a console does; milliseconds of each answer, the shortest first. */
  async function watch(over: AbortSignal): Promise<readonly number[]> {
    const times: number[] = [];
    while (!over.aborted) {
      const since = performance.now();
      const { status } = await site.raicho.ask("/api/v2/tickets?limit=10");
      expect(status).toBe(200);
      times.push(performance.now() - since);
      await delay(50);
    }
    return times.toSorted((a, b) => a - b);
  }

  /** Sends them over many connections; what is put off (421, 45x) or broken off is sent again, as a mail server does. Gives how often that was. */
  async function send(host: string, count: number): Promise<number> {
    const since = Date.parse("2026-11-20T03:00:00Z");
    const numbers = Array.from({ length: count }, (_, number) => number).values();
    let putOff = 0;
    const lane = async (): Promise<void> => {
      for (const number of numbers) {
        const mail = nagiosMail({ host, at: new Date(since + number * 10) });
        while ((await site.raicho.send(mail).catch(() => ({ code: 0 }))).code !== 250) {
          putOff += 1;
          await delay(200);
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return putOff;
  }

  const counted = async (host: string): Promise<number> =>
    (await alertOf(site.raicho, host).catch(() => undefined))?.count ?? 0;
  /** As JIRA has it. */
  const told = (host: string): number => timesIn(tickets(site, `${host}/`)[0]?.summary);

  test("E2, E4d: mails of one alert over many connections make one parent with all its times, and the door answers all the while", async () => {
    await site.raicho.ask("/api/v2/tickets?limit=10");
    const over = new AbortController();
    const watched = watch(over.signal);
    const [begin, before] = [performance.now(), familyCpu(site.raicho)];
    const since = (): number => Math.round(performance.now() - begin);
    const putOff = await send("storm01", mails);
    const taken = since();
    expect(await reach(mails, () => counted("storm01"))).toBe(mails);
    const known = since();
    expect(await reach(mails, () => Promise.resolve(told("storm01")))).toBe(mails);
    await site.told();
    const after = since();
    over.abort();
    const times = await watched;
    const at = (share: number) => Math.round(times[Math.floor((times.length - 1) * share)] ?? 0);
    const cpu = (familyCpu(site.raicho) - before) / mails;
    process.stderr.write(
      `${mails} mails: taken after ${taken} ms (${putOff} put off), counted after ${known} ms, in JIRA after ${after} ms, ${Math.round(cpu * 1_000)} ms of processor each; ` +
        `the door answered ${times.length} times, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms\n`,
    );
    const [parent, ...more] = tickets(site, "storm01/");
    expect(more).toEqual([]);
    const updates = site.jira.log.filter(
      ({ method, path }) => method === "PUT" && path.endsWith(`/issue/${parent?.key}`),
    );
    // One in two seconds at the most, whatever comes.
    expect(updates.length).toBeLessThanOrEqual(after / 2_000 + 2);
  }, 1_800_000);

  test("acceptance 3: everything is killed twice in the middle of a storm; one parent, and each mail counts once", async () => {
    const few = 80;
    const sent = send("storm02", few);
    for (const moment of [10, 40]) {
      expect(await reach(moment, () => counted("storm02"))).toBeGreaterThanOrEqual(moment);
      await site.raicho.kill();
      await site.restart();
    }
    await sent;
    expect(await reach(few, () => counted("storm02"))).toBe(few);
    expect(await reach(few, () => Promise.resolve(told("storm02")))).toBe(few);
    await site.told();
    expect(await counted("storm02")).toBe(few);
    expect(tickets(site, "storm02/")).toHaveLength(1);
  }, 900_000);
});
