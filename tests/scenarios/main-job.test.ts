/** Acceptance 2: a genuine alert mail becomes one ticket, the machine leaves the pool and the zone, and comes back after approval. */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  accounts,
  alertOf,
  alerts,
  type Execution,
  inquiries,
  machine,
  quiet,
  type Site,
  startSite,
  stateAt,
  tickets,
} from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { plainRequest, type Raicho, startRaicho } from "../support/raicho.ts";
import { backends, external, type Ground } from "./ground.ts";
import { ready } from "./ready.ts";

const corpus = "../shared/corpus/mail";
const minute = 60_000;

function genuine(number: number): string {
  return readFileSync(`${corpus}/nagios-4.4.6-postfix/service-${number}.eml`, "utf8");
}

describe.skipIf(!existsSync(corpus))("the mails of these scenarios", () => {
  test("are byte for byte what a real Nagios sent", () => {
    const problem = nagiosMail({
      at: new Date("2026-11-21T00:06:52Z"),
      queueId: "D1C751CA075",
      messageId: "20261121000652.D1C751CA075@mx.example.jp",
    });
    expect(problem).toBe(genuine(1));
    const recovery = nagiosMail({
      type: "RECOVERY",
      at: new Date("2026-11-21T00:07:04Z"),
      queueId: "DD57D1CA07A",
      messageId: "20261121000704.DD57D1CA07A@mx.example.jp",
    });
    expect(recovery).toBe(genuine(3));
  });
});

