import { describe, expect, test } from "vitest";
import { createHash } from "node:crypto";
import { failed, nasty, useJira } from "../support/jira-setup.ts";

describe.each(["cloud", "dc"] as const)("on %s", (deployment) => {
  const { fake, packs, run, result, create } = useJira(deployment);

  test("the files of the pack are sound", () => {
    const ours = packs().problems.filter(({ file }) => file?.includes("packs/jira"));
    expect(ours).toEqual([]);
  });

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
      url: `${fake().url}/browse/OPS-1`,
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
    expect(fake().log.filter(({ method }) => method === "POST")).toHaveLength(1);
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
      expect(fake().issues.size).toBe(1);
    },
  );

  test("a later attempt finds the ticket of the first, also when the search lags behind", async () => {
    const first = await create();
    expect(await create({}, { attempt: 2 })).toMatchObject({ key: first["key"], created: false });
    fake().lag(1_200);
    const second = await create({ summary: "second" }, { idempotencyKey: "other" });
    expect(
      await create({ summary: "second" }, { idempotencyKey: "other", attempt: 2 }),
    ).toMatchObject({ key: second["key"], created: false });
    expect(fake().issues.size).toBe(2);
  });

  test("an answer that is lost makes no second ticket", async () => {
    fake().dropAnswers(1);
    fake().lag(700);
    expect(await create()).toMatchObject({ key: "OPS-1" });
    expect(fake().issues.size).toBe(1);
  });

  test("a worker killed between creation and record makes no second ticket", async () => {
    const controller = new AbortController();
    fake().lag(60_000);
    fake().dropAnswers(1);
    const lost = run("create_issue", { summary: "s" }, { signal: controller.signal });
    await expect.poll(() => fake().issues.size).toBe(1);
    controller.abort(new Error("killed"));
    expect((await lost).status).toBe("canceled");
    fake().lag(0);
    expect(await create({ summary: "s" }, { attempt: 2 })).toMatchObject({
      key: "OPS-1",
      created: false,
    });
    expect(fake().issues.size).toBe(1);
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
      failed("(404)"),
    );
    expect(await run("create_issue", { summary: "x", type: "サブタスク" })).toMatchObject(
      failed("parent: Issue type is a sub-task"),
    );
  });
});
