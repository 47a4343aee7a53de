/** Requests that come from a real Redmine: its categories are the components. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Documents, startDocuments } from "../support/documents.ts";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { type Raicho, startRaicho } from "../support/raicho.ts";
import { redminePresent, startRedmine } from "../support/redmine.ts";
import type { Tracker } from "../support/trackers.ts";
import { external, type Ground } from "./ground.ts";

interface Issue {
  readonly id: number;
  readonly subject: string;
  readonly description: string;
  readonly parent?: { readonly id: number };
}

describe.runIf(redminePresent && needs("git"))("requests in Redmine", () => {
  let under: Ground;
  let redmine: Tracker;
  let documents: Documents;
  let raicho: Raicho;

  beforeAll(async () => {
    under = await external();
    redmine = await startRedmine();
    documents = startDocuments();
    documents.commit({
      "runbooks/index.yaml":
        "- request: record\n  component: DNS\n  subtickets:\n    - { name: { ja: DNS登録, en: DNS record }, doc: dns/add-record.md }\n",
    });
    raicho = await startRaicho({
      env: under.env,
      configs: {
        ...redmine.configs,
        runbook: {
          url: documents.url,
          branch: "main",
          language: "ja",
          poll_seconds: 1,
          requests: { components: ["DNS"], poll_seconds: 1 },
        },
      },
    });
  }, 300_000);
  afterAll(async () => {
    await raicho.stop();
    await redmine.stop();
    documents.stop();
    await under[Symbol.asyncDispose]();
  }, 60_000);

  const ask = async <Body>(path: string, body?: object): Promise<Body> => {
    const { url: at, api_key: secret } = redmine.configs["redmine"] as Record<string, string>;
    const answer = await fetch(`${at}${path}`, {
      headers: { "X-Redmine-API-Key": secret ?? "", "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Body;
  };
  const make = async (subject: string, issue: object): Promise<string> => {
    const made = await ask<{ issue: Issue }>("/issues.json", {
      issue: { project_id: "ops", subject, ...issue },
    });
    return String(made.issue.id);
  };
  const below = async (parent: string): Promise<readonly Issue[]> =>
    (await ask<{ issues: Issue[] }>(`/issues.json?parent_id=${parent}&status_id=*`)).issues;

  test("F1 F6: an issue of a category gets its sub-issues once, one of none is no request", async () => {
    const { issue_categories: categories } = await ask<{ issue_categories: { id: number }[] }>(
      "/projects/ops/issue_categories.json",
    );
    const other = await make("not a request", { description: "hello" });
    const parent = await make("レコードを追加", {
      category_id: categories[0]?.id,
      description: "server: web01\nfqdn: shop.example.test\nzone: example.test\naddress: 192.0.2.7",
    });
    const [sub] = await eventually(
      "the sub-issue with its results",
      async () => {
        const found = await below(parent);
        const { comments = [] } =
          found[0] === undefined ? {} : await redmine.look(String(found[0].id));
        return comments.length > 0 ? found : undefined;
      },
      { seconds: 120, everyMs: 500 },
    );
    expect(sub?.subject).toBe("DNS登録");
    expect(sub?.description).toContain("shop.example.test");
    expect(sub?.description).toContain(`版: ${documents.git("rev-parse", "HEAD")}`);
    const { comments } = await redmine.look(String(sub?.id));
    // No server of that name is known: said, and nothing is stopped by it.
    expect(comments.join("\n")).toContain("[実行せず]");
    for (const _ of [1, 2]) {
      const { status } = await raicho.ask("/v1/executions", {
        method: "POST",
        body: { action: "runbook.poll_requests", parameters: {} },
      });
      expect(status).toBe(201);
    }
    const again = await make("もう一つ", {
      category_id: categories[0]?.id,
      description: "fqdn: other.example.test",
    });
    await eventually("the next one", async () => (await below(again)).length === 1, {
      seconds: 120,
      everyMs: 500,
    });
    expect(await below(parent)).toHaveLength(1);
    expect(await below(other)).toEqual([]);
    const { items } = await raicho.get<{ items: { ticket: string; covered: boolean }[] }>(
      "/api/v2/requests",
    );
    expect(items.map(({ ticket }) => ticket).toSorted()).toEqual([parent, again].toSorted());
  }, 300_000);
});
