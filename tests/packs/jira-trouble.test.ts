import { describe, expect, test } from "vitest";
import { failed, useJira } from "../support/jira-setup.ts";
import { jiraSchemaExists } from "../support/jira-schema.ts";
import { busyMs } from "../support/eventually.ts";

describe.each(["cloud", "dc"] as const)("on %s", (deployment) => {
  const { fake, config, run, result, create } = useJira(deployment);

  test("waits as JIRA asks, and no longer than allowed", async () => {
    fake().refuse("/issue", 1, 429, "1");
    fake().refuse("/issue", 1, 503, "1");
    const from = performance.now();
    expect(await create()).toMatchObject({ key: "OPS-1" });
    expect(performance.now() - from).toBeGreaterThan(1_900);
    fake().refuse("/issue", 1, 429, "600");
    expect(await run("create_issue", { summary: "x" })).toMatchObject(
      failed(
        "it asks to wait 600 s, and at most 5 s are allowed (max_wait in <configs>/jira.yaml)",
      ),
    );
    fake().refuse("/issue", 1, 429, new Date(Date.now() + 1_500).toUTCString());
    expect(await create({}, { idempotencyKey: "n" })).toMatchObject({ key: "OPS-2" });
  });

  test("a wait ends when the action is canceled", async () => {
    fake().refuse("/issue", 1, 429, "4");
    const controller = new AbortController();
    const waiting = run("create_issue", { summary: "x" }, { signal: controller.signal });
    await expect.poll(() => fake().log.some(({ status }) => status === 429)).toBe(true);
    const from = performance.now();
    controller.abort(new Error("enough"));
    expect(await waiting).toMatchObject({ status: "canceled" });
    expect(performance.now() - from).toBeLessThan(busyMs(2_000));
  });

  test("a fault of the server is tried again where that is safe", async () => {
    await create();
    fake().refuse("/issue/OPS-1", 2, 500);
    expect(await result("get_issue", { issue_key: "OPS-1" })).toMatchObject({ key: "OPS-1" });
    fake().refuse("/comment", 1, 500);
    expect(await run("comment_issue", { issue_key: "OPS-1", comment_text: "x" })).toMatchObject(
      failed("may or may not have done POST"),
    );
  });

  test.each([
    [{ url: undefined }, "jira is not configured: set url in <configs>/jira.yaml"],
    [{ url: "" }, "jira is not configured: set url in <configs>/jira.yaml"],
    [{ token: undefined }, "jira is not configured: set token in <configs>/jira.yaml"],
    [
      { auth_method: "api_token", username: undefined },
      "jira is not configured: set username in <configs>/jira.yaml",
    ],
    [{ project: undefined }, "give the parameter project, or set project in <configs>/jira.yaml"],
    [{ url: "jira" }, 'url in <configs>/jira.yaml is no http or https URL: "jira"'],
    [{ token: "wrong" }, "Check auth_method, username and token in <configs>/jira.yaml."],
    [
      { url: "http://127.0.0.1:65001", deployment: "cloud" },
      "jira cannot be used for POST /rest/api/3/issue: connect ECONNREFUSED",
    ],
  ])("configuration %j is explained", async (change, text) => {
    const changed = { config: { ...config(), ...change } };
    expect(await run("create_issue", { summary: "x" }, changed)).toMatchObject(failed(text));
    expect(fake().issues.size).toBe(0);
  });

  test("what JIRA does not take is told field by field", async () => {
    expect(
      await run("create_issue", {
        summary: "x",
        extra_fields: { bogus: 1, priority: { name: "Urgent" } },
      }),
    ).toMatchObject({
      status: "failed",
      result: {
        error: expect.stringContaining("bogus: Field 'bogus' cannot be set.") as string,
        status_code: 400,
        errors: { priority: "The value 'Urgent' is not valid" },
      },
    });
    expect(await run("create_issue", { summary: "x", type: "Epic" })).toMatchObject(
      failed("issuetype: Specify a valid issue type"),
    );
    expect(await run("create_issue", { summary: "x", project: "NO" })).toMatchObject(
      failed("project: Specify a valid project ID or key"),
    );
  });

  test.skipIf(!jiraSchemaExists || deployment === "dc")(
    "the fake refuses what Atlassian's documents refuse",
    async () => {
      const headers = {
        authorization: `Basic ${Buffer.from(`${fake().user}:${fake().token}`).toString("base64")}`,
        "content-type": "application/json",
      };
      const post = async (path: string, body: unknown) => {
        const response = await fetch(`${fake().url}/rest/api/3${path}`, {
          method: "POST",
          headers,
          body: JSON.stringify(body),
        });
        return [response.status, await response.text()];
      };
      const fields = { project: { key: "OPS" }, issuetype: { name: "Task" }, summary: "s" };
      expect(await post("/search/jql", { jql: "project = OPS", startAt: 0 })).toEqual([
        400,
        expect.stringContaining("startAt"),
      ]);
      expect(await post("/search/jql", { jql: "order by created" })).toEqual([
        400,
        expect.stringContaining("Unbounded JQL"),
      ]);
      expect(await post("/search", { jql: "project = OPS" })).toEqual([
        410,
        expect.stringContaining("removed"),
      ]);
      expect(await post("/issue", { fields: { ...fields, description: "text" } })).toEqual([
        400,
        expect.stringContaining("Atlassian Document"),
      ]);
      expect(
        await post("/issue", {
          fields: {
            ...fields,
            description: { type: "doc", version: 1, content: [{ type: "text", text: "x" }] },
          },
        }),
      ).toEqual([400, expect.stringContaining("Atlassian Document")]);
      expect(
        (await fetch(`${fake().url}/rest/api/3/issue/OPS-1?bogus=1`, { headers })).status,
      ).toBe(400);
    },
  );
});
