import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { spawner, type RunRequest, type RunResult } from "../../src/processes/spawner.ts";
import { busyMs } from "../support/eventually.ts";

const spawns = spawner();
afterAll(() => spawns.close());

const env = { PATH: "/usr/bin:/bin" };

interface Seen extends RunResult {
  readonly stdout: string[];
  readonly stderr: string[];
}

async function shell(script: string, more: Partial<RunRequest> = {}): Promise<Seen> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const result = await spawns.run({
    argv: ["sh", "-c", script],
    env,
    onStdout: (line) => stdout.push(line),
    onStderr: (line) => stderr.push(line),
    ...more,
  });
  return { ...result, stdout, stderr };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pids: readonly number[]): Promise<boolean> {
  for (let tries = 0; tries < 800 && pids.some(isAlive); tries += 1) await sleep(50);
  return !pids.some(isAlive);
}

describe("the spawner", () => {
  test("starts programs at a lower priority when it is told to", async () => {
    const own = (await shell("nice")).stdout[0];
    const lower = spawner({ nice: 3 });
    const stdout: string[] = [];
    await lower.run({
      argv: ["nice"],
      env,
      onStdout: (line) => stdout.push(line),
      onStderr: () => undefined,
    });
    await lower.close();
    expect(Number(stdout[0])).toBe(Math.min(19, Number(own) + 3));
  });

  test("runs a program and tells how it ended", async () => {
    expect(await shell("echo one; echo two >&2; printf three; exit 3")).toEqual({
      code: 3,
      signal: null,
      truncated: false,
      timedOut: false,
      canceled: false,
      stdout: ["one", "three"],
      stderr: ["two"],
    });
    expect(await shell("kill -TERM $$")).toMatchObject({ code: null, signal: "SIGTERM" });
  });

  test("hands over input, environment and directory, and nothing else", async () => {
    const { stdout } = await shell("cat; echo $A; pwd; env | sort | cut -d= -f1 | tr '\\n' ' '", {
      stdin: "in\n",
      cwd: "/tmp",
      env: { ...env, A: 'it\'s "a" $value' },
    });
    expect(stdout.slice(0, 3)).toEqual(["in", 'it\'s "a" $value', "/tmp"]);
    expect(
      stdout[3]
        ?.trim()
        .split(" ")
        .filter((name) => !["_", "OLDPWD", "SHLVL"].includes(name)),
    ).toEqual(["A", "PATH", "PWD", "RAICHO_RUN"]);
  });

  test("arguments arrive as they are", async () => {
    const stdout: string[] = [];
    const args = ["a b", "$HOME", "`id`", "'", '"', "", "-c", "日本"];
    await spawns.run({
      argv: ["printf", "%s\n", ...args],
      env,
      onStdout: (line) => stdout.push(line),
    });
    expect(stdout).toEqual(args);
  });

  test("the program has no descriptors of ours", async () => {
    const { stdout } = await shell("ls /proc/$$/fd");
    expect(stdout.filter((fd) => Number(fd) <= 3)).toEqual(["0", "1", "2"]);
  });

  test.for([
    [["no-such-program"], {}, "ENOENT", /no-such-program is not found/],
    [["/etc/passwd"], {}, "EACCES", /may not be executed/],
    [["sh"], { cwd: "/no/such/place" }, "ENOENT", /working directory \/no\/such\/place/],
  ] as const)("%j %j cannot be started: %s", async ([[program], more, code, message]) => {
    await expect(spawns.run({ argv: [program], env, ...more })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test("many at once", async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, n) => shell(`echo ${n}`)));
    expect(results.map(({ stdout }) => stdout[0])).toEqual(results.map((_, n) => `${n}`));
  });

  test("a time out ends the whole group", async () => {
    const before = performance.now();
    const result = await shell("sleep 600 & echo $$ $!; wait", { timeoutMs: busyMs(500) });
    expect(result).toMatchObject({ timedOut: true, canceled: false, signal: "SIGTERM" });
    expect(performance.now() - before).toBeLessThan(busyMs(4_000));
    expect(await gone((result.stdout[0] ?? "").split(" ").map(Number))).toBe(true);
  });

  test("a polite signal comes once", async () => {
    const controller = new AbortController();
    const script = "trap 'echo asked' TERM; echo here; while :; do sleep 0.1 || true; done";
    const lines: string[] = [];
    await shell(script, {
      signal: controller.signal,
      graceMs: 600,
      onStdout: (line) => {
        lines.push(line);
        if (line === "here") controller.abort();
      },
    });
    expect(lines).toEqual(["here", "asked"]);
  });

  test("what ignores SIGTERM is killed, with all it started", async () => {
    const controller = new AbortController();
    const script =
      "trap '' TERM; (trap '' TERM; sleep 600) & echo $$ $!; while :; do sleep 1; done";
    const running = shell(script, {
      signal: controller.signal,
      graceMs: 300,
      onStdout: (line) => {
        pids.push(...line.split(" ").map(Number));
        controller.abort();
      },
    });
    const pids: number[] = [];
    expect(await running).toMatchObject({ canceled: true, signal: "SIGKILL" });
    expect(await gone(pids)).toBe(true);
  });

  test("canceled before it started", async () => {
    expect(await shell("sleep 600", { signal: AbortSignal.abort() })).toMatchObject({
      canceled: true,
    });
  });

  test("output is bounded, and says so", async () => {
    let characters = 0;
    const result = await shell("head -c 30000000 /dev/zero | tr '\\0' x", {
      onStdout: (line) => (characters += line.length),
    });
    expect(result).toMatchObject({ code: 0, truncated: true });
    expect(characters).toBe(10_000_000);
  });

  test("what a program leaves running on purpose stays", async () => {
    const { stdout, code } = await shell("sleep 600 >/dev/null 2>&1 & echo $!");
    const pid = Number(stdout[0]);
    expect(code).toBe(0);
    await sleep(300);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid);
  });

  test("nothing is left when the process that asked is killed", async () => {
    const parent = spawn(
      process.execPath,
      [join(import.meta.dirname, "fixtures/spawner-parent.ts")],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [bytes] = (await once(parent.stdout, "data")) as [Buffer];
    const pids = bytes.toString().trim().split(" ").map(Number);
    expect(pids.every(isAlive)).toBe(true);
    parent.kill("SIGKILL");
    expect(await gone(pids)).toBe(true);
  });

  test("nothing is left when the spawner is killed, and the next run works", async () => {
    const own = spawner();
    let pid = 0;
    let group = 0;
    const lost = own.run({
      argv: ["sh", "-c", "sleep 600 & echo $$ $PPID; wait"],
      env,
      onStdout: (line) => {
        [group = 0, pid = 0] = line.split(" ").map(Number);
        process.kill(pid, "SIGKILL");
      },
    });
    await expect(lost).rejects.toMatchObject({ code: "ESPAWNERLOST" });
    expect(await gone([group])).toBe(true);
    expect(await own.run({ argv: ["true"], env })).toMatchObject({ code: 0 });
    await own.close();
    await expect(own.run({ argv: ["true"], env })).rejects.toMatchObject({ code: "ESPAWNERLOST" });
  });

  test("closing ends what still runs", async () => {
    const own = spawner();
    const pids: number[] = [];
    const running = own.run({
      argv: ["sh", "-c", "sleep 600 & echo $$ $!; wait"],
      env,
      onStdout: (line) => {
        pids.push(...line.split(" ").map(Number));
        void own.close();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "ESPAWNERLOST" });
    expect(await gone(pids)).toBe(true);
  });
});
