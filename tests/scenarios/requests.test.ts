/** Requests with their pre-work: a ticket in JIRA gets its sub-tickets with documents from git and what its servers say. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { runAction } from "../support/main-job-site.ts";
import { needs } from "../support/needs.ts";
import { prepared, type RequestSite, startRequestSite } from "../support/requests-site.ts";
import { external, type Ground } from "./ground.ts";

const ready = ["git", "sshd"].map(needs).every(Boolean);

const fields = (more: Readonly<Record<string, string>> = {}): string =>
  Object.entries({
    "Webサーバ (server)": "web01",
    "サブドメイン (fqdn)": "shop.example.test",
    "DNSゾーン (zone)": "example.test",
    "IPアドレス (address)": "192.0.2.7",
    "環境 (env)": "prod",
    ...more,
  })
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

describe.runIf(ready)("requests with their pre-work", () => {
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

  test("F1 F2 F4 F5 F6: a polled request of a component gets its sub-tickets with TODO, procedure, notes, commit and the results of commands, once", async () => {
    const key = await site.request({ description: fields() });
    const subs = await prepared(site, key, 3);
    expect(subs.map(({ summary }) => summary).toSorted()).toEqual([
      "DNS登録",
      "Webサーバ設定",
      "監視登録",
    ]);
    const dns = subs.find(({ summary }) => summary === "DNS登録");
    const head = site.documents.git("rev-parse", "HEAD");
    expect(dns?.component).toBe("DNS");
    expect(dns?.description).toContain(`版: ${head}`);
    for (const part of [
      "## TODO",
      "shop.example.test がまだ使われていないこと",
      "## 手順書",
      "## 特殊仕様",
      "## 承認",
    ])
      expect(dns?.description).toContain(part);
    const [results = ""] = dns?.comments ?? [];
    expect(results).toMatch(/\[成功\] hostname/);
    expect(results).toContain("- サーバ: web01");
    expect(results).toMatch(/- 終了コード: 0/);
    expect(results).toMatch(/- 実行時刻: 20\d\d-.*秒\)/);
    expect(results).toContain("未登録");
    const web = subs.find(({ summary }) => summary === "Webサーバ設定");
    expect(web?.comments[0]).toContain("df -h /");
    const again = await site.raicho.ask("/v1/executions", {
      method: "POST",
      body: { action: "runbook.poll_requests", parameters: {} },
    });
    expect(again.status).toBe(201);
    const second = await site.request({ description: fields({ "サーバ (server)": "web02" }) });
    await prepared(site, second, 3);
    expect(site.subTickets(key)).toHaveLength(3);
  }, 180_000);

  test("F5: a command that fails is shown and stops nothing, and a server that nobody knows is not asked", async () => {
    site.documents.commit({
      "runbooks/index.yaml":
        "- request: mail\n  component: Mail\n  subtickets:\n    - { name: Mail, doc: mail/move.md }\n",
      "runbooks/mail/move.md":
        "---\nowner: sato\nreviewed_at: 2026-11-01\n---\n# Move\n## TODO\n- look\n## Procedure\n1. do\n## Check commands\n```check timeout=5\nls /nowhere-at-all\nhostname\nsleep 60\n```\n## Special notes\nnone\n",
    });
    const key = await site.request({ component: "Mail", description: "server: web01, stranger" });
    const [sub] = await prepared(site, key, 1);
    const [results = ""] = sub?.comments ?? [];
    expect(results).toContain("[失敗] ls /nowhere-at-all");
    expect(results).toContain("- 終了コード: 2");
    expect(results).toContain("[成功] hostname");
    expect(results).toContain("[時間切れ] sleep 60");
    expect(results).toContain("[実行せず]");
    expect(results).toContain("stranger");
  }, 120_000);

  test("F7: a request whose component has no documents gets nothing and is counted", async () => {
    const key = await site.request({ component: "Web", summary: "something else" });
    const items = await eventually("the request to be counted", async () => {
      const found = await site.raicho.get<{
        items: { ticket: string; covered: boolean; reason: string }[];
      }>("/api/v2/requests?covered=false");
      return found.items.some(({ ticket }) => ticket === key) ? found.items : undefined;
    });
    expect(items.find(({ ticket }) => ticket === key)).toMatchObject({
      covered: false,
      reason: "no request type for the component Web",
    });
    expect(site.subTickets(key)).toEqual([]);
    // The request before it was prepared with what was merged a moment earlier: it is covered.
    expect(items.filter(({ reason }) => reason.includes("Mail"))).toEqual([]);
    expect(await site.raicho.get("/api/v2/runbooks")).toMatchObject({ uncovered: items.length });
  }, 90_000);

  test("F8: what is wrong with the index that is merged is told with line and column", async () => {
    const commit = site.documents.commit({
      "runbooks/index.yaml":
        "- request: mail\n  component: Mail\n  subtickets:\n    - { name: Mail, doc: mail/mvoe.md }\n",
    });
    const { result } = await runAction(site.raicho, "runbook.lint", {});
    expect(result).toMatchObject({
      commit,
      problems: expect.arrayContaining([
        expect.objectContaining({
          file: "runbooks/index.yaml",
          line: 4,
          column: expect.any(Number),
          message: expect.stringContaining("mail/mvoe.md"),
        }),
      ]),
    });
  }, 90_000);
});
