import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { failed, nasty, useJira } from "../support/jira-setup.ts";

describe.each(["cloud", "dc"] as const)("on %s", (deployment) => {
  const { fake, run, result, create } = useJira(deployment);

  const byName = (name: string, more = {}) =>
    run("transition_issue_by_name", { issue: "OPS-1", transition_name: name }, more);
  const found = async (parameters: JsonObject) =>
    ((await result("search_issues", parameters)) as unknown as { summary: string }[]).map(
      ({ summary }) => summary,
    );

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
      failed(
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
      failed("the query must restrict the search"),
    );
    expect(await run("search_issues", { query: "nonsense = 1" })).toMatchObject(
      failed("Field 'nonsense' does not exist"),
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
      failed('"gone" is not exactly one user'),
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
    expect(fake().issues.get("OPS-1")?.values).toMatchObject({
      components: [{ name: "DNS" }, { name: "Web" }],
      customfield_10012: 2.5,
    });
    expect(
      await run("update_field_value", { issue_key: "OPS-1", field: "Bogus", value: "x" }),
    ).toMatchObject(
      failed('has no field "Bogus" that can be edited; there are: summary, description'),
    );
  });
});
