import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { Core } from "../../src/engine/core.ts";
import { request } from "../../src/engine/request.ts";
import { testDatabase } from "../support/postgres.ts";
import { testEngine, testRunner } from "../support/engine.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are in use after all that is garbage was taken away. */
function held(): number {
  for (let n = 0; n < 4; n += 1) collect();
  return process.memoryUsage().heapUsed;
}

async function ask(core: Core, count: number): Promise<void> {
  for (let n = 0; n < count; n += 250)
    await Promise.all(
      Array.from({ length: 250 }, (_, index) =>
        request(core, { action: "test.act", parameters: { n: n + index }, context: {} }),
      ),
    );
}

test("10,000 executions that wait hold at most 1 MB of heap: they are rows, not objects", async () => {
  await using database = await testDatabase();
  await using engine = testEngine(database.url, {
    name: "queued",
    slotCount: 0,
    content: { actions: { "test.act": { runner: "test", parameters: { n: {} } } } },
    runners: [testRunner(() => Promise.reject(new Error("nothing runs here")))],
  });
  // Nobody hears the rings: everything waits.
  const queue = { ...engine.core.queue, ring: () => Promise.resolve() };
  const core = { ...engine.core, queue };
  await ask(core, 1_000);
  const before = held();
  await ask(core, 10_000);
  expect(held() - before).toBeLessThanOrEqual(1_048_576);
  const waiting = await database.db
    .selectFrom("execution")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .where("status", "=", "requested")
    .executeTakeFirstOrThrow();
  expect(waiting.n).toBe(11_000);
}, 120_000);
