import { expect, test } from "vitest";
import { heartbeat } from "../../src/engine/hear.ts";
import { request } from "../../src/engine/request.ts";
import { sweep } from "../../src/engine/sweep.ts";
import { forgetProcess } from "../../src/store/processes.ts";
import { testDatabase } from "../support/postgres.ts";
import { testEngine, testRunner } from "../support/engine.ts";

const actions = { "test.act": { runner: "test", parameters: {} } };
function workflow(output: string): string {
  return `
version: 1.0
tasks:
  a: { action: test.act, next: [{ do: b }] }
  b: { action: core.noop }
output: [{ release: ${output} }]
`;
}

test("a workflow finishes on the definition it started with, though another process with a newer one takes it on", async () => {
  await using database = await testDatabase();
  const never = testRunner(() => new Promise<never>(() => undefined));
  const old = testEngine(database.url, {
    name: "old",
    content: { actions, workflows: { "test.w": workflow("old") } },
    runners: [never],
  });
  await heartbeat(old.core, "worker");
  const wish = { action: "test.w", parameters: {}, context: {} };
  const id = await request(old.core, wish);
  await expect.poll(() => old.core.running.size).toBe(1);
  await forgetProcess(database.db, old.core.process);
  const done = testRunner(() => Promise.resolve({ status: "succeeded", result: {} }));
  await using next = testEngine(database.url, {
    name: "next",
    content: { actions, workflows: { "test.w": workflow("new") } },
    runners: [done],
  });
  await heartbeat(next.core, "worker");
  await sweep(next.core);
  expect(await next.ended(id)).toMatchObject({ result: { output: { release: "old" } } });
  const after = await request(next.core, wish);
  expect(await next.ended(after)).toMatchObject({ result: { output: { release: "new" } } });
}, 60_000);
