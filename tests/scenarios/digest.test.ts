/** The digest of a business morning, with the whole program and the strict JIRA. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeAlerts, type AlertSeed } from "../support/alert-rows.ts";
import { accounts, runAction, type Ticket, tickets } from "../support/main-job-site.ts";
import { aliceOwns, leader, startTicketSite, type TicketSite } from "../support/ticket-site.ts";

type Json = Record<string, unknown>;

/** Friday, and the three days that follow: Saturday, Sunday, and a holiday. */
const weekend: readonly AlertSeed[] = [
  {
    fingerprint: "disk-web01",
    day: "2026-11-20",
    times: ["2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z", "2026-11-20T13:00:00Z"],
    document: { owner: aliceOwns },
  },
  {
    fingerprint: "disk-web01",
    day: "2026-11-21",
    times: ["2026-11-21T03:00:00Z"],
    document: { owner: aliceOwns },
  },
  {
    fingerprint: "fan-web02",
    day: "2026-11-23",
    times: ["2026-11-22T20:00:00Z"],
    document: {
      host_raw: "web02.auction",
      owner: { kind: "team", via: "owner", person: null, leader },
    },
  },
  {
    fingerprint: "left-web03",
    day: "2026-11-22",
    times: ["2026-11-22T03:00:00Z"],
    document: {
      owner: {
        kind: "person",
        via: "owner",
        person: { name: "Gone", jira_account: "gone@example.com" },
        leader,
      },
    },
  },
  { fingerprint: "today", day: "2026-11-24", times: ["2026-11-23T16:00:00Z"] },
  {
    fingerprint: "urgent",
    day: "2026-11-22",
    times: ["2026-11-22T03:00:00Z"],
    document: { urgency: "immediate" },
  },
];

describe("the digest", () => {
  let site: TicketSite;
  beforeAll(async () => {
    site = await startTicketSite({ language: "ja", settle_seconds: 2 });
  }, 240_000);
  afterAll(() => site.stop(), 60_000);

  const found = (words: string): Ticket => {
    const [one, ...more] = tickets(site, words);
    expect(more).toEqual([]);
    if (one === undefined) throw new Error(`no ticket of ${words}`);
    return one;
  };

  test("B1, B3, B4, C2, C4: a Tuesday after a long weekend gets one ticket per alert, with all its times", async () => {
    await writeAlerts(site.databaseUrl, weekend);
    const monday = await site.act("ticket.digest_run", { date: "2026-11-23" });
    expect(monday).toMatchObject({
      run: false,
      reason: expect.stringContaining("勤労感謝の日") as string,
    });
    const preview = await site.act("ticket.digest_preview", { date: "2026-11-24" });
    expect(preview).toMatchObject({
      business: true,
      window_from: "2026-11-19T15:00:00.000Z",
      window_to: "2026-11-23T15:00:00.000Z",
      tickets: [],
    });
    expect(
      (preview["due"] as Json[]).map(({ fingerprint, count }) => [fingerprint, count]),
    ).toEqual([
      ["disk-web01", 4],
      ["fan-web02", 1],
      ["left-web03", 1],
    ]);
    expect(site.jira.issues.size).toBe(0);
    expect(await site.act("ticket.digest_run", { date: "2026-11-24" })).toMatchObject({
      run: true,
      tickets: 3,
    });
    await site.told();
    expect(site.jira.issues.size).toBe(3);
    const disk = found("disk-web01");
    expect(disk.summary).toContain("(×4)");
    expect(disk.assignee).toBe(accounts.alice);
    expect(disk.labels).not.toContain("owner-unknown");
    for (const words of [
      "発生回数: 4",
      "初回: 2026-11-20T01:00:00Z",
      "最終: 2026-11-21T03:00:00Z",
      "- 2026-11-20T13:00:00Z",
    ])
      expect(disk.description).toContain(words);
    expect(found("fan-web02")).toMatchObject({
      assignee: accounts.leader,
      labels: expect.arrayContaining(["owner-unknown"]) as string[],
      description: expect.stringContaining("担当がグループ") as string,
    });
    expect(found("left-web03")).toMatchObject({
      assignee: accounts.leader,
      description: expect.stringContaining("「Gone」には OPS の課題を割り当てられません") as string,
    });
  }, 240_000);

  test("B5d: run again, and by two at once, nothing is made twice; a late mail of a day that is over is still taken", async () => {
    const before = site.jira.issues.size;
    await Promise.all([1, 2, 3].map(() => site.act("ticket.digest_run", { date: "2026-11-24" })));
    await site.told();
    expect(site.jira.issues.size).toBe(before);
    await writeAlerts(site.databaseUrl, [
      { fingerprint: "late", day: "2026-11-20", times: ["2026-11-20T05:00:00Z"] },
    ]);
    await site.act("ticket.digest_run", { date: "2026-11-25" });
    await site.told();
    expect(found("on late is").description).toContain("2026-11-20T05:00:00Z");
    expect(found("on today is").description).toContain("2026-11-23T16:00:00Z");
  }, 240_000);

  test("B6d: 5,000 mails of a day are wanted within two minutes, and JIRA takes what it takes", async () => {
    const many = Array.from({ length: 1_250 }, (_, index): AlertSeed => ({
      fingerprint: `many-${String(index).padStart(4, "0")}`,
      day: "2026-11-25",
      times: [0, 1, 2, 3].map((hour) => `2026-11-25T0${hour}:00:00Z`),
    }));
    await writeAlerts(site.databaseUrl, many);
    const since = performance.now();
    const result = await runAction(site.raicho, "ticket.digest_run", { date: "2026-11-26" });
    process.stderr.write(`5,000 mails: wanted after ${Math.round(performance.now() - since)} ms\n`);
    expect(result.result).toMatchObject({ tickets: 1_250 });
    await site.told();
    process.stderr.write(
      `5,000 mails: in JIRA after ${Math.round(performance.now() - since)} ms\n`,
    );
    expect(tickets(site, "on many-")).toHaveLength(1_250);
    const perTicket =
      site.jira.log.filter(({ path }) => path.endsWith("/issue")).length / site.jira.issues.size;
    expect(perTicket).toBeLessThan(1.1);
  }, 400_000);
});
