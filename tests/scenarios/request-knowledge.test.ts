/** Documents in git: only what is merged counts, corrections in one step, who keeps what, and workflows made of them. */
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runRaicho, adminPassword, plainRequest } from "../support/raicho.ts";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { prepared, type RequestSite, startRequestSite } from "../support/requests-site.ts";
import { external, type Ground } from "./ground.ts";

const ready = ["git", "sshd"].map(needs).every(Boolean);
const path = "runbooks/web/add-vhost.md";
const description =
  "server: web01\nfqdn: shop.example.test\nzone: example.test\naddress: 192.0.2.7\nenv: prod";

interface Report {
  readonly commit: string;
  readonly documents: readonly {
    document: string;
    attached: number;
    viewed: number;
    corrected: number;
    stale: boolean;
  }[];
  readonly authors: readonly { author: string; created: number; changed: number; owned: number }[];
  readonly stale: readonly string[];
}

describe.runIf(ready)("knowledge", () => {
  let under: Ground;
  let site: RequestSite;
  let automation = "";
  beforeAll(async () => {
    under = await external();
    automation = mkdtempSync(join(tmpdir(), "raicho-automation-"));
    site = await startRequestSite({ env: { ...under.env, RAICHO_PACKS: automation } });
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await under[Symbol.asyncDispose]();
    rmSync(automation, { recursive: true, force: true });
  }, 60_000);

  const documentAt = (version = "") =>
    site.raicho.get<{ version: string; text: string; changes: { author: string }[] }>(
      `/api/v2/runbooks/documents/${path}${version === "" ? "" : `?version=${version}`}`,
    );
  const report = () => site.raicho.get<Report>("/api/v2/runbooks");

  test("F3 F9 G1: only what is merged is attached, the ticket names the commit, and old versions stay readable", async () => {
    const before = await documentAt();
    const changed = before.text.replace(
      "- [ ] サーバの今の設定",
      "- [ ] 依頼の実際の要望を確かめる\n- [ ] サーバの今の設定",
    );
    const branch = "raise-question";
    site.documents.commit({ [path]: changed }, { branch, author: "sato <sato@example.jp>" });
    const first = await site.request({ description });
    const old = await prepared(site, first, 3);
    expect(old.map((sub) => sub.description).join("\n")).not.toContain(
      "依頼の実際の要望を確かめる",
    );
    const merged = site.documents.merge(branch);
    await eventually("the news of it", async () => {
      const news = await site.raicho.get<{ payload: { commit: string; files: string[] } }[]>(
        "/v1/triggerinstances?trigger_type=runbook.repo.updated",
      );
      return news.some(({ payload }) => payload.commit === merged && payload.files.includes(path));
    });
    const second = await site.request({ description });
    const fresh = await prepared(site, second, 3);
    const web = fresh.find(({ summary }) => summary === "Webサーバ設定");
    expect(web?.description).toContain("依頼の実際の要望を確かめる");
    expect(web?.description).toContain(`版: ${merged}`);
    expect((await documentAt(before.version.slice(0, 10))).text).toBe(before.text);
    expect((await documentAt()).version).toBe(merged);
  }, 180_000);

  test("G2: a document is corrected in one step from its sub-ticket, as a branch for review, and the ticket is told", async () => {
    const key = await site.request({ description });
    const subs = await prepared(site, key, 3);
    const web = subs.find(({ summary }) => summary === "Webサーバ設定");
    const link = /この文書を直す: (\S+)/.exec(web?.description ?? "")?.[1] ?? "";
    const signed = await plainRequest(`${site.raicho.url}/forms/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ name: "admin", password: adminPassword }).toString(),
    }).catch(() => undefined);
    expect(signed).toBeDefined();
    const { text, version } = await documentAt();
    expect(decodeURIComponent(new URL(link).pathname)).toBe(`/runbooks/${path}`);
    const ticket = new URL(link).searchParams.get("ticket");
    expect(ticket).toBe(key);
    const done = await site.raicho.ask("/api/v2/runbooks/proposals", {
      method: "POST",
      body: {
        document: path,
        base: version,
        text: text.replace("証明書は別", "証明書の更新は別"),
        message: "Say which",
        ticket,
      },
    });
    expect(done.status).toBe(201);
    const { branch } = done.body as { branch: string };
    site.documents.git("fetch", "-q", "origin", branch);
    expect(site.documents.git("show", `FETCH_HEAD:${path}`)).toContain("証明書の更新は別");
    expect((await documentAt()).version).toBe(version);
    await eventually("the ticket to be told", () =>
      site.jira.issues.get(key)?.comments.some(({ body }) => JSON.stringify(body).includes(branch)),
    );
    const broken = await site.raicho.ask("/api/v2/runbooks/proposals", {
      method: "POST",
      body: { document: path, base: version, text: text.replace("## 手順書", "## 手順所") },
    });
    expect(broken).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('the section "手順書" is missing') as string },
    });
  }, 180_000);

  test("G3 G4 G5 G6: who wrote and keeps what, counts per person, use of each document, and what is stale", async () => {
    const old = (await documentAt()).text.replace("2026-11-01", "2019-01-01");
    site.documents.commit(
      { [path]: old },
      { author: "sato <sato@example.jp>", message: "Go back in time" },
    );
    const found = await eventually("the stale document", async () => {
      const seen = await report();
      return seen.stale.includes(path) ? seen : undefined;
    });
    expect(found.stale).toEqual([path]);
    const web = found.documents.find(({ document }) => document === path);
    expect(web?.attached).toBeGreaterThanOrEqual(2);
    expect(web?.viewed).toBeGreaterThanOrEqual(1);
    expect(web?.corrected).toBe(1);
    expect(found.authors.find(({ author }) => author === "yamada")).toMatchObject({
      created: 6,
      owned: 2,
    });
    expect(found.authors.find(({ author }) => author === "sato")).toMatchObject({ changed: 2 });
    const picture = await site.raicho.ask("/api/v2/runbooks/report.svg?lang=ja");
    expect(picture.headers.get("content-type")).toContain("image/svg+xml");
    expect(String(picture.body)).toContain("最終確認からの日数");
  }, 120_000);

  test("J1 J2 J3 J4: a workflow is generated as a branch, disabled, lints, and runs with its approvals once it is enabled", async () => {
    const text = `---
owner: sato
reviewed_at: 2026-11-01
approvals:
  - { role: admin, ask: "Go on with <$ fields.fqdn $> {{ x }}?" }
  - { role: admin, ask: "Seen?", when: after }
---
# Say things
## TODO
- say one
\`\`\`action core.echo name=one
message: "<$ fields.fqdn $> {{ 1"
\`\`\`
- say two
\`\`\`action core.echo name=two after=one
message: two
\`\`\`
- say three
\`\`\`action core.echo after=one
message: three
\`\`\`
## Procedure
1. say
## Check commands
\`\`\`check
hostname
\`\`\`
## Special notes
none
`;
    site.documents.commit({ "runbooks/say.md": text });
    const made = await eventually("the workflow", async () => {
      const { status, body } = await site.raicho.ask("/api/v2/runbooks/workflows", {
        method: "POST",
        body: { document: "runbooks/say.md" },
      });
      return status === 201
        ? (body as { branch: string; files: Record<string, string> })
        : undefined;
    });
    site.documents.git("fetch", "-q", "origin", made.branch);
    const metadata = site.documents.git("show", "FETCH_HEAD:automation/actions/say.yaml");
    expect(metadata).toContain("enabled: false");
    const pack = join(automation, "automation");
    for (const [file, written] of Object.entries(made.files)) {
      const place = join(automation, file);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, written);
    }
    const lint = runRaicho(["lint", pack], { home: site.home });
    expect([(await lint.ended).code, lint.printed.out]).toEqual([0, "no problems\n"]);
    const start = async () =>
      site.raicho.ask("/v1/executions", {
        method: "POST",
        body: { action: "automation.say", parameters: { ticket: { key: "OPS-1", description } } },
      });
    await site.raicho.ask("/v1/packs/register", { method: "POST", body: {} });
    expect((await start()).status).toBe(400);
    writeFileSync(
      join(pack, "actions/say.yaml"),
      metadata.replace("enabled: false", "enabled: true"),
    );
    await site.raicho.ask("/v1/packs/register", { method: "POST", body: {} });
    const { id } = (await start()).body as { id: string };
    const asked: string[] = [];
    const ended = await eventually(
      "the end of the workflow",
      async () => {
        for (const inquiry of await site.raicho.get<{ id: string; schema: unknown }[]>(
          "/v1/inquiries",
        )) {
          asked.push(JSON.stringify(inquiry.schema));
          await site.raicho.ask(`/v1/inquiries/${inquiry.id}`, {
            method: "PUT",
            body: { id: inquiry.id, response: { approved: true } },
          });
        }
        const seen = await site.raicho.get<{ status: string; result: unknown }>(
          `/v1/executions/${id}`,
        );
        return ["succeeded", "failed"].includes(seen.status) ? seen : undefined;
      },
      { seconds: 90 },
    );
    expect(ended).toMatchObject({ status: "succeeded" });
    expect(asked[0]).toContain("Go on with shop.example.test {{ x }}?");
    expect(asked).toHaveLength(2);
  }, 240_000);
});
