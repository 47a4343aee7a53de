import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { heartbeat } from "../../src/engine/hear.ts";
import { answerInquiry, cancel, request, steer } from "../../src/engine/request.ts";
import { sweep } from "../../src/engine/sweep.ts";
import { armCrashPoints } from "../../src/model/crash-points.ts";
import { forgetProcess } from "../../src/store/processes.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { testEngine, testRunner } from "../support/engine.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const actions = { "test.act": { runner: "test", parameters: { n: {} } } };
const text = `
version: 1.0
tasks:
  a: { action: core.noop, next: [{ publish: [{ x: 7 }], do: b }] }
  b: { action: test.act, input: { n: <% ctx().x %> }, next: [{ when: <% succeeded() %>, publish: [{ y: <% result().n %> }], do: c }] }
  c: { action: core.noop }
output: [{ y: <% ctx().y %> }]
`;
const content = { actions, workflows: { "test.w": text } };
const never = () => new Promise<never>(() => undefined);
const children = (parent: string) =>
  database.db
    .selectFrom("execution")
    .select(["id", "task_key", "status", "attempt", "fence"])
    .where("parent", "=", parent)
    .orderBy("id")
    .execute();

describe("after the loss of a process", () => {
  test("another one runs its action again and takes the workflow on from the journal", async () => {
    const lost = testEngine(database.url, { name: "lost", content, runners: [testRunner(never)] });
    await heartbeat(lost.core, "worker");
    const id = await request(lost.core, { action: "test.w", parameters: {}, context: {} });
    await expect.poll(async () => (await children(id)).length).toBe(2);
    await forgetProcess(database.db, lost.core.process);
    const heard: unknown[] = [];
    const runner = testRunner((call) => {
      heard.push([call.attempt, call.idempotencyKey]);
      return Promise.resolve({ status: "succeeded", result: { n: call.parameters["n"] } });
    });
    await using heir = testEngine(database.url, { name: "heir", content, runners: [runner] });
    await heartbeat(heir.core, "worker");
    await sweep(heir.core);
    expect(await heir.ended(id)).toEqual({ status: "succeeded", result: { output: { y: 7 } } });
    expect(heard).toEqual([[2, `${id}:b:0:2`]]);
    expect((await children(id)).map(({ task_key }) => String(task_key)).toSorted()).toEqual([
      "a:0:1",
      "b:0:2",
      "c:0:3",
    ]);
  });

  test("an action that may not run twice is abandoned, and its workflow told", async () => {
    const once = {
      ...content,
      actions: {
        "test.act": { runner: "test", parameters: { n: {} }, onWorkerLost: "abandon" as const },
      },
    };
    const lost = testEngine(database.url, {
      name: "lost2",
      content: once,
      runners: [testRunner(never)],
    });
    await heartbeat(lost.core, "worker");
    const id = await request(lost.core, { action: "test.w", parameters: {}, context: {} });
    await expect.poll(async () => (await children(id)).length).toBe(2);
    await forgetProcess(database.db, lost.core.process);
    await using heir = testEngine(database.url, {
      name: "heir2",
      content: once,
      runners: [testRunner(never)],
    });
    await heartbeat(heir.core, "worker");
    await sweep(heir.core);
    expect((await heir.ended(id)).status).toBe("failed");
    expect((await children(id)).map(({ status }) => status)).toEqual(["succeeded", "abandoned"]);
  });

  test("what rules are to hear of that is on disk with it, though nothing follows the commit", async () => {
    const ends = "core.st2.generic.actiontrigger";
    const heard = {
      actions: {
        "test.once": { runner: "test", parameters: {}, onWorkerLost: "abandon" as const },
      },
      rules: [
        { trigger: { type: ends, parameters: {} }, action: { ref: "core.noop", parameters: {} } },
      ],
    };
    const runners = [testRunner(never)];
    const lost = testEngine(database.url, { name: "lost4", content: heard, runners });
    await heartbeat(lost.core, "worker");
    const id = await request(lost.core, { action: "test.once", parameters: {}, context: {} });
    await expect.poll(() => lost.core.running.has(id)).toBe(true);
    await forgetProcess(database.db, lost.core.process);
    await using heir = testEngine(database.url, { name: "heir4", content: heard, runners });
    await heartbeat(heir.core, "worker");
    armCrashPoints((point) => {
      if (point === "sweep.after-commit") throw new Error("crash");
    });
    await expect(sweep(heir.core)).rejects.toThrow("crash");
    armCrashPoints(() => undefined);
    const told = await database.db
      .selectFrom("trigger_instance")
      .select(["payload", "status"])
      .where("trigger", "=", ends)
      .execute();
    const end = expect.objectContaining({ execution_id: id, status: "abandoned" }) as unknown;
    expect(told).toContainEqual({ payload: end, status: "pending" });
  });

  test("a process that comes back too late cannot finish what another took over", async () => {
    const gate = Promise.withResolvers<undefined>();
    const slow = testEngine(database.url, {
      name: "slow",
      content,
      runners: [
        testRunner(
          async () => (await gate.promise, { status: "succeeded", result: { n: "late" } }),
        ),
      ],
    });
    await heartbeat(slow.core, "worker");
    const id = await request(slow.core, { action: "test.w", parameters: {}, context: {} });
    await expect.poll(async () => (await children(id)).length).toBe(2);
    await forgetProcess(database.db, slow.core.process);
    await using heir = testEngine(database.url, {
      name: "heir3",
      content,
      runners: [testRunner(() => Promise.resolve({ status: "succeeded", result: { n: "new" } }))],
    });
    await heartbeat(heir.core, "worker");
    await sweep(heir.core);
    await heir.ended(id);
    gate.resolve(undefined);
    await expect.poll(() => slow.core.conducted.size).toBe(0);
    expect(await heir.ended(id)).toEqual({ status: "succeeded", result: { output: { y: "new" } } });
    expect(await children(id)).toHaveLength(3);
  });
});