describe.runIf(ready).each(backends)("the main job, bells on $name", ({ start: ground }) => {
  const web01 = machine(1);
  const web02 = machine(2);
  let site: Site;
  let raicho: Raicho;
  let under: Ground;

  beforeAll(async () => {
    under = await ground();
    site = await startSite([web01, web02], { env: under.env });
    ({ raicho } = site);
  }, 90_000);
  afterAll(async () => {
    await site.close();
    await under[Symbol.asyncDispose]();
  });

  const zoneHas = (record: string): string => site.bind?.dig(record, "A") ?? "";
  const pool = async (server: string): Promise<string> =>
    site.haproxy === undefined ? "" : stateAt(site.haproxy, server);

  test("C1, C2, E2, E8: alert, repeats, recovery, approval", async () => {
    const at = new Date();
    expect(zoneHas(web01.record)).toBe(web01.address);
    expect(await raicho.send(nagiosMail({ at }))).toMatchObject({ code: 250 });
    await eventually("the drain", async () => (await pool("web01")) === "drain");
    await eventually("the record to go", () => zoneHas(web01.record) === "");
    await quiet(raicho);

    expect(tickets(site)).toHaveLength(1);
    const [first] = tickets(site);
    expect(first).toMatchObject({
      summary: "[CRITICAL] web01.auction/HTTP: HTTP on web01.auction is CRITICAL",
      assignee: accounts.alice,
      comments: [
        "HAProxy: web/web01 drained, no new traffic",
        "DNS: web01.example.test A 192.0.2.1 removed",
        "Inventory: status set to failed",
      ],
    });
    expect(first?.description).toContain("Connection refused");
    expect(await pool("web02")).toBe("ready");
    expect(zoneHas(web02.record)).toBe(web02.address);
    expect((await history(web01.host))[0]).toMatchObject({
      actor: "stanley",
      reason: "alert: HTTP on web01.auction is CRITICAL",
      ticket: first?.key,
      changes: [{ attribute: "status", before: "active", after: "failed" }],
    });
    await repeats(at);
    await recovery(at);
  }, 60_000);

  async function repeats(at: Date): Promise<void> {
    const twice = nagiosMail({ at: new Date(at.getTime() + 10_000) });
    const others = Array.from({ length: 9 }, (_, index) =>
      nagiosMail({ at: new Date(at.getTime() + index * 1_000) }),
    );
    for (const mail of [twice, ...others, twice])
      expect(await raicho.send(mail)).toMatchObject({ code: 250 });
    await quiet(raicho);
    expect(await alerts(raicho)).toMatchObject([{ count: 11, status: "open" }]);
    const [ticket, ...more] = tickets(site);
    expect(more).toEqual([]);
    expect(ticket?.summary).toContain("(×11)");
    expect(ticket?.comments.at(-1)).toContain("Occurrence 11 of this alert today");
  }

  async function recovery(at: Date): Promise<void> {
    await raicho.send(nagiosMail({ type: "RECOVERY", at: new Date(at.getTime() + minute) }));
    const question = await eventually("the question", async () => (await inquiries(raicho))[0]);
    expect(question).toMatchObject({ route: "recovery" });
    expect(await pool("web01")).toBe("drain");
    const refused = await raicho.ask(`/v1/inquiries/${question.id}`, {
      method: "PUT",
      body: { response: { continue: "perhaps" } },
    });
    expect(refused.status).toBe(400);
    const answered = await raicho.ask(`/v1/inquiries/${question.id}`, {
      method: "PUT",
      body: { response: { continue: true } },
    });
    expect(answered.status).toBe(200);
    await quiet(raicho);
    expect(await pool("web01")).toBe("ready");
    expect(zoneHas(web01.record)).toBe(web01.address);
    expect((await history(web01.host))[0]).toMatchObject({
      reason: expect.stringContaining("recovered") as string,
      changes: [{ attribute: "status", before: "failed", after: "active" }],
    });
    expect(tickets(site)).toHaveLength(1);
    expect(tickets(site)[0]?.comments.slice(-4)).toEqual([
      expect.stringMatching(
        /^Recovered at .*\nThe machine is out of service; it comes back after approval\.$/,
      ),
      "DNS: web01.example.test A 192.0.2.1 is back",
      "HAProxy: web/web01 takes traffic again",
      "Inventory: status set to active. Back in service.",
    ]);
    expect((await alertOf(raicho, web01.host))?.status).toBe("resolved");
  }

  async function history(host: string): Promise<readonly object[]> {
    const found = await raicho.get<{ host: { id: string } }>(`/api/v2/inventory/hosts?q=${host}`);
    const { revisions } = await raicho.get<{ revisions: object[] }>(
      `/api/v2/inventory/entries/${found.host.id}/history`,
    );
    return revisions;
  }

  test("JIRA away: the machine is taken out all the same, ticket and notes follow", async () => {
    const comesBack = site.jira.refuse("/rest/api/3/issue", Number.POSITIVE_INFINITY, 503);
    await raicho.send(nagiosMail({ host: web02.host }));
    await eventually("the drain", async () => (await pool("web02")) === "drain");
    await eventually("the record to go", () => zoneHas(web02.record) === "");
    expect(tickets(site, `${web02.host}/HTTP`)).toEqual([]);
    comesBack();
    await quiet(raicho);
    expect(tickets(site, `${web02.host}/HTTP`)).toMatchObject([
      {
        comments: [
          "HAProxy: web/web02 drained, no new traffic",
          `DNS: ${web02.record} A ${web02.address} removed`,
          "Inventory: status set to failed",
        ],
      },
    ]);
  }, 90_000);

  test("a machine that nobody owns, and one that nobody knows, go to the leader", async () => {
    await raicho.send(nagiosMail({ host: "orphan.auction" }));
    await raicho.send(nagiosMail({ host: "unheard-of.auction" }));
    await quiet(raicho);
    for (const host of ["orphan.auction", "unheard-of.auction"]) {
      const [ticket, ...more] = tickets(site, `${host}/HTTP`);
      expect(more).toEqual([]);
      expect(ticket).toMatchObject({
        assignee: accounts.leader,
        labels: expect.arrayContaining(["owner-unknown"]) as string[],
      });
    }
  });

  test("a mail that no parser knows becomes a ticket for the leader", async () => {
    const mail = `From: someone@example.jp\nTo: sys-alert@example.jp\nSubject: strange noises\nMessage-Id: <noise-1@example.jp>\n\nPlease look.\n`;
    await raicho.send(mail);
    await raicho.send(mail);
    await quiet(raicho);
    const [ticket, ...more] = tickets(site, "strange noises");
    expect(more).toEqual([]);
    expect(ticket).toMatchObject({
      summary: "[UNPARSED] strange noises",
      assignee: accounts.leader,
      description: expect.stringContaining("Please look.") as string,
    });
    const made = await raicho.get<Execution[]>(
      "/v1/executions?action=default.unparsed_to_ticket&include_attributes=status,result",
    );
    expect(made).toMatchObject([{ result: { output: { ticket: ticket?.key } } }]);
  });

  describe.skipIf(!existsSync(corpus))("other senders", () => {
    test.each([
      ["Icinga 2", "icinga2-2.13.6/service-1.eml", "web01"],
      ["Alertmanager's mail", "alertmanager-0.25.0/mail3.eml", "web0"],
      ["hand-written Japanese", "ja/iso2022jp-7bit.eml", "web012"],
    ])("%s", async (_name, file, words) => {
      const before = new Set(tickets(site).map(({ key }) => key));
      expect(await raicho.send(readFileSync(`${corpus}/${file}`))).toMatchObject({ code: 250 });
      await quiet(raicho);
      const made = tickets(site).filter(({ key }) => !before.has(key));
      expect(made.length).toBeGreaterThan(0);
      for (const { summary, description } of made) {
        expect(summary).not.toContain("[UNPARSED]");
        expect(`${summary}\n${description}`).toContain(words);
      }
    });

    test("Alertmanager's webhook, with a token and once per group", async () => {
      const body = readFileSync(`${corpus}/alertmanager-0.25.0/hook5.json`, "utf8");
      const anonymous = await plainRequest(`${raicho.url}/v1/webhooks/alerts`, {
        method: "POST",
        body,
      });
      expect(anonymous.status).toBe(401);
      const before = tickets(site).length;
      const { status } = await raicho.ask("/v1/webhooks/alerts", { method: "POST", body });
      expect(status).toBe(202);
      await quiet(raicho);
      const { alerts: sent } = JSON.parse(body) as { alerts: { status: string }[] };
      const firing = sent.filter((alert) => alert.status === "firing").length;
      expect(tickets(site).length - before).toBeLessThanOrEqual(firing);
    });
  });
});

