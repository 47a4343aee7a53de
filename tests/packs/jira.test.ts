import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startJiraFake, type JiraFake } from "../support/jira-fake.ts";
import { jiraSchemaExists } from "../support/jira-schema.ts";
import { shippedPackActions, type ShippedPacks } from "../support/shipped-packs.ts";

if (!jiraSchemaExists)
  process.stderr.write("jira: ../shared/openapi is absent, the fake judges fields only\n");

let packs: ShippedPacks;
beforeAll(async () => {
  packs = await shippedPackActions();
});
afterAll(() => packs.close());

test("its files are sound", () => {
  expect(packs.problems.filter(({ file }) => file?.includes("packs/jira"))).toEqual([]);
});

const nasty = `障害 "q" 'q' {{ x }} <% y %> {code}c{code} *b* [l|http://x] $(id) \`id\` \\ <b>&amp; 𠮷`;

describe.each(["cloud", "dc"] as const)("on %s", (deployment) => {
  let jira: JiraFake;
  let config: Record<string, unknown>;
  beforeEach(async () => {
    jira = await startJiraFake({ deployment });
    const login =
      deployment === "cloud"
        ? { auth_method: "api_token", username: jira.user }
        : { auth_method: "pat" };
    config = {
      url: `${jira.url}/`,
      ...login,
      token: jira.token,
      project: "OPS",
      deployment: "auto",
      max_wait: 5,
    };
  });
  afterEach(() => jira.stop());

  const run = (action: string, parameters = {}, more = {}) =>
    packs.run(`jira.${action}`, parameters, { config, ...more });
  const result = async (action: string, parameters = {}, more = {}) => {
    const outcome = await run(action, parameters, more);
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: "succeeded" });
    return outcome.result as Record<string, unknown>;
  };
  const error = (text: string) => ({
    status: "failed",
    result: { error: expect.stringContaining(text) as string },
  });
  const create = (parameters = {}, more = {}) =>
    result("create_issue", { summary: "web01 is down", ...parameters }, more);

  test("creates an issue with everything set at once", async () => {
    const created = await create({
      summary: nasty,
      description: `${nasty}\n\n${nasty}\nend`,
      type: "Bug",
      assignee: "alice@example.com",
      extra_fields: {
        priority: { name: "High" },
        labels: ["web"],
        components: [{ name: "DNS" }],
        customfield_10010: "log\nline",
        customfield_10011: "R12345",
        customfield_10012: 3,
        duedate: "2026-11-24",
      },
    });
    const label = `raicho-${createHash("sha256").update("65a000000000000000000001").digest("hex").slice(0, 16)}`;
    expect(created).toMatchObject({
      key: "OPS-1",
      url: `${jira.url}/browse/OPS-1`,
      summary: nasty,
      description: `${nasty}\n\n${nasty}\nend`,
      type: "Bug",
      status: "To Do",
      priority: "High",
      labels: ["web", label],
      assignee: "Alice 山田",
      created: true,
      assignee_note: null,
      idempotency_label: label,
    });
    expect(jira.log.filter(({ method }) => method === "POST")).toHaveLength(1);
    expect(label).toMatch(/^raicho-[0-9a-f]{16}$/);
  });

  test("a summary with lines or too long, and no description, still make an issue", async () => {
    expect(await create({ summary: "a\r\nb\nc" })).toMatchObject({
      summary: "a b c",
      description: null,
    });
    const { summary } = await create({ summary: "𠮷".repeat(200) });
    expect(summary).toBe(`${"𠮷".repeat(127)}…`);
  });

  test.each([
    [
      "nobody@example.com",
      "leader",
      "The Leader",
      '"nobody@example.com" cannot be assigned issues of OPS. Assigned to "leader" instead.',
    ],
    [
      "gone",
      "leader@example.com",
      "The Leader",
      '"gone" cannot be assigned issues of OPS. Assigned to "leader@example.com" instead.',
    ],
    [
      "blocked",
      "leader",
      "The Leader",
      `JIRA refused to assign "blocked": User 'Blocked Person' cannot be assigned issues.. Assigned to "leader" instead.`,
    ],
    [
      "blocked",
      null,
      null,
      `JIRA refused to assign "blocked": User 'Blocked Person' cannot be assigned issues.. Nobody is assigned.`,
    ],
    [
      "gone",
      "nobody",
      null,
      '"gone" cannot be assigned issues of OPS; "nobody" cannot be assigned issues of OPS. Nobody is assigned.',
    ],
  ])(
    "assignee %s, fallback %s: the ticket is there and says why",
    async (assignee, fallback, name, note) => {
      const created = await create({ assignee, fallback_assignee: fallback, description: "text" });
      expect(created).toMatchObject({
        assignee: name,
        assignee_note: note,
        description: `text\n\n${note}`,
      });
      expect(jira.issues.size).toBe(1);
    },
  );

  test("a later attempt finds the ticket of the first, also when the search lags behind", async () => {
    const first = await create();
    expect(await create({}, { attempt: 2 })).toMatchObject({ key: first["key"], created: false });
    jira.lag(1_200);
    const second = await create({ summary: "second" }, { idempotencyKey: "other" });
    expect(
      await create({ summary: "second" }, { idempotencyKey: "other", attempt: 2 }),
    ).toMatchObject({ key: second["key"], created: false });
    expect(jira.issues.size).toBe(2);
  });

  test("an answer that is lost makes no second ticket", async () => {
    jira.dropAnswers(1);
    jira.lag(700);
    expect(await create()).toMatchObject({ key: "OPS-1" });
    expect(jira.issues.size).toBe(1);
  });

  test("a worker killed between creation and record makes no second ticket", async () => {
    const controller = new AbortController();
    jira.lag(60_000);
    jira.dropAnswers(1);
    const lost = run("create_issue", { summary: "s" }, { signal: controller.signal });
    await expect.poll(() => jira.issues.size).toBe(1);
    controller.abort(new Error("killed"));
    expect((await lost).status).toBe("canceled");
    jira.lag(0);
    expect(await create({ summary: "s" }, { attempt: 2 })).toMatchObject({
      key: "OPS-1",
      created: false,
    });
    expect(jira.issues.size).toBe(1);
  });

  test("an explicit key answers the same issue to another execution", async () => {
    const key = { idempotency_key: "alert-7-2026-11-21" };
    await create(key, { idempotencyKey: "a" });
    expect(await create(key, { idempotencyKey: "b" })).toMatchObject({
      key: "OPS-1",
      created: false,
    });
    expect(await create({ idempotency_key: "alert-8" })).toMatchObject({
      key: "OPS-2",
      created: true,
    });
  });

  test("makes sub-tasks of the project's own type, once", async () => {
    await create();
    const sub = await result(
      "create_subtask",
      { parent: "OPS-1", summary: "DNS登録", assignee: "alice" },
      { idempotencyKey: "s" },
    );
    expect(sub).toMatchObject({
      key: "OPS-2",
      parent: "OPS-1",
      type: "サブタスク",
      assignee: "Alice 山田",
      created: true,
    });
    expect(
      await result(
        "create_subtask",
        { parent: "OPS-1", summary: "DNS登録" },
        { idempotencyKey: "s", attempt: 2 },
      ),
    ).toMatchObject({ key: "OPS-2", created: false });
    expect(await result("get_issue", { issue_key: "OPS-1", include_subtasks: true })).toMatchObject(
      { subtasks: [{ key: "OPS-2", summary: "DNS登録" }] },
    );
    expect(await run("create_subtask", { parent: "OPS-9", summary: "x" })).toMatchObject(
      error("(404)"),
    );
    expect(await run("create_issue", { summary: "x", type: "サブタスク" })).toMatchObject(
      error("parent: Issue type is a sub-task"),
    );
  });

  test("comments as written, and once over attempts", async () => {
    await create();
    expect(
      await result("comment_issue", { issue_key: "OPS-1", comment_text: nasty }),
    ).toMatchObject({ id: "1000", body: nasty, author: "Raicho" });
    expect(
      await result("comment_issue", { issue_key: "OPS-1", comment_text: nasty }, { attempt: 2 }),
    ).toMatchObject({ id: "1000" });
    await result("comment_issue", { issue_key: "OPS-1", comment_text: "two" });
    expect(await result("get_issue_comments", { issue_key: "OPS-1" })).toMatchObject([
      { body: "two" },
      { body: nasty },
    ]);
    expect(await result("get_issue", { issue_key: "OPS-1", include_comments: true })).toMatchObject(
      { comments: [{ body: nasty }, { body: "two" }] },
    );
  });

  test("takes transitions by id, by name and by status; what is done stays done", async () => {
    await create();
    const byName = (name: string, more = {}) =>
      run("transition_issue_by_name", { issue: "OPS-1", transition_name: name }, more);
    expect(await result("transition_issue", { issue_key: "OPS-1", transition: "11" })).toEqual({
      issue_key: "OPS-1",
      status: "In Progress",
      transition: "Start Progress",
      changed: true,
    });
    expect(await byName("resolve")).toMatchObject({ result: { status: "Done", changed: true } });
    expect(await byName("Done")).toMatchObject({ status: "succeeded", result: { changed: false } });
    expect(await byName("Resolve", { attempt: 2 })).toMatchObject({
      status: "succeeded",
      result: { changed: false },
    });
    expect(await byName("Start Progress")).toMatchObject(
      error(
        'OPS-1 in status "Done" has no transition "Start Progress"; there are: 31 "Reopen" (to To Do)',
      ),
    );
    expect(await byName("To Do")).toMatchObject({ result: { status: "To Do" } });
  });

  test("searches over pages, in bounds only", async () => {
    for (let n = 1; n <= 8; n += 1)
      await create(
        { summary: `issue ${n}`, extra_fields: { labels: n % 2 ? ["odd"] : [] } },
        { idempotencyKey: String(n) },
      );
    const found = async (parameters: object) =>
      ((await result("search_issues", parameters)) as unknown as { summary: string }[]).map(
        ({ summary }) => summary,
      );
    expect(await found({ query: "project = OPS" })).toHaveLength(8);
    expect(await found({ query: 'project = "OPS" AND labels = odd ORDER BY created' })).toEqual([
      "issue 1",
      "issue 3",
      "issue 5",
      "issue 7",
    ]);
    expect(await found({ query: "project = OPS", start_at: 2, max_results: 4 })).toEqual([
      "issue 3",
      "issue 4",
      "issue 5",
      "issue 6",
    ]);
    expect(await run("search_issues", { query: " ORDER BY created" })).toMatchObject(
      error("the query must restrict the search"),
    );
    expect(await run("search_issues", { query: "nonsense = 1" })).toMatchObject(
      error("Field 'nonsense' does not exist"),
    );
  });

  test("assigns, labels and sets fields by their own kind", async () => {
    await create();
    const assign = { issue: "OPS-1", assignee: "Alice 山田" };
    const id = deployment === "cloud" ? "5b10ac8d82e05b22cc7d4e02" : "alice";
    expect(await result("assign_issue", assign)).toEqual({
      issue_key: "OPS-1",
      assignee: id,
      changed: true,
    });
    expect(await result("assign_issue", assign)).toMatchObject({ changed: false });
    expect(
      await result("assign_issue", { issue: "OPS-1", assignee: "5b10ac8d82e05b22cc7d4e03" }),
    ).toMatchObject({ changed: true });
    expect(await run("assign_issue", { issue: "OPS-1", assignee: "gone" })).toMatchObject(
      error('"gone" is not exactly one user'),
    );
    expect(await result("add_label", { issue_key: "OPS-1", label: "night" })).toMatchObject({
      changed: true,
    });
    expect(await result("add_label", { issue_key: "OPS-1", label: "night" })).toMatchObject({
      changed: false,
    });
    const set = (field: string, value: string) =>
      result("update_field_value", { issue_key: "OPS-1", field, value });
    expect(await set("priority", "Low")).toMatchObject({ priority: "Low" });
    expect(await set("labels", "a b, c")).toMatchObject({ labels: ["a", "b", "c"] });
    expect(await set("Description", nasty)).toMatchObject({ description: nasty });
    await set("Response log", "line");
    await set("components", "DNS, Web");
    await set("Effort", "2.5");
    await set("assignee", "leader");
    expect(jira.issues.get("OPS-1")?.values).toMatchObject({
      components: [{ name: "DNS" }, { name: "Web" }],
      customfield_10012: 2.5,
    });
    expect(
      await run("update_field_value", { issue_key: "OPS-1", field: "Bogus", value: "x" }),
    ).toMatchObject(
      error('has no field "Bogus" that can be edited; there are: summary, description'),
    );
  });

  test("waits as JIRA asks, and no longer than allowed", async () => {
    jira.refuse("/issue", 1, 429, "1");
    jira.refuse("/issue", 1, 503, "1");
    const from = performance.now();
    expect(await create()).toMatchObject({ key: "OPS-1" });
    expect(performance.now() - from).toBeGreaterThan(1_900);
    jira.refuse("/issue", 1, 429, "600");
    expect(await run("create_issue", { summary: "x" })).toMatchObject(
      error("it asks to wait 600 s, and at most 5 s are allowed (max_wait in <configs>/jira.yaml)"),
    );
    jira.refuse("/issue", 1, 429, new Date(Date.now() + 1_500).toUTCString());
    expect(await create({}, { idempotencyKey: "n" })).toMatchObject({ key: "OPS-2" });
  });

  test("a wait ends when the action is canceled", async () => {
    jira.refuse("/issue", 1, 429, "4");
    const controller = new AbortController();
    const waiting = run("create_issue", { summary: "x" }, { signal: controller.signal });
    await expect.poll(() => jira.log.some(({ status }) => status === 429)).toBe(true);
    const from = performance.now();
    controller.abort(new Error("enough"));
    expect(await waiting).toMatchObject({ status: "canceled" });
    expect(performance.now() - from).toBeLessThan(1_000);
  });

  test("a fault of the server is tried again where that is safe", async () => {
    await create();
    jira.refuse("/issue/OPS-1", 2, 500);
    expect(await result("get_issue", { issue_key: "OPS-1" })).toMatchObject({ key: "OPS-1" });
    jira.refuse("/comment", 1, 500);
    expect(await run("comment_issue", { issue_key: "OPS-1", comment_text: "x" })).toMatchObject(
      error("may or may not have done POST"),
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
    const changed = { config: { ...config, ...change } };
    expect(await run("create_issue", { summary: "x" }, changed)).toMatchObject(error(text));
    expect(jira.issues.size).toBe(0);
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
      error("issuetype: Specify a valid issue type"),
    );
    expect(await run("create_issue", { summary: "x", project: "NO" })).toMatchObject(
      error("project: Specify a valid project ID or key"),
    );
  });

  test.skipIf(!jiraSchemaExists || deployment === "dc")(
    "the fake refuses what Atlassian's documents refuse",
    async () => {
      const headers = {
        authorization: `Basic ${Buffer.from(`${jira.user}:${jira.token}`).toString("base64")}`,
        "content-type": "application/json",
      };
      const post = async (path: string, body: unknown) => {
        const response = await fetch(`${jira.url}/rest/api/3${path}`, {
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
      expect((await fetch(`${jira.url}/rest/api/3/issue/OPS-1?bogus=1`, { headers })).status).toBe(
        400,
      );
    },
  );
});