describe("operators", () => {
  test("cancel a running action, and its workflow with it", async () => {
    const runner = testRunner(
      ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener("abort", () => resolve({ status: "failed", result: {} })),
        ),
    );
    await using engine = testEngine(database.url, { name: "cancel", content, runners: [runner] });
    await heartbeat(engine.core, "worker");
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    await expect.poll(async () => (await children(id)).length).toBe(2);
    await cancel(engine.core, (await children(id))[1]?.id ?? "", "admin");
    expect((await engine.ended(id)).status).toBe("canceled");
    expect((await children(id)).map(({ status }) => status)).toEqual(["succeeded", "canceled"]);
  });

  test("cancel a workflow: what runs ends in peace, and nothing more begins", async () => {
    const gate = Promise.withResolvers<undefined>();
    const runner = testRunner(async () => {
      await gate.promise;
      return { status: "succeeded", result: { n: 1 } };
    });
    await using engine = testEngine(database.url, { name: "peace", content, runners: [runner] });
    await heartbeat(engine.core, "worker");
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    await expect.poll(async () => (await children(id)).length).toBe(2);
    const decided = async (): Promise<number> =>
      (
        await database.db
          .selectFrom("journal")
          .select("seq")
          .where("execution_id", "=", id)
          .execute()
      ).length;
    const before = await decided();
    expect((await cancel(engine.core, id, "admin")).status).toBe("canceling");
    await expect.poll(decided).toBeGreaterThan(before);
    gate.resolve(undefined);
    expect((await engine.ended(id)).status).toBe("canceled");
    expect((await children(id)).map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  });

  test("answer an inquiry, and the workflow that had gone to rest goes on", async () => {
    const asking = `
version: 1.0
tasks:
  q: { action: core.ask, next: [{ when: <% succeeded() %>, publish: [{ ok: <% result().response.continue %> }], do: end }] }
  end: { action: core.noop }
output: [{ ok: <% ctx().ok %> }]
`;
    await using engine = testEngine(database.url, {
      name: "ask",
      content: { actions: { "core.ask": { runner: "inquirer" } }, workflows: { "test.w": asking } },
    });
    await heartbeat(engine.core, "worker");
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    await expect.poll(async () => (await children(id))[0]?.status).toBe("pending");
    await expect.poll(async () => (await engine.ended(id, "paused")).status).toBe("paused");
    const inquiry = (await children(id))[0]?.id ?? "";
    await expect(
      answerInquiry(engine.core, inquiry, { continue: "maybe" }, { name: "admin", roles: [] }),
    ).rejects.toThrow(/is not of type 'boolean'/);
    await answerInquiry(engine.core, inquiry, { continue: true }, { name: "admin", roles: [] });
    expect(await engine.ended(id)).toEqual({
      status: "succeeded",
      result: { output: { ok: true } },
    });
    await expect(
      answerInquiry(engine.core, inquiry, { continue: true }, { name: "admin", roles: [] }),
    ).rejects.toThrow("already been responded");
  });

  test("pause a workflow and resume it", async () => {
    const gate = Promise.withResolvers<undefined>();
    const runner = testRunner(
      async (call) => (
        await gate.promise,
        { status: "succeeded", result: { n: call.parameters["n"] } }
      ),
    );
    await using engine = testEngine(database.url, { name: "pause", content, runners: [runner] });
    await heartbeat(engine.core, "worker");
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    await expect.poll(async () => (await children(id)).length).toBe(2);
    await steer(engine.core, id, "pausing", "admin");
    const journal = () =>
      database.db.selectFrom("journal").select("entries").where("execution_id", "=", id).execute();
    await expect.poll(async () => JSON.stringify(await journal())).toContain("pausing");
    gate.resolve(undefined);
    await engine.ended(id, "paused");
    expect(await children(id)).toHaveLength(2);
    await steer(engine.core, id, "resuming", "admin");
    expect((await engine.ended(id)).status).toBe("succeeded");
  });

  test("a failing task is tried again after its delay", async () => {
    let calls = 0;
    const runner = testRunner(() =>
      Promise.resolve(
        ++calls < 3
          ? { status: "failed", result: {} }
          : { status: "succeeded", result: { n: calls } },
      ),
    );
    const retrying = text.replace(
      "input: { n: <% ctx().x %> }",
      "input: { n: 1 }, retry: { count: 3 }",
    );
    await using engine = testEngine(database.url, {
      name: "retry",
      content: { actions, workflows: { "test.w": retrying } },
      runners: [runner],
    });
    await heartbeat(engine.core, "worker");
    const id = await request(engine.core, { action: "test.w", parameters: {}, context: {} });
    expect(await engine.ended(id)).toEqual({ status: "succeeded", result: { output: { y: 3 } } });
  });
});
