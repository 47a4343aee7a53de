import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { childPool, type ChildPool, type PoolOptions } from "../../src/processes/pool.ts";
import { busyMs } from "../support/eventually.ts";

interface Work {
  readonly do: string;
  readonly text?: string;
}
const open: ChildPool<Work, unknown>[] = [];
function workPool(options: Partial<PoolOptions> = {}): ChildPool<Work, unknown> {
  const pool = childPool<Work, unknown>({
    module: new URL("fixtures/work.ts", import.meta.url),
    export: "work",
    size: 1,
    deadlineMs: 5000,
    memoryMb: 64,
    name: "the test's pool",
    ...options,
  });
  open.push(pool);
  return pool;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 800 && isAlive(pid); tries += 1) await sleep(50);
  return !isAlive(pid);
}

describe("a pool of killable children", () => {
  test("answers, in the same child, many at once", async () => {
    const pool = workPool({ size: 2 });
    const texts = Array.from({ length: 50 }, (_, n) => `${n}`);
    expect(await Promise.all(texts.map((text) => pool.call({ do: "echo", text })))).toEqual(texts);
    const pids = await Promise.all(texts.map(() => pool.call({ do: "pid" })));
    expect(new Set(pids).size).toBeLessThanOrEqual(2);
  });

  test("kills what takes too long, and works on", async () => {
    const pool = workPool();
    const pid = Number(await pool.call({ do: "pid" }));
    const before = performance.now();
    const late = pool.call({ do: "loop" }, { deadlineMs: 200 });
    const next = pool.call({ do: "echo", text: "after" });
    await expect(late).rejects.toMatchObject({
      name: "DeadlineExceeded",
      message: "the test's pool did not answer within 200 ms",
    });
    expect(performance.now() - before).toBeLessThan(busyMs(4_000));
    expect(await next).toBe("after");
    expect(await gone(pid)).toBe(true);
  });

  test("survives a memory bomb", async () => {
    const pool = workPool({ deadlineMs: 20_000 });
    await expect(pool.call({ do: "memory" })).rejects.toMatchObject({
      name: "ChildCrashed",
      message: "the test's pool lost its child: it ran out of memory",
    });
    expect(await pool.call({ do: "echo", text: "after" })).toBe("after");
  }, 60_000);

  test.for([
    [{ do: "exit" }, "ChildCrashed", /lost its child/],
    [{ do: "big", text: "2000000" }, "OutputTooLarge", /at most 1000000/],
    [{ do: "nonsense" }, "CallFailed", /cannot nonsense/],
  ] as const)("%j is refused as %s", async ([request, name, message]) => {
    const pool = workPool();
    await expect(pool.call(request)).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
    expect(await pool.call({ do: "echo", text: "after" })).toBe("after");
  });

  test("what the module prints is no answer", async () => {
    const pool = workPool();
    await pool.call({ do: "print" });
    expect(await pool.call({ do: "flood" })).toBe("done");
    expect(await pool.call({ do: "echo", text: "still" })).toBe("still");
  });

  test.for([
    [{ do: "read", text: "/etc/passwd" }, /restricted|denied|ERR_ACCESS/i],
    [{ do: "write", text: join(tmpdir(), "raicho-pool-test") }, /restricted|denied|ERR_ACCESS/i],
    [{ do: "shell", text: "id" }, /restricted|denied|ERR_ACCESS/i],
    [{ do: "code", text: "return 1" }, /Code generation from strings/],
  ] as const)("%j is not allowed", async ([request, message]) => {
    await expect(workPool().call(request)).rejects.toMatchObject({
      name: "CallFailed",
      message: expect.stringMatching(message),
    });
  });

  test("a child has no environment, no prototype setter and a linear regular expression engine", async () => {
    const pool = workPool({ deadlineMs: 5000 });
    expect(await pool.call({ do: "environment" })).toEqual([]);
    expect(await pool.call({ do: "proto" })).toBe(false);
    expect(await pool.call({ do: "regex", text: `${"a".repeat(5000)}!` })).toBe(false);
  });

  test("a full queue and a closed pool refuse by name", async () => {
    const pool = workPool({ queue: 1 });
    const running = pool.call({ do: "wait", text: "60000" });
    const waiting = pool.call({ do: "echo" });
    await expect(pool.call({ do: "echo" })).rejects.toMatchObject({ name: "QueueFull" });
    await pool.close();
    await expect(running).rejects.toMatchObject({ name: "PoolClosed" });
    await expect(waiting).rejects.toMatchObject({ name: "PoolClosed" });
    await expect(pool.call({ do: "echo" })).rejects.toMatchObject({ name: "PoolClosed" });
  });

  test("a module without the function says so", async () => {
    await expect(workPool({ export: "nothing" }).call({ do: "echo" })).rejects.toThrow(
      /exports no function nothing/,
    );
  });

  test("children die with a parent that was killed, also in an endless loop", async () => {
    const parent = spawn(process.execPath, [join(import.meta.dirname, "fixtures/pool-parent.ts")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [bytes] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(bytes.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    expect(await gone(pid)).toBe(true);
  });
});