describe("with nothing configured", () => {
  let raicho: Raicho;
  let under: Ground;
  beforeAll(async () => {
    under = await external();
    raicho = await startRaicho({ env: under.env });
  }, 90_000);
  afterAll(async () => {
    await raicho.stop();
    await under[Symbol.asyncDispose]();
  });

  test("every step says so, nothing is retried for ever, and the alert stays visible", async () => {
    await raicho.send(nagiosMail({ host: "web01.auction" }));
    await eventually("the alert", async () => alertOf(raicho, "web01.auction"));
    await quiet(raicho);
    expect(await alertOf(raicho, "web01.auction")).toMatchObject({
      count: 1,
      status: "open",
      ticket: "tk1",
    });
    // The ticket is wanted, and made as soon as somebody configures JIRA.
    const wanted = await eventually("the desk to find out", async () => {
      const ticket = await raicho.get<{ state: string; error: string | null }>(
        "/api/v2/tickets/tk1",
      );
      return ticket.error === null ? undefined : ticket;
    });
    expect(wanted).toMatchObject({
      state: "intent",
      error: "jira is not configured: set url in <configs>/jira.yaml",
    });
    for (const [action, parameters, words] of [
      [
        "haproxy.server_state",
        { backend: "web", server: "web01", state: "drain" },
        "haproxy is not configured",
      ],
      [
        "dns_rfc2136.record_delete",
        { zone: "example.test", name: "web01", type: "A" },
        "dns_rfc2136 is not configured",
      ],
    ] as const) {
      const { body } = await raicho.ask("/v1/executions", {
        method: "POST",
        body: { action, parameters },
      });
      const { id } = body as Execution;
      await quiet(raicho);
      const ended = await raicho.get<Execution>(`/v1/executions/${id}`);
      expect(ended.status).toBe("failed");
      expect(JSON.stringify(ended.result)).toContain(words);
    }
  });
});
