/** The life of tickets: storms, repeats, reopening, review, reminders, reading; and a tracker that is away. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import pg from "pg";
import { writeAlerts } from "../support/alert-rows.ts";
import { eventually } from "../support/eventually.ts";
import type { JiraFake } from "../support/jira-fake.ts";
import { accounts, tickets } from "../support/main-job-site.ts";
import type { Raicho } from "../support/raicho.ts";
import { aliceOwns as owner, startTicketSite, type TicketSite } from "../support/ticket-site.ts";

type Json = Record<string, unknown>;

const day = "2026-11-24";

describe("the life of tickets", () => {
  let jira: JiraFake;
  let raicho: Raicho;
  let site: TicketSite;
  beforeAll(async () => {
    site = await startTicketSite({
      settle_seconds: 2,
      coalesce_seconds: 2,
      poll_seconds: 1,
      statuses: { fixed: ["Fixed"] },
      review: { close: "refuse", not_started_hours: 0 },
    });
    ({ jira, raicho } = site);
  }, 240_000);
  afterAll(() => site.stop(), 60_000);

  const act: TicketSite["act"] = (...given) => site.act(...given);
  const told = (): Promise<void> => site.told();
  const ticket = (ref: unknown): Promise<Json> => site.ticket(ref);
  const until: TicketSite["until"] = (...given) => site.until(...given);
  /** An alert as the ledger has it and as its events tell it. */
  const alert = async (fingerprint: string, count: number): Promise<Json> => {
    const hours = Array.from({ length: count }, (_, index) => index % 24);
    const times = hours.map((hour) => `2026-11-24T${String(hour).padStart(2, "0")}:00:00Z`);
    const document = { severity: "critical", urgency: "immediate", owner };
    await writeAlerts(site.databaseUrl, [{ fingerprint, day, times, document }]);
    return {
      ...document,
      fingerprint,
      day,
      source: "nagios",
      class: "service",
      host_raw: "web01.auction",
      service: "HTTP",
      summary: `HTTP ${fingerprint}`,
      detail: "Connection refused",
      occurred_at: times.at(-1),
    };
  };
  const raise = (parameters: object) =>
    raicho.ask("/v1/executions", { method: "POST", body: { action: "ticket.raise", parameters } });

  test("E2, E4d: 200 messages of one alert at once make one parent, and few updates", async () => {
    const storm = await alert("storm", 200);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => raise({ alert: storm, wait: 0 })),
    );
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    await eventually(
      "all to be raised",
      async () => {
        const done = await raicho.get<Json[]>(
          "/v1/executions?action=ticket.raise&status=succeeded&limit=300&include_attributes=status",
        );
        return done.length >= 200;
      },
      { seconds: 120, everyMs: 500 },
    );
    await told();
    const [parent, ...more] = tickets({ jira }, "HTTP storm");
    expect(more).toEqual([]);
    expect(parent?.summary).toBe("[CRITICAL] web01.auction/HTTP: HTTP storm (×200)");
    expect(parent?.assignee).toBe(accounts.alice);
    const updates = jira.log.filter(
      ({ method, path }) => method === "PUT" && path.endsWith(`/issue/${parent?.key}`),
    );
    expect(updates.length).toBeLessThan(30);
    expect(parent?.comments.length).toBeLessThan(30);
  }, 240_000);

  test("D2: an operator fixes; closing by the fixer is sent back, closing by the leader stays", async () => {
    const { key } = await act("ticket.raise", { alert: await alert("d2", 1) });
    const name = String(key);
    jira.act("alice", name, "Start Progress");
    jira.act("alice", name, "Fix");
    await until("the fix", key, ({ stage }) => stage === "fixed");
    const review = await raicho.get<{ items: Json[] }>("/api/v2/tickets?stage=fixed");
    expect(review.items).toMatchObject([{ key, fixed_by: accounts.alice }]);
    jira.act("alice", name, "Close");
    await until(
      "the way back",
      key,
      ({ stage, history }) =>
        stage === "fixed" && JSON.stringify(history).includes("closing refused"),
    );
    await told();
    expect(jira.issues.get(name)?.status).toBe("Fixed");
    expect(tickets({ jira }, "HTTP d2")[0]?.comments.at(-1)).toContain("It was sent back.");
    jira.act("leader", name, "Close");
    const closed = await until("the end", key, ({ stage }) => stage === "closed");
    expect(closed).toMatchObject({ closed_by: accounts.leader, fixed_by: accounts.alice });
    await told();
    expect(jira.issues.get(name)?.status).toBe("Done");
  }, 120_000);

  test("E3: an alert that comes again after its ticket was closed opens it again", async () => {
    const again = await alert("again", 2);
    const { key } = await act("ticket.raise", { alert: again });
    await act("ticket.transition", { ticket: key, to: "closed", wait: 60 });
    await until("the end", key, ({ stage }) => stage === "closed");
    expect(await act("ticket.raise", { alert: again })).toMatchObject({ did: "reopen", key });
    await until("the new beginning", key, ({ stage }) => stage === "open");
    await told();
    expect(tickets({ jira }, "HTTP again")).toHaveLength(1);
  }, 120_000);

  test("D3: who works at it is seen, what nobody started is listed and reminded of, once a day", async () => {
    const { key } = await act("ticket.raise", { alert: await alert("d3", 1) });
    const open = await raicho.get<{ items: Json[] }>("/api/v2/tickets?stage=open&kind=alert");
    expect(open.items.map((item) => item["key"])).toContain(key);
    for (const _ of [1, 2]) await act("ticket.remind", { date: "2026-11-25" });
    await told();
    const reminders = tickets({ jira }, "HTTP d3")[0]?.comments.filter((text) =>
      text.includes("Nobody has started"),
    );
    expect(reminders).toHaveLength(1);
    jira.act("alice", String(key), "Start Progress");
    expect(await until("the start", key, ({ stage }) => stage === "in_progress")).toMatchObject({
      assignee: accounts.alice,
    });
  }, 120_000);

  test("D4: something to be read is a ticket with one below it for each reader", async () => {
    const made = await act("ticket.request_review", {
      summary: "新しい手順書",
      people: ["alice@example.com", "leader@example.com"],
    });
    await told();
    const { sub_tickets: subs } = (await ticket(made["id"])) as { sub_tickets: Json[] };
    expect(subs.map(({ assignee, stage }) => [assignee, stage])).toEqual([
      [accounts.alice, "open"],
      [accounts.leader, "open"],
    ]);
  }, 120_000);

  test("H1, H2, H3: what people say of a ticket is in the report, as JSON and as a page with plots", async () => {
    const { key } = await act("ticket.open", { key: "h", summary: "h", category: "dns" });
    const rated = await raicho.ask(`/api/v2/tickets/${String(key)}/rating`, {
      method: "PUT",
      body: { rating: 4, minutes: 20, comment: "よかった" },
    });
    expect(rated).toMatchObject({ status: 200, body: { ticket: key, rating: 4, minutes: 20 } });
    const wrong = await raicho.ask(`/api/v2/tickets/${String(key)}/rating`, {
      method: "PUT",
      body: { rating: 9 },
    });
    expect(wrong.status).toBe(400);
    const metrics = await raicho.get<Json>("/api/v2/tickets/metrics?months=2");
    expect(metrics["after"]).toMatchObject({ ratings: 1, rating: 4, minutes: 20 });
    expect(metrics["categories"]).toEqual(
      expect.arrayContaining([expect.objectContaining({ category: "dns", counts: [0, 1] })]),
    );
    const page = await raicho.ask("/api/v2/tickets/report?language=ja&split=2026-10-01");
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(String(page.body)).toContain("<svg");
    expect(String(page.body)).toContain("導入前");
  }, 120_000);

  test("JIRA's answers are lost, its search is stale, it is away: nothing is lost and nothing doubled", async () => {
    const before = jira.issues.size;
    jira.lag(3_600_000);
    jira.dropAnswers(5);
    const back = jira.refuse("/rest/api/3/issue", 3, 503, "1");
    const opens = Array.from({ length: 20 }, (_, index) =>
      raicho.ask("/v1/executions", {
        method: "POST",
        body: {
          action: "ticket.open",
          parameters: { key: `hard-${index}`, summary: `hard ${index}`, wait: 0 },
        },
      }),
    );
    for (const { status } of await Promise.all(opens)) expect(status).toBe(201);
    await eventually(
      "all to be wanted",
      async () => {
        const { items } = await raicho.get<{ items: Json[] }>(
          "/api/v2/tickets?kind=ticket&limit=100",
        );
        const hard = items.filter(({ summary }) => String(summary).startsWith("hard "));
        return hard.length === 20 && hard.every(({ state }) => state === "confirmed");
      },
      { seconds: 120, everyMs: 500 },
    );
    back();
    jira.lag(0);
    expect(jira.issues.size).toBe(before + 20);
    expect(jira.log.filter(({ status }) => status === "dropped")).toHaveLength(5);
  }, 240_000);

  test("acceptance 3: the worker killed while a storm of tickets is told loses and doubles none", async () => {
    const before = jira.issues.size;
    const { rows } = await query("select count(*)::int as n from ticket");
    const known = rows[0]?.n ?? 0;
    const opens = Array.from({ length: 40 }, (_, index) =>
      raicho.ask("/v1/executions", {
        method: "POST",
        body: {
          action: "ticket.open",
          parameters: { key: `kill-${index}`, summary: `kill ${index}`, wait: 0 },
        },
      }),
    );
    for (const { status } of await Promise.all(opens)) expect(status).toBe(201);
    for (const made of [5, 15, 25]) {
      await eventually("some to be made", () => jira.issues.size >= before + made, {
        seconds: 90,
        everyMs: 5,
      });
      const worker = await eventually("a worker", () => raicho.pidOf("worker"), { seconds: 60 });
      process.kill(worker, "SIGKILL");
    }
    await eventually(
      "all to be wanted",
      async () => (await query("select count(*)::int as n from ticket")).rows[0]?.n === known + 40,
      { seconds: 120, everyMs: 250 },
    );
    await told();
    expect(jira.issues.size).toBe(before + 40);
  }, 300_000);

  async function query(sql: string): Promise<{ rows: { n: number }[] }> {
    const client = new pg.Client({ connectionString: site.databaseUrl });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  }
});
