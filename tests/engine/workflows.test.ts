import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request } from "../../src/engine/request.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { testEngine, testRunner } from "../support/engine.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const chain = `
version: 1.0
tasks:
  a: { action: core.noop, next: [{ when: <% succeeded() %>, publish: [{ x: 1 }], do: b }] }
  b: { action: core.noop, next: [{ when: <% succeeded() %>, do: c }] }
  c: { action: core.noop }
output:
  - x: <% ctx().x %>
`;

const children = (parent: string) =>
  database.db
    .selectFrom("execution")
    .select(["task_key", "status", "attempt"])
    .where("parent", "=", parent)
    .orderBy("id")
    .execute();

describe("workflows on the ledger", () => {
  test("a chain of pure steps ends with its output and a row per step", async () => {
    await using engine = testEngine(database.url, {
      content: { workflows: { "test.chain": chain } },
    });
    const id = await request(engine.core, {
      action: "test.chain",
      parameters: {},
      context: { user: "admin" },
    });
    expect(await engine.ended(id)).toEqual({ status: "succeeded", result: { output: { x: 1 } } });
    expect(
      (await children(id)).map(({ task_key, status }) => [task_key?.split(":")[0], status]),
    ).toEqual([
      ["a", "succeeded"],
      ["b", "succeeded"],
      ["c", "succeeded"],
    ]);
  });

  test("a runner's failure reaches the workflow, its text in the errors", async () => {
    const runner = testRunner(() =>
      Promise.resolve({ status: "failed", result: { error: "no route" } }),
    );
    await using engine = testEngine(database.url, {
      content: {
        actions: { "test.act": { runner: "test" } },
        workflows: { "test.w": "version: 1.0\ntasks:\n  t: { action: test.act }\n" },
      },
      runners: [runner],
    });
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    const { status, result } = await engine.ended(id);
    expect(status).toBe("failed");
    expect(JSON.stringify(result)).toContain("no route");
  });

  test("parallel children through the queue join once", async () => {
    const runner = testRunner((call) =>
      Promise.resolve({ status: "succeeded", result: { n: call.parameters["n"] } }),
    );
    const branches = Array.from(
      { length: 20 },
      (_, n) => `  b${n}: { action: test.act, input: { n: ${n} }, next: [{ do: end }] }`,
    ).join("\n");
    const starts = Array.from({ length: 20 }, (_, n) => `b${n}`).join(", ");
    const text = `version: 1.0\ntasks:\n  s: { action: core.noop, next: [{ do: "${starts}" }] }\n${branches}\n  end: { action: core.noop, join: all }\n`;
    await using engine = testEngine(database.url, {
      slotCount: 3,
      content: {
        actions: { "test.act": { runner: "test", parameters: { n: {} } } },
        workflows: { "test.w": text },
      },
      runners: [runner],
    });
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    expect((await engine.ended(id)).status).toBe("succeeded");
    const rows = await children(id);
    expect(rows).toHaveLength(22);
    expect(rows.filter(({ task_key }) => task_key?.startsWith("end:"))).toHaveLength(1);
    expect(rows.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test("an unknown action fails the workflow with its name", async () => {
    await using engine = testEngine(database.url, {
      content: { workflows: { "test.w": "version: 1.0\ntasks:\n  t: { action: no.such }\n" } },
    });
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    const { status, result } = await engine.ended(id);
    expect(status).toBe("failed");
    expect(JSON.stringify(result)).toContain("no.such");
  });

  test("a sub-workflow is a task", async () => {
    const outer =
      "version: 1.0\ntasks:\n  t: { action: test.chain, next: [{ publish: [{ y: <% result().output.x %> }] }] }\noutput: [{ y: <% ctx().y %> }]\n";
    await using engine = testEngine(database.url, {
      content: { workflows: { "test.chain": chain, "test.outer": outer } },
    });
    const id = await request(engine.core, { action: "test.outer", parameters: {}, context: {} });
    expect(await engine.ended(id)).toEqual({ status: "succeeded", result: { output: { y: 1 } } });
  });
});
