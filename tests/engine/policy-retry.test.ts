import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { heartbeat } from "../../src/engine/hear.ts";
import { request } from "../../src/engine/request.ts";
import { sweep } from "../../src/engine/sweep.ts";
import type { RunCall, Runner } from "../../src/runners/runner.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { policy } from "../support/policies.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const soon = { timeout: 30_000 };

const run = (
  { core }: TestEngine,
  action: string,
  parameters: Record<string, unknown> = {},
): Promise<string> => request(core, { action, parameters, context: { user: "mia" } });

/** Fails so often, counted over all who share the list. */
const failing = (times: number, heard: RunCall[]): Runner =>
  testRunner((call) => {
    heard.push(call);
    return Promise.resolve(
      heard.length <= times
        ? { status: "failed", result: { n: heard.length } }
        : { status: "succeeded", result: { n: heard.length } },
    );
  });

describe("retry", () => {
  test("runs another execution with StackStorm's context, at most so often", async () => {
    const { action, content, ref } = policy("action.retry", {
      retry_on: "failure",
      max_retry_count: 2,
    });
    const heard: RunCall[] = [];
    await using engine = testEngine(database.url, { content, runners: [failing(9, heard)] });
    await heartbeat(engine.core, "worker");
    const id = await run(engine, action, { n: 7 });
    await expect.poll(() => heard.length, soon).toBe(3);
    const last = heard[2];
    expect((await engine.ended(String(last?.executionId))).status).toBe("failed");
    expect(last?.parameters).toEqual({ n: 7 });
    expect(last?.context).toMatchObject({
      user: "mia",
      policies: { retry: { applied_policy: ref, retry_count: 2, first_execution_id: id } },
    });
    expect(new Set(heard.map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set([id]));
  });

  test("a task of a workflow goes on with the try that succeeds", async () => {
    const { action, content } = policy("action.retry", {
      retry_on: "failure",
      max_retry_count: 5,
      delay: 0.05,
    });
    const heard: RunCall[] = [];
    const workflow = `
version: 1.0
tasks:
  a: { action: ${action}, next: [{ when: <% succeeded() %>, publish: [{ n: <% result().n %> }] }] }
output: [{ n: <% ctx().n %> }]
`;
    await using engine = testEngine(database.url, {
      content: { ...content, workflows: { "test.retried": workflow } },
      runners: [failing(2, heard)],
    });
    await heartbeat(engine.core, "worker");
    const id = await run(engine, "test.retried");
    expect(await engine.ended(id)).toEqual({
      status: "succeeded",
      result: { output: { n: 3 } },
    });
    const keys = await database.db
      .selectFrom("execution")
      .select(["task_key", "status"])
      .where("parent", "=", id)
      .orderBy("task_key")
      .execute();
    expect(keys).toEqual([
      { task_key: "a:0:1", status: "failed" },
      { task_key: "a:0:1~1", status: "failed" },
      { task_key: "a:0:1~2", status: "succeeded" },
    ]);
    expect(new Set(heard.map(({ idempotencyKey }) => idempotencyKey))).toEqual(
      new Set([`${id}:a:0:1`]),
    );
  });

  test("survives the process that saw the failure", async () => {
    const { action, content } = policy("action.retry", {
      retry_on: "failure",
      max_retry_count: 1,
      delay: 1,
    });
    const heard: RunCall[] = [];
    const first = testEngine(database.url, { name: "a", content, runners: [failing(9, heard)] });
    await heartbeat(first.core, "worker");
    // Nobody hears its rings: as if it were killed right after its commit.
    Object.assign(first.core.queue, { ring: () => Promise.resolve() });
    await first.ended(await run(first, action));
    await first[Symbol.asyncDispose]();
    await using second = testEngine(database.url, {
      name: "b",
      content,
      runners: [failing(0, heard)],
    });
    await heartbeat(second.core, "worker");
    await expect
      .poll(async () => {
        await sweep(second.core);
        return heard.length;
      }, soon)
      .toBe(2);
  });
});
