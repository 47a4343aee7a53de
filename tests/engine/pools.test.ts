/** Which workers carry out an execution, and what is told when there are none. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { heartbeat } from "../../src/engine/hear.ts";
import { ingest } from "../../src/engine/ingest.ts";
import { lookAtPools } from "../../src/engine/pools.ts";
import { request } from "../../src/engine/request.ts";
import { sweep } from "../../src/engine/sweep.ts";
import { claimExecution, findExecution } from "../../src/store/executions.ts";
import { poolStates } from "../../src/store/pools.ts";
import { forgetProcess } from "../../src/store/processes.ts";
import { unheard } from "../../src/store/sweep.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const content = {
  actions: {
    "test.plain": { runner: "test" },
    "test.there": { runner: "test", pool: "zone=dc1" },
  },
  workflows: {
    "test.w": "version: 1.0\ntasks:\n  a: { action: test.plain }\n  b: { action: test.there }\n",
  },
  rules: [{ action: { ref: "test.there", parameters: {}, pool: "zone=dc2" } }],
};

const runner = testRunner(() => Promise.resolve({ status: "succeeded", result: {} }));

function engineOf(name: string, pools: readonly string[]): TestEngine {
  return testEngine(database.url, { name, pools, content, runners: [runner] });
}

const poolIn = async (id: string): Promise<unknown> =>
  (await findExecution(database.db, id))?.context["pool"];
const waitingFor = async (pool: string): Promise<unknown> => {
  const found = (await poolStates(database.db)).find((state) => state.pool === pool);
  return found && { waiting: found.waiting, workers: found.workers.length };
};

test("an execution of a pool waits for its workers, is told of, and is done when one comes", async () => {
  await using near = engineOf("near", ["default"]);
  await heartbeat(near.core, "worker");
  const said: string[] = [];
  Object.assign(near.core, { log: (_level: string, sentence: string) => said.push(sentence) });
  const id = await request(near.core, { action: "test.there", parameters: {}, context: {} });
  expect(await claimExecution(database.db, id, near.core)).toBeUndefined();
  expect(await waitingFor("zone=dc1")).toEqual({ waiting: 1, workers: 0 });
  expect(await waitingFor("default")).toEqual({ waiting: 0, workers: 1 });
  await lookAtPools(near.core);
  await lookAtPools(near.core);
  expect(said).toEqual([
    "executions wait for pool zone=dc1, and no live worker serves it: start a worker with --label zone=dc1",
  ]);
  // Nobody is rung for in vain: what others wait for is found behind any number of them.
  expect(await unheard(database.db, 0)).toEqual([]);
  await using there = engineOf("there", ["zone=dc1"]);
  await heartbeat(there.core, "worker");
  expect(await unheard(database.db, 0)).toEqual([{ id, attempt: 0, pool: "zone=dc1", due: false }]);
  await expect
    .poll(
      async () => {
        await sweep(there.core);
        return (await findExecution(database.db, id))?.status;
      },
      { timeout: 50_000 },
    )
    .toBe("succeeded");
  await lookAtPools(near.core);
  expect(said.at(-1)).toBe("pool zone=dc1 is served again, or nothing waits for it");
  await forgetProcess(database.db, there.core.process);
});

test("what is said for one execution counts before what its action says, this before its workflow's pool", async () => {
  await using engine = engineOf("all", ["default", "zone=dc1", "zone=dc2"]);
  await heartbeat(engine.core, "worker");
  const ask = (action: string, pool?: string): Promise<string> =>
    request(engine.core, { action, parameters: {}, context: {}, pool });
  expect(await poolIn(await ask("test.plain"))).toBeUndefined();
  expect(await poolIn(await ask("test.there"))).toBe("zone=dc1");
  expect(await poolIn(await ask("test.there", "zone=dc2"))).toBe("zone=dc2");
  expect(await poolIn(await ask("test.there", "default"))).toBeUndefined();
  const workflow = await ask("test.w", "zone=dc2");
  expect(await engine.ended(workflow)).toMatchObject({ status: "succeeded" });
  const children = await database.db
    .selectFrom("execution")
    .select(["action", "context"])
    .where("parent", "=", workflow)
    .orderBy("action")
    .execute();
  expect(children.map(({ action, context }) => [action, context?.["pool"]])).toEqual([
    ["test.plain", "zone=dc2"],
    ["test.there", "zone=dc1"],
  ]);
});

test("a rule says where its action runs, and the site where all of a pack's do", async () => {
  await using engine = engineOf("rules", ["zone=dc2", "zone=dc3"]);
  Object.assign(engine.core, {
    poolFor: (ref: string) => (ref === "test.plain" ? "zone=dc3" : undefined),
  });
  await heartbeat(engine.core, "worker");
  await ingest(engine.core, [{ trigger: "test.event", source: "test", payload: {} }]);
  const { execution_id } = await database.db
    .selectFrom("enforcement")
    .select("execution_id")
    .where("rule", "=", "test.rule0")
    .executeTakeFirstOrThrow();
  const id = String(execution_id);
  expect(await poolIn(id)).toBe("zone=dc2");
  expect((await engine.ended(id)).status).toBe("succeeded");
  const plain = await request(engine.core, { action: "test.plain", parameters: {}, context: {} });
  expect(await poolIn(plain)).toBe("zone=dc3");
});
