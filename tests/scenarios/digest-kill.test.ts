/** A digest while everything is killed and started again, which loses no ticket and makes none twice, and calls for no second run. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeAlerts, type AlertSeed } from "../support/alert-rows.ts";
import { eventually } from "../support/eventually.ts";
import { tickets } from "../support/main-job-site.ts";
import { aliceOwns, startTicketSite, type TicketSite } from "../support/ticket-site.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 240_000 });

const many = 25;

let site: TicketSite;
beforeAll(async () => {
  site = await startTicketSite({ language: "ja", settle_seconds: 1 });
});
afterAll(() => site.stop());

/** Alerts of one day, each twice; they name the day. */
async function alertsOf(day: string): Promise<void> {
  await writeAlerts(
    site.databaseUrl,
    Array.from({ length: many }, (_, index): AlertSeed => {
      const times = [`${day}T01:00:00Z`, `${day}T02:00:00Z`];
      return { fingerprint: `d${day}-${index}`, day, times, document: { owner: aliceOwns } };
    }),
  );
}

async function begin(date: string): Promise<void> {
  const request = { action: "ticket.digest_run", parameters: { date } };
  const { status, body } = await site.raicho.ask("/v1/executions", {
    method: "POST",
    body: request,
  });
  expect(status, JSON.stringify(body)).toBe(201);
}

const inJira = (day: string): number => tickets(site, `on d${day}-`).length;

/** How far it came, and how many tickets it made by then. */
const moments: readonly (readonly [name: string, day: string, due: string, made: number])[] = [
  ["when it was asked for", "2026-11-24", "2026-11-25", 0],
  ["at its first ticket", "2026-11-25", "2026-11-26", 1],
  ["in the middle", "2026-11-26", "2026-11-27", 10],
  ["at its last ticket", "2026-11-27", "2026-11-30", many],
];

test.each(moments)("B5d, acceptance 3: everything is killed %s", async (_name, day, due, made) => {
  await alertsOf(day);
  site.jira.slow(40);
  await begin(due);
  await eventually("that moment", () => inJira(day) >= made, { seconds: 90, everyMs: 5 });
  await site.raicho.kill();
  site.jira.slow(0);
  await site.restart();
  await eventually("all tickets", () => inJira(day) >= many, { seconds: 120, everyMs: 100 });
  await site.told();
  const summaries = tickets(site, `on d${day}-`).map(({ summary }) => summary);
  expect(summaries).toHaveLength(many);
  expect(new Set(summaries).size).toBe(many);
  for (const { description } of tickets(site, `on d${day}-`))
    expect(description).toContain("発生回数: 2");
  expect(await site.act("ticket.digest_run", { date: due })).toMatchObject({ run: true });
  await site.told();
  expect(inJira(day)).toBe(many);
});
