import { execFileSync, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import type { Runner } from "../../src/runners/runner.ts";
import { typescriptRunner } from "../../src/runners/typescript.ts";
import { runCall } from "../support/run-call.ts";
import { temporaryPack } from "../support/temporary-pack.ts";

const { path: pack, action, remove } = temporaryPack();
afterAll(remove);

let runner: Runner;
beforeEach(() => {
  runner = typescriptRunner({ graceMs: 500 });
});
afterEach(() => runner.close?.());

test("an action that ignores its signal is killed, and its neighbours are run again or reported", async () => {
  const stubborn = runCall(
    {},
    {
      timeoutSeconds: 1,
      action: action(
        'async () => { console.log("started"); await new Promise(() => setInterval(() => {}, 1000)); }',
      ),
    },
  );
  const neighbour = `async (_, { sleep, attempt }) => { console.log("started"); if (attempt === 1) await sleep(600_000); return attempt; }`;
  const careful = runCall({}, { action: action(neighbour, { onWorkerLost: "abandon" }) });
  const again = runCall({}, { action: action(neighbour, { onWorkerLost: "rerun" }) });
  const outcomes = Promise.all([runner.run(stubborn), runner.run(careful), runner.run(again)]);
  const [stubbornEnd, carefulEnd, againEnd] = await outcomes;
  expect(stubbornEnd).toEqual({
    status: "timeout",
    result: { error: "Action failed to complete in 1 seconds" },
  });
  expect(carefulEnd).toMatchObject({
    status: "abandoned",
    result: {
      error: expect.stringContaining("The process of the action ended (SIGKILL)") as string,
    },
  });
  expect(againEnd).toEqual({ status: "succeeded", result: 2 });
});

test("an action that blocks its process for ever is killed", async () => {
  const call = runCall({}, { timeoutSeconds: 1, action: action("() => { while (true); }") });
  expect((await runner.run(call)).status).toBe("timeout");
  expect((await runner.run(runCall({}, { action: action("() => 1") }))).result).toBe(1);
});

test("an action that ends its process fails with what was said", async () => {
  const call = runCall({}, { action: action("() => process.exit(7)") });
  expect(await runner.run(call)).toEqual({
    status: "failed",
    result: { error: "The process of the action ended (exit code 7)." },
  });
  const crash = runCall(
    {},
    {
      action: action(
        '(_, { sleep }) => { setTimeout(() => { throw new Error("boom") }); return sleep(60_000); }',
      ),
    },
  );
  expect(await runner.run(crash)).toMatchObject({
    status: "failed",
    result: { error: expect.stringContaining("boom") as string },
  });
});

test("a promise left alone does not end the process", async () => {
  const call = runCall(
    {},
    {
      action: action(
        'async (_, { sleep }) => { void Promise.reject(new Error("alone")); await sleep(50); return "fine"; }',
      ),
    },
  );
  expect((await runner.run(call)).result).toBe("fine");
  expect(call.said.stderr).toContain("alone");
});

test("close ends every process", async () => {
  const { result } = await runner.run(runCall({}, { action: action("() => process.pid") }));
  await runner.close?.();
  expect(() => process.kill(result as number, 0)).toThrow("ESRCH");
});

test.each([
  "async (_, { sleep }) => { console.log(process.pid); await sleep(600_000); }",
  "() => { require; while (true); }",
])("no host outlives a killed worker: %s", async (body) => {
  const own = action(body.replace("require;", "console.log(process.pid);"));
  const worker = fork(
    fileURLToPath(new URL("../support/typescript-worker.ts", import.meta.url)),
    [own.entryPath, pack],
    { stdio: "inherit" },
  );
  const pid = await new Promise<number>((resolve) =>
    worker.once("message", (text) => resolve(Number(text))),
  );
  worker.kill("SIGKILL");
  const alive = () => {
    try {
      // A zombie of a container without an init is dead as well.
      return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)])
        .toString()
        .startsWith("Z");
    } catch {
      return false;
    }
  };
  await expect.poll(alive).toBe(false);
});
