/** E7: what is known of an alert is attached to its ticket, as it is to requests: documents from git, and what the machine says over SSH. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeAlerts } from "../support/alert-rows.ts";
import { eventually } from "../support/eventually.ts";
import { runAction, tickets } from "../support/main-job-site.ts";
import { nagiosMail } from "../support/monitor-mails.ts";
import { needs } from "../support/needs.ts";
import { prepared, type RequestSite, startRequestSite } from "../support/requests-site.ts";
import { external, type Ground } from "./ground.ts";

const ready = ["git", "sshd"].map(needs).every(Boolean);

const index = `requests: []
alerts:
  - alert: disk
    when: "$.alert.service = 'DISK'"
    subtickets:
      - { name: { ja: ディスク逼迫, en: Disk is full }, doc: alerts/disk.md }
`;
const document = `---
owner: sato
reviewed_at: 2026-11-01
---
# Disk
## TODO
- [ ] <$ alert.host_raw $> の大きなファイルを探す
## 手順書
1. 古いログを消す
## 確認コマンド
\`\`\`check timeout=10
hostname
ls /nowhere-at-all
\`\`\`
## 特殊仕様
なし
`;

function mail(service: string, minute: number): string {
  return nagiosMail({
    host: "web01",
    service,
    state: "CRITICAL",
    at: new Date(Date.UTC(2026, 10, 20, 3, minute)),
  });
}

describe.runIf(ready)("knowledge of alerts", () => {
  let under: Ground;
  let site: RequestSite;
  beforeAll(async () => {
    under = await external();
    site = await startRequestSite({
      env: under.env,
      configs: {
        ticket: {
          backend: "jira",
          language: "ja",
          defaults: { sub_type: "サブタスク" },
          coalesce_seconds: 1,
          knowledge: { kinds: ["alert", "digest"] },
        },
      },
    });
    site.documents.commit({ "runbooks/index.yaml": index, "runbooks/alerts/disk.md": document });
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await under[Symbol.asyncDispose]();
  }, 60_000);

  const ticketOf = (words: string): Promise<string> =>
    eventually(`a ticket of ${words}`, () => tickets(site, words)[0]?.key, { seconds: 60 });

  test("E7: the ticket of an alert gets the document of its kind and what its machine says, once; other alerts get nothing", async () => {
    await site.raicho.send(mail("HTTP", 0));
    const other = await ticketOf("web01/HTTP");
    await site.raicho.send(mail("DISK", 1));
    const key = await ticketOf("web01/DISK");
    const [sub] = await prepared(site, key, 1);
    expect(sub?.summary).toBe("ディスク逼迫");
    for (const part of [
      "web01 の大きなファイルを探す",
      "古いログを消す",
      `版: ${site.documents.git("rev-parse", "HEAD")}`,
    ])
      expect(sub?.description).toContain(part);
    const [results = ""] = sub?.comments ?? [];
    expect(results).toContain("[成功] hostname");
    expect(results).toContain("[失敗] ls /nowhere-at-all");
    await site.raicho.send(mail("DISK", 2));
    await eventually(
      "the repeat to be told",
      () => tickets(site, "web01/DISK").some(({ summary }) => summary.endsWith("(×2)")),
      { seconds: 60 },
    );
    expect(site.subTickets(key)).toHaveLength(1);
    expect(site.subTickets(other)).toEqual([]);
    expect(await site.raicho.get("/api/v2/runbooks")).toMatchObject({ uncovered: 0 });
  }, 240_000);

  test("E7: so does the ticket of the digest", async () => {
    await writeAlerts(String(under.env["DATABASE_URL"]), [
      {
        fingerprint: "disk-web02",
        day: "2026-11-20",
        times: ["2026-11-20T01:00:00Z"],
        document: { host_raw: "web02", service: "DISK", urgency: "business_day" },
      },
    ]);
    await runAction(site.raicho, "ticket.digest_run", { date: "2026-11-24" });
    const key = await ticketOf("disk-web02");
    const [sub] = await prepared(site, key, 1);
    expect(sub?.description).toContain("web02 の大きなファイルを探す");
  }, 240_000);
});
