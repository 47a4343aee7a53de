import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { heartbeat } from "../../src/engine/hear.ts";
import { request } from "../../src/engine/request.ts";
import { sweep } from "../../src/engine/sweep.ts";
import { beat } from "../../src/store/processes.ts";
import { testEngine, testRunner } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const content = { actions: { "test.act": { runner: "test", parameters: { n: {} } } } };
const never = () => new Promise<never>(() => undefined);

test("who is silent is lost once this process could say for long enough that it lives, and not after a time in which nobody could", async () => {
  const silent = { id: "silent", role: "worker", host: "there", pid: 1, pools: [] };
  await beat(database.db, silent);
  await database.db
    .updateTable("process")
    .set({ beat_at: new Date(0) })
    .where("id", "=", silent.id)
    .execute();
  const known = async (): Promise<boolean> =>
    (await database.db.selectFrom("process").select("id").where("id", "=", silent.id).execute())
      .length === 1;
  await using engine = testEngine(database.url, {
    name: "watching",
    content,
    runners: [testRunner(never)],
  });
  let now = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  const sayAndSweep = async (ms: number): Promise<boolean> => {
    now += ms;
    await heartbeat(engine.core, "scheduler");
    await sweep(engine.core);
    return known();
  };
  try {
    // Reading is possible, writing is not: it sweeps, and judges nobody.
    await sweep(engine.core);
    const during = [await sayAndSweep(0), await sayAndSweep(2_000)];
    now += 20_000;
    await sweep(engine.core);
    const after = [await known(), await sayAndSweep(500), await sayAndSweep(2_000)];
    expect([...during, ...after]).toEqual([true, true, true, true, true]);
    await sayAndSweep(2_000);
    expect(await sayAndSweep(2_500)).toBe(false);
  } finally {
    clock.mockRestore();
  }
});

test("what is ours and idle is taken up again, but not while it is being found out what a broken flight committed", async () => {
  const lost = testEngine(database.url, { name: "first", content, runners: [testRunner(never)] });
  await heartbeat(lost.core, "worker");
  const id = await request(lost.core, { action: "test.act", parameters: { n: 1 }, context: {} });
  const row = (): Promise<{ status: string; owner: string | null }> =>
    database.db
      .selectFrom("execution")
      .select(["status", "owner"])
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
  await expect.poll(async () => (await row()).status).toBe("running");
  await using engine = testEngine(database.url, {
    name: "owner",
    content,
    runners: [testRunner(never)],
  });
  const ours = { status: "running", owner: engine.core.process } as const;
  await database.db.updateTable("execution").set(ours).where("id", "=", id).execute();
  const knowsAll = vi.spyOn(engine.core.pump, "knowsAll").mockReturnValue(false);
  for (let n = 0; n < 3; n += 1) await heartbeat(engine.core, "worker");
  expect(await row()).toEqual(ours);
  knowsAll.mockRestore();
  await heartbeat(engine.core, "worker");
  expect(await row()).toEqual(ours);
  await heartbeat(engine.core, "worker");
  expect(await row()).not.toEqual(ours);
});
