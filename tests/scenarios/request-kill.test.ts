/** Pre-work while everything is killed and started again, and JIRA loses its answers: no sub-ticket is lost, none is there twice. */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { plainRequest } from "../support/raicho.ts";
import { prepared, type RequestSite, startRequestSite } from "../support/requests-site.ts";
import { external, type Ground } from "./ground.ts";

const ready = ["git", "sshd"].map(needs).every(Boolean);
const description =
  "server: web01\nfqdn: shop.example.test\nzone: example.test\naddress: 192.0.2.7\nenv: prod";
const secret = "webhook secret";

describe.runIf(ready)("pre-work and trouble", () => {
  let under: Ground;
  let site: RequestSite;
  beforeAll(async () => {
    under = await external();
    site = await startRequestSite({ env: under.env });
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await under[Symbol.asyncDispose]();
  }, 60_000);

  /** How far the preparation of a request came. */
  const stages: readonly (readonly [name: string, reached: (key: string) => boolean])[] = [
    ["before it was seen", () => true],
    ["at the first sub-ticket", (key) => site.subTickets(key).length >= 1],
    ["when all sub-tickets are there", (key) => site.subTickets(key).length >= 3],
    [
      "at the first results",
      (key) => site.subTickets(key).some(({ comments }) => comments.length > 0),
    ],
  ];

  test.each(stages)(
    "F6: everything is killed %s",
    async (_name, reached) => {
      const key = await site.request({ description });
      await eventually("that moment", () => reached(key), { seconds: 90, everyMs: 10 });
      for (const pid of [site.raicho.pid, ...site.raicho.family()])
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It went with the others.
        }
      await site.raicho.ended;
      await site.restart();
      const subs = await prepared(site, key, 3);
      expect(subs.map(({ summary }) => summary).toSorted()).toEqual([
        "DNS登録",
        "Webサーバ設定",
        "監視登録",
      ]);
      await eventually(
        "the preparation to end",
        async () => {
          const running = await site.raicho.get<unknown[]>(
            "/v1/executions?action=runbook.prework&status=running",
          );
          return running.length === 0;
        },
        { seconds: 90 },
      );
      expect(site.subTickets(key)).toHaveLength(3);
      for (const { comments } of site.subTickets(key)) expect(comments).toHaveLength(1);
    },
    240_000,
  );

  test("F6: JIRA loses the answers to creations", async () => {
    site.jira.dropAnswers(2);
    const key = await site.request({ description }).catch(() => undefined);
    const asked =
      key ?? (await eventually("the request", () => [...site.jira.issues.keys()].at(-1)));
    await prepared(site, asked, 3);
    expect(site.subTickets(asked)).toHaveLength(3);
  }, 240_000);

  test("F1: a signed webhook names a request; one without a signature is not let in", async () => {
    const at = site.raicho.url;
    await site.raicho.ask("/v1/keys/jira_webhook", {
      method: "PUT",
      body: { name: "jira_webhook", value: secret },
    });
    const set = await site.raicho.ask("/api/v2/webhooks/requests/jira", {
      method: "PUT",
      body: {
        scheme: "hmac",
        header: "X-Hub-Signature",
        algorithm: "sha256",
        encoding: "hex",
        prefix: "sha256=",
        secret_key: "jira_webhook",
      },
    });
    expect([set.status, set.body]).toMatchObject([200, {}]);
    const key = await site.request({ description });
    const body = JSON.stringify({ webhookEvent: "jira:issue_created", issue: { key } });
    const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const send = (value: string) =>
      plainRequest(`${at}/v1/webhooks/requests/jira`, {
        method: "POST",
        body,
        headers: { "x-hub-signature": value },
      });
    expect((await send("sha256=00")).status).toBe(401);
    expect((await send(signature)).status).toBe(202);
    await prepared(site, key, 3);
    const looked = await site.raicho.get<{ status: string }[]>(
      "/v1/executions?action=runbook.look_at_request",
    );
    expect(looked.length).toBeGreaterThanOrEqual(1);
    expect(site.subTickets(key)).toHaveLength(3);
  }, 120_000);
});
