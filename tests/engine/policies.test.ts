import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { heartbeat } from "../../src/engine/hear.ts";
import { ingest } from "../../src/engine/ingest.ts";
import { cancel, request } from "../../src/engine/request.ts";
import { sweep } from "../../src/engine/sweep.ts";
import type { RunCall } from "../../src/runners/runner.ts";
import { forgetProcess } from "../../src/store/processes.ts";
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
/** Counts how many run at once, over all engines of a test. */
function meter() {
  let now = 0;
  let most = 0;
  const order: unknown[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  return {
    order,
    most: () => most,
    /** Runs for a moment. */
    short: async ({ parameters }: RunCall) => {
      most = Math.max(most, ++now);
      order.push(parameters["n"]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      now--;
      return { status: "succeeded", result: {} } as const;
    },
    /** Runs until it is released. */
    long: async ({ parameters, signal }: RunCall) => {
      most = Math.max(most, ++now);
      order.push(parameters["n"]);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      signal.addEventListener("abort", () => gate.resolve());
      await gate.promise;
      now--;
      return { status: signal.aborted ? "failed" : "succeeded", result: {} } as const;
    },
    release: () => gates.shift()?.resolve(),
  };
}

const run = (
  { core }: TestEngine,
  action: string,
  parameters: Record<string, unknown> = {},
): Promise<string> => request(core, { action, parameters, context: { user: "mia" } });

const statuses = async (ids: readonly string[]): Promise<readonly string[]> => {
  const rows = await database.db
    .selectFrom("execution")
    .select(["id", "status"])
    .where("id", "in", ids)
    .execute();
  const known = new Map(rows.map(({ id, status }) => [id, status]));
  return ids.map((id) => String(known.get(id)));
};

describe("concurrency", () => {
  test("is exact while many processes race, and everything runs", async () => {
    const { action, content } = policy("action.concurrency", { threshold: 3 });
    const { short, most } = meter();
    const engines = Array.from({ length: 6 }, (_, index) =>
      testEngine(database.url, {
        name: `race${index}`,
        content,
        runners: [testRunner(short)],
        slotCount: 8,
      }),
    );
    for (const { core } of engines) await heartbeat(core, "worker");
    const ids = (
      await Promise.all(
        engines.map((engine) => Promise.all(Array.from({ length: 40 }, () => run(engine, action)))),
      )
    ).flat();
    await expect
      .poll(async () => new Set(await statuses(ids)), { timeout: 100_000, interval: 100 })
      .toEqual(new Set(["succeeded"]));
    expect(most()).toBe(3);
    for (const engine of engines) await engine[Symbol.asyncDispose]();
  }, 120_000);

  test("lets the delayed go in the order of their arrival, and says that they wait", async () => {
    const { action, content } = policy("action.concurrency", { threshold: 1 });
    const { long, order, release } = meter();
    await using engine = testEngine(database.url, { content, runners: [testRunner(long)] });
    await heartbeat(engine.core, "worker");
    const ids: string[] = [];
    for (const n of [1, 2, 3, 4]) ids.push(await run(engine, action, { n }));
    await expect
      .poll(() => statuses(ids), soon)
      .toEqual(["running", "delayed", "delayed", "delayed"]);
    for (const [index, id] of ids.entries()) {
      await expect.poll(() => order.length, soon).toBe(index + 1);
      release();
      await engine.ended(id);
    }
    expect(order).toEqual([1, 2, 3, 4]);
  });

  test("makes room after a cancel, and after the loss of the process that ran it", async () => {
    const { action, content } = policy("action.concurrency", { threshold: 1 });
    const { long, order, release } = meter();
    const lost = testEngine(database.url, {
      name: "gone",
      content,
      runners: [testRunner(() => new Promise(() => undefined), "abandon")],
    });
    await heartbeat(lost.core, "worker");
    const first = await run(lost, action, { n: "lost" });
    await lost.ended(first, "running");
    await using heir = testEngine(database.url, {
      name: "stays",
      content,
      runners: [testRunner(long, "abandon")],
    });
    await heartbeat(heir.core, "worker");
    const second = await run(heir, action, { n: 2 });
    const third = await run(heir, action, { n: 3 });
    await expect.poll(() => statuses([second, third]), soon).toEqual(["delayed", "delayed"]);
    await forgetProcess(database.db, lost.core.process);
    await sweep(heir.core);
    await heir.ended(second, "running");
    expect(await statuses([first, third])).toEqual(["abandoned", "delayed"]);
    await cancel(heir.core, second, "mia");
    await heir.ended(third, "running");
    release();
    release();
    await heir.ended(third);
    expect(order).toEqual([2, 3]);
  });

  test("cancels what is too much where the policy says so", async () => {
    const { action, content, ref } = policy("action.concurrency", {
      threshold: 1,
      action: "cancel",
    });
    const { long, release } = meter();
    // Not for the ends of what it starts itself: that would go round without an end.
    const listener = {
      trigger: { type: "core.st2.generic.actiontrigger", parameters: {} },
      criteria: { "trigger.action_name": { type: "eq", pattern: action } },
    };
    await using engine = testEngine(database.url, {
      content: { ...content, rules: [listener] },
      runners: [testRunner(long)],
    });
    await heartbeat(engine.core, "worker");
    const first = await run(engine, action);
    await engine.ended(first, "running");
    const second = await run(engine, action);
    expect(await engine.ended(second)).toEqual({
      status: "canceled",
      result: { message: `Canceled by policy "${ref}": 1 of them run already.` },
    });
    // Rules hear of it as of every end.
    await expect
      .poll(async () => {
        const rows = await database.db
          .selectFrom("trigger_instance")
          .select("payload")
          .where("trigger", "=", "core.st2.generic.actiontrigger")
          .execute();
        return rows.map(({ payload }) => payload);
      })
      .toContainEqual(expect.objectContaining({ execution_id: second, status: "canceled" }));
    release();
    await engine.ended(first);
  });

  test("by attribute counts equal values only", async () => {
    const { action, content } = policy("action.concurrency.attr", {
      threshold: 1,
      attributes: ["host"],
    });
    const { long, release } = meter();
    await using engine = testEngine(database.url, { content, runners: [testRunner(long)] });
    await heartbeat(engine.core, "worker");
    const ids: string[] = [];
    for (const host of [{ a: 1, b: 2 }, "b", { b: 2, a: 1 }])
      ids.push(await run(engine, action, { host }));
    await expect.poll(() => statuses(ids), soon).toEqual(["running", "running", "delayed"]);
    for (const id of ids) {
      await engine.ended(id, "running");
      release();
      await engine.ended(id);
    }
  });

  test("holds tasks of a workflow, and executions of rules", async () => {
    const { action, content } = policy("action.concurrency", { threshold: 2 });
    const { short, most, order } = meter();
    const workflow = `
version: 1.0
tasks:
  all: { with: <% range(12) %>, action: ${action}, input: { n: <% item() %> } }
`;
    await using engine = testEngine(database.url, {
      content: {
        ...content,
        workflows: { "test.many": workflow },
        rules: [{ action: { ref: action, parameters: { n: "<$ trigger.n $>" } } }],
      },
      runners: [testRunner(short)],
    });
    await heartbeat(engine.core, "worker");
    const id = await run(engine, "test.many");
    await ingest(engine.core, [
      { trigger: "test.event", payload: { n: 100 }, source: "test", dedupeKey: "once" },
    ]);
    expect(await engine.ended(id)).toMatchObject({ status: "succeeded" });
    await expect.poll(() => order.length, soon).toBe(13);
    expect(most()).toBe(2);
    expect(order.filter((n) => n !== 100)).toEqual(Array.from({ length: 12 }, (_, n) => n));
  });
});

describe("rate and debounce", () => {
  test("a rate limit lets so many begin in a window, by key", async () => {
    const { action, content } = policy("action.rate_limit", {
      limit: 2,
      seconds: 2,
      key: "{{ host }}",
    });
    const starts: [unknown, number][] = [];
    const runner = testRunner(({ parameters }) => {
      starts.push([parameters["host"], performance.now()]);
      return Promise.resolve({ status: "succeeded", result: {} });
    });
    await using engine = testEngine(database.url, { content, runners: [runner] });
    await heartbeat(engine.core, "worker");
    const since = performance.now();
    const ids = await Promise.all(
      ["a", "a", "a", "b", "a", "b"].map((host) => run(engine, action, { host })),
    );
    for (const id of ids) await engine.ended(id);
    const times = starts.filter(([host]) => host === "a").map(([, at]) => at);
    expect(times.length).toBe(4);
    // The ledger's clock decided; ours may differ a little.
    expect((times[2] ?? 0) - since).toBeGreaterThan(1_900);
  });

  test("a rate limit that cancels says why", async () => {
    const { action, content, ref } = policy("action.rate_limit", {
      limit: 1,
      seconds: 600,
      action: "cancel",
    });
    const { short } = meter();
    await using engine = testEngine(database.url, { content, runners: [testRunner(short)] });
    await heartbeat(engine.core, "worker");
    const first = await run(engine, action);
    await engine.ended(first);
    expect((await engine.ended(await run(engine, action))).result).toEqual({
      message: `Canceled by policy "${ref}": 1 began within 600 s already.`,
    });
  });

  test("a debounced burst runs once, as its last one", async () => {
    const { action, content } = policy("action.debounce", { seconds: 3, key: "<$ host $>" });
    const { short, order } = meter();
    await using engine = testEngine(database.url, { content, runners: [testRunner(short)] });
    await heartbeat(engine.core, "worker");
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.push(await run(engine, action, { n, host: "x" }));
    ids.push(await run(engine, action, { n: 9, host: "y" }));
    for (const id of ids) await engine.ended(id);
    expect(await statuses(ids)).toEqual(["canceled", "canceled", "succeeded", "succeeded"]);
    expect(new Set(order)).toEqual(new Set([3, 9]));
  });

  test("at its leading edge the first one runs", async () => {
    const { action, content } = policy("action.debounce", { seconds: 600, edge: "leading" });
    const { short, order } = meter();
    await using engine = testEngine(database.url, { content, runners: [testRunner(short)] });
    await heartbeat(engine.core, "worker");
    const ids: string[] = [];
    for (const n of [1, 2]) {
      const id = await run(engine, action, { n });
      await engine.ended(id);
      ids.push(id);
    }
    expect(await statuses(ids)).toEqual(["succeeded", "canceled"]);
    expect(order).toEqual([1]);
  });
});
