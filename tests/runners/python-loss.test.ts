import { fork } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { pythonRunner } from "../../src/runners/python.ts";
import type { Runner } from "../../src/runners/runner.ts";
import { needs } from "../support/needs.ts";
import { pythonPack } from "../support/python-pack.ts";
import { runCall } from "../support/run-call.ts";
import { busyMs } from "../support/eventually.ts";

const pack = pythonPack("lost");
const { action } = pack;
afterAll(pack.remove);

let runner: Runner;
beforeEach(() => {
  runner = pythonRunner({ graceMs: 300 });
});
afterEach(() => runner.close?.());

/** Whether it runs; what has ended and waits for its parent does not. */
function alive(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}

function childrenOf(parent: number): number[] {
  const text = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8");
  return text.trim().split(" ").map(Number);
}

/** Prints its own, its server's and its child's process ids, and stays. None of them minds a polite signal. */
const stubborn = `import os, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(['sleep', '600'])
print('%d,%d,%d' % (os.getpid(), os.getppid(), child.pid))
time.sleep(600)`;

async function started(own: ReturnType<typeof action>, more = {}) {
  const call = runCall({}, { ...own, ...more });
  const outcome = runner.run(call);
  await call.saying("\n");
  const pids = call.said.stdout.trim().split(",").map(Number);
  return { outcome, pids };
}

describe.skipIf(!needs("python3"))("a python action", () => {
  test("nothing outlives a killed worker", async () => {
    const own = action(stubborn).action;
    const worker = fork(
      fileURLToPath(new URL("../support/python-worker.ts", import.meta.url)),
      [own.entryPath, pack.path],
      { stdio: "inherit" },
    );
    const text = await new Promise((resolve) => worker.once("message", resolve));
    const pids = String(text).split(",").map(Number);
    expect(pids.map(alive)).toEqual([true, true, true]);
    worker.kill("SIGKILL");
    await expect.poll(() => pids.filter(alive)).toEqual([]);
  });

  test("nothing outlives a killed server, and the loss is reported", async () => {
    const { outcome, pids } = await started(action(stubborn));
    process.kill(pids[1] ?? 0, "SIGKILL");
    expect(await outcome).toMatchObject({
      status: "abandoned",
      result: { error: expect.stringContaining("Python ended (SIGKILL)") as string },
    });
    await expect.poll(() => pids.filter(alive)).toEqual([]);
    expect((await runner.run(runCall({}, action("return 1")))).status).toBe("succeeded");
  });

  test("nothing outlives the half of a server that reads, either", async () => {
    const { outcome, pids } = await started(action(stubborn));
    const [own = 0, forks = 0] = pids;
    const reads = childrenOf(forks).filter((pid) => pid !== own);
    expect(reads).toHaveLength(1);
    process.kill(reads[0] ?? 0, "SIGKILL");
    expect((await outcome).status).toBe("abandoned");
    await expect.poll(() => pids.filter(alive)).toEqual([]);
    expect((await runner.run(runCall({}, action("return 1")))).status).toBe("succeeded");
  });

  test("an action that may be run again is run again when its server was lost", async () => {
    const { path } = pack;
    const body = `import os, time
first = not os.path.exists('${path}/mark')
open('${path}/mark', 'w').close()
print(os.getppid())
if first: time.sleep(600)
return 'again'`;
    const made = action(body).action;
    const { outcome, pids } = await started({
      action: { ...made, onWorkerLost: "rerun" } as never,
    });
    process.kill(pids[0] ?? 0, "SIGKILL");
    expect(await outcome).toMatchObject({ status: "succeeded", result: { result: "again" } });
  });

  test("cancel ends the whole group, also what minds no polite signal, and only that", async () => {
    const controller = new AbortController();
    const one = await started(action(stubborn), { signal: controller.signal });
    const other = await started(action(stubborn));
    controller.abort(new Error("enough"));
    expect(await one.outcome).toMatchObject({
      status: "canceled",
      result: { exit_code: -15, error: "enough" },
    });
    const [action1 = 0, server = 0, child1 = 0] = one.pids;
    expect([action1, child1].filter(alive)).toEqual([]);
    expect([server, ...other.pids].filter(alive)).toHaveLength(4);
    await runner.close?.();
    await other.outcome;
    expect([server, ...other.pids].filter(alive)).toEqual([]);
  });

  test("a polite signal comes once", async () => {
    const body = `import signal, time
def asked(*_): print('asked', flush=True)
signal.signal(signal.SIGTERM, asked)
print('here', flush=True)
while True: time.sleep(0.1)`;
    const controller = new AbortController();
    const call = runCall({}, { ...action(body), signal: controller.signal });
    const outcome = runner.run(call);
    await call.saying("here\n");
    controller.abort(new Error("enough"));
    expect((await outcome).result).toMatchObject({ stdout: "here\nasked\n" });
  });

  test("a server that hangs in a library's import is given up within the time", async () => {
    const { path, file } = pack;
    file("site/hangs.py", "import time\ntime.sleep(600)\n");
    const own = action("return 1", "import hangs");
    const late = pythonRunner({
      graceMs: 300,
      python: file("python", `#!/bin/sh\nPYTHONPATH=${path}/site exec python3 "$@"\n`),
    });
    chmodSync(`${path}/python`, 0o755);
    const from = performance.now();
    expect((await late.run(runCall({ timeout: 1 }, own))).status).toBe("timeout");
    expect(performance.now() - from).toBeLessThan(busyMs(6_000));
    await late.close?.();
  });

  test("what waits for a slow library can be canceled; what runs beside it stays", async () => {
    const { path, file } = pack;
    file(
      "site/slow.py",
      `import os, time\nwhile not os.path.exists('${path}/go'): time.sleep(0.01)\n`,
    );
    const program = file("python", `#!/bin/sh\nPYTHONPATH=${path}/site exec python3 "$@"\n`);
    chmodSync(program, 0o755);
    const slow = pythonRunner({ graceMs: 300, python: program });
    const beside = runCall({}, action("import time\nprint('here')\nwhile True: time.sleep(1)"));
    const running = slow.run(beside);
    await beside.saying("here");
    const controller = new AbortController();
    const own = action("return 1", "import slow");
    const waiting = slow.run(runCall({}, { ...own, signal: controller.signal }));
    setImmediate(() => controller.abort(new Error("enough")));
    expect((await waiting).status).toBe("canceled");
    const next = slow.run(runCall({}, own));
    file("go", "");
    expect((await next).status).toBe("succeeded");
    expect(beside.said.stderr).toBe("");
    const closed = slow.close?.();
    expect((await running).status).toBe("abandoned");
    await closed;
  });
});
