import { spawn } from "node:child_process";
import type { Spawn } from "../../src/runners/spawn.ts";

/** Starts programs from the test's own process, each in a process group of its own. */
export const spawnDirectly: Spawn = (program, args, options) => {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.environment,
    detached: true,
    stdio: "pipe",
  });
  child.stdout.on("data", (bytes: Buffer) => options.onOutput("stdout", bytes));
  child.stderr.on("data", (bytes: Buffer) => options.onOutput("stderr", bytes));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input);
  return {
    exited: new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal }));
    }),
    kill(signal) {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // The group has ended already.
      }
    },
  };
};
