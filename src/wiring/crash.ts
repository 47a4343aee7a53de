/** `RAICHO_CRASH_AT`: this process kills itself, as `kill -9` would, when it passes that point for the nth time. For tests of what a crash leaves behind. */
import type { Config } from "../config.ts";
import { armCrashPoints } from "../model/crash-points.ts";

export function armCrash(at: Config["crashAt"]): void {
  if (at === undefined) return;
  let left = at.passes;
  armCrashPoints((point) => {
    if (point !== at.point) return;
    left -= 1;
    if (left <= 0) process.kill(process.pid, "SIGKILL");
  });
}
