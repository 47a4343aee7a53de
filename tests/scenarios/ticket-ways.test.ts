/** What the configuration of tickets decides, in Japanese: sub-tickets for repeats, closings that are flagged, surveys; and owners as they are in the morning. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AlertSeed, countAlert, writeAlerts } from "../support/alert-rows.ts";
import { eventually } from "../support/eventually.ts";
import { accounts, tickets } from "../support/main-job-site.ts";
import { adminPassword } from "../support/raicho.ts";
import {
  alice,
  aliceOwns,
  leader,
  startTicketSite,
  type TicketSite,
} from "../support/ticket-site.ts";

type Json = Record<string, unknown>;

const urgent = { severity: "critical", urgency: "immediate", owner: aliceOwns };
const seed = (fingerprint: string, more: Partial<AlertSeed> = {}): AlertSeed => ({
  fingerprint,
  day: "2026-11-24",
  times: ["2026-11-24T01:00:00Z"],
  document: urgent,
  ...more,
});
const alertOf = ({ fingerprint, day, times }: AlertSeed): Json => ({
  ...urgent,
  fingerprint,
  day,
  source: "nagios",
  class: "service",
  host_raw: "web01.auction",
  service: "HTTP",
  summary: `HTTP ${fingerprint}`,
  detail: "Connection refused",
  occurred_at: times.at(-1),
});
const ownersOf = async (site: TicketSite, items: readonly object[]): Promise<void> => {
  const { status, body } = await site.raicho.ask("/api/v2/inventory/upsert", {
    method: "POST",
    body: { items, reason: "as it is now" },
  });
  expect([status, JSON.stringify(body)]).toEqual([200, expect.not.stringContaining('"error"')]);
};

describe("tickets as configured", () => {
  let site: TicketSite;
  beforeAll(async () => {
    site = await startTicketSite(
      {
        language: "ja",
        settle_seconds: 2,
        coalesce_seconds: 1,
        poll_seconds: 1,
        statuses: { fixed: ["Fixed"] },
        defaults: { sub_type: "サブタスク" },
        real_time: { repeat: "sub_ticket" },
        review: { close: "flag" },
        survey: { kinds: ["alert"] },
      },
      { configs: { inventory: { default_leader: "leader" } } },
    );
  }, 240_000);
  afterAll(() => site.stop(), 60_000);

  const below = (parent: unknown) =>
    [...site.jira.issues.values()].filter(
      ({ values }) => (values["parent"] as { key?: string } | undefined)?.key === parent,
    );

  test("E2: with repeat: sub_ticket, each repeat is a sub-ticket, and those of a storm one", async () => {
    const first = seed("sub");
    await writeAlerts(site.databaseUrl, [first]);
    const { key } = await site.act("ticket.raise", { alert: alertOf(first) });
    const times = ["2026-11-24T01:00:00Z", "2026-11-24T02:00:00Z"];
    await countAlert(site.databaseUrl, "sub", 2);
    await Promise.all(
      Array.from({ length: 10 }, () =>
        site.act("ticket.raise", { alert: alertOf({ ...first, times }), wait: 0 }),
      ),
    );
    await site.told();
    const subs = await eventually("a sub-ticket", () => {
      const found = below(key);
      return found.length > 0 ? found : undefined;
    });
    // Ten at once within coalesce_seconds; a loaded machine may take longer than that for them.
    expect(subs.length).toBeLessThan(10);
    expect(String(subs[0]?.values["summary"])).toContain("HTTP sub");
    const parents = tickets(site, "HTTP sub").filter((one) => one.key === key);
    expect(parents).toHaveLength(1);
    expect(parents[0]?.comments).toEqual([]);
    expect(parents[0]?.summary).toContain("(×2)");
  }, 120_000);

  test("D2: with close: flag, a closing by the fixer stays and is marked; rules hear of it", async () => {
    const given = seed("flag");
    await writeAlerts(site.databaseUrl, [given]);
    const { key } = await site.act("ticket.raise", { alert: alertOf(given) });
    const name = String(key);
    for (const step of ["Start Progress", "Fix"]) site.jira.act("alice", name, step);
    await site.until("the fix", key, ({ stage }) => stage === "fixed");
    site.jira.act("alice", name, "Close");
    await site.until("the mark", key, ({ history }) =>
      JSON.stringify(history).includes("closing flagged"),
    );
    await site.told();
    const [ticket] = tickets(site, "HTTP flag");
    expect(site.jira.issues.get(name)?.status).toBe("Done");
    expect(ticket?.labels).toContain("closed-without-review");
    expect(ticket?.comments.join("\n")).toContain("対応者本人はクローズできません");
    const told = await site.raicho.get<Json[]>(
      "/v1/triggerinstances?trigger_type=ticket.closed_wrongly",
    );
    expect(told).toMatchObject([{ payload: { key, reason: "fixer", done: "flagged" } }]);
  }, 120_000);

  test("H2: who closes a ticket is asked how the work was, once, and the answer is in the report", async () => {
    const given = seed("survey");
    await writeAlerts(site.databaseUrl, [given]);
    const { key } = await site.act("ticket.raise", { alert: alertOf(given) });
    const name = String(key);
    for (const step of ["Start Progress", "Fix"]) site.jira.act("alice", name, step);
    await site.until("the fix", key, ({ stage }) => stage === "fixed");
    site.jira.act("leader", name, "Close");
    const asked = await eventually(
      "the question",
      () =>
        tickets(site, "HTTP survey")[0]
          ?.comments.map((text) => /アンケートにご回答ください: (\S+)/.exec(text)?.[1])
          .find((found) => found !== undefined),
      { seconds: 60 },
    );
    const { pathname } = new URL(asked);
    let cookie = "";
    const page = async (path: string, form?: Record<string, string>) => {
      const answer = await fetch(site.raicho.url + path, {
        redirect: "manual",
        headers: {
          cookie,
          origin: site.raicho.url,
          ...(form && { "content-type": "application/x-www-form-urlencoded" }),
        },
        ...(form && { method: "POST", body: new URLSearchParams(form).toString() }),
      });
      cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? cookie;
      return { status: answer.status, body: await answer.text() };
    };
    const asking = `${pathname}?lang=ja`;
    const signIn = { name: "admin", password: adminPassword, back: asking };
    expect((await page("/forms/sign-in", signIn)).status).toBe(303);
    expect((await page(asking)).body).toContain("かかった時間（分）");
    const send = (said: Record<string, string>) => page(asking, said);
    const missing = await send({ minutes: "12" });
    expect(missing).toEqual({
      status: 422,
      body: expect.stringContaining("評価を選んでください。") as string,
    });
    const sent = await send({ rating: "4", minutes: "12", comment: "手順書どおり <b>" });
    expect(sent).toEqual({
      status: 200,
      body: expect.stringContaining("ご回答ありがとうございました") as string,
    });
    const metrics = await site.raicho.get<Json>("/api/v2/tickets/metrics?months=1");
    expect(metrics["after"]).toMatchObject({ ratings: 1, rating: 4, minutes: 12 });
    site.jira.act("alice", name, "Reopen");
    await site.until("the new beginning", key, ({ stage }) => stage === "open");
    site.jira.act("leader", name, "Resolve");
    await site.until("the second end", key, ({ stage }) => stage === "closed");
    await site.told();
    const questions = tickets(site, "HTTP survey")[0]?.comments.filter((text) =>
      text.includes("アンケート"),
    );
    expect(questions).toHaveLength(1);
  }, 180_000);

  test("C1: the digest asks the inventory in the morning whose machine it is", async () => {
    await ownersOf(site, [
      { type: "Person", set: { login: "alice", name: alice.name, jira_account: accounts.alice } },
      {
        type: "Person",
        set: { login: "leader", name: leader.name, jira_account: accounts.leader },
      },
      { type: "Device", set: { hostname: "moved01.auction", owner: { login: "alice" } } },
    ]);
    const nobody = { kind: "unknown", via: "none", person: null, leader };
    const waits = { urgency: "business_day", severity: "warning", owner: nobody };
    await writeAlerts(site.databaseUrl, [
      {
        ...seed("moved", { day: "2026-11-20", times: ["2026-11-20T01:00:00Z"] }),
        document: { ...waits, host_raw: "moved01.auction" },
      },
      {
        ...seed("stranger", { day: "2026-11-20", times: ["2026-11-20T01:00:00Z"] }),
        document: { ...waits, host_raw: "stranger01.auction", owner: aliceOwns },
      },
    ]);
    const preview = await site.act("ticket.digest_preview", { date: "2026-11-24" });
    expect(preview["due"]).toMatchObject([
      { fingerprint: "moved", owner: { kind: "person", person: { login: "alice" } } },
      { fingerprint: "stranger", owner: aliceOwns },
    ]);
    await site.act("ticket.digest_run", { date: "2026-11-24" });
    await site.told();
    const [moved] = tickets(site, "DISK on moved is");
    expect(moved?.assignee).toBe(accounts.alice);
    expect(moved?.labels).not.toContain("owner-unknown");
    expect(moved?.description).toContain("インベントリ: Device moved01.auction");
    expect(tickets(site, "DISK on stranger is")[0]?.assignee).toBe(accounts.alice);
  }, 120_000);

  test("a ticket whose answer was lost, and whose key somebody named meanwhile, is one ticket in the end", async () => {
    site.jira.dropAnswers(1);
    const summary = "lost and named.";
    await site.raicho.ask("/v1/executions", {
      method: "POST",
      body: { action: "ticket.open", parameters: { key: summary, summary, wait: 0 } },
    });
    const [made] = await eventually("JIRA to have it", () => {
      const found = tickets(site, summary);
      return found.length > 0 ? found : undefined;
    });
    const key = made?.key ?? "";
    await site.act("ticket.comment", { ticket: key, text: "named early", wait: 0 });
    const known = await eventually(
      "it to be known",
      async () => {
        const { items } = await site.raicho.get<{ items: Json[] }>(
          `/api/v2/tickets?key=${encodeURIComponent(summary)}`,
        );
        return items.find((one) => one["state"] === "confirmed");
      },
      { seconds: 60 },
    );
    expect(known).toMatchObject({ key, kind: "ticket" });
    await site.told();
    expect(tickets(site, summary)).toMatchObject([{ comments: ["named early"] }]);
    const { items } = await site.raicho.get<{ items: Json[] }>("/api/v2/tickets?kind=adopted");
    expect(items.filter((one) => one["key"] === key)).toEqual([]);
  }, 120_000);

  test("D1: JIRA that takes seconds for every answer loses and doubles nothing", async () => {
    site.jira.slow(1_500);
    const before = site.jira.issues.size;
    const summaries = [1, 2, 3, 4, 5, 6].map((n) => `slow ${n}.`);
    const asked = summaries.flatMap((summary) =>
      [1, 2].map(() =>
        site.raicho.ask("/v1/executions", {
          method: "POST",
          body: { action: "ticket.open", parameters: { key: summary, summary, wait: 0 } },
        }),
      ),
    );
    for (const { status } of await Promise.all(asked)) expect(status).toBe(201);
    await eventually("all to be there", () => site.jira.issues.size >= before + 6, {
      seconds: 120,
    });
    site.jira.slow(0);
    await site.told();
    expect(site.jira.issues.size).toBe(before + 6);
    for (const summary of summaries) expect(tickets(site, summary)).toHaveLength(1);
  }, 180_000);
});
