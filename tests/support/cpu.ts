/** How long processors worked. */
import { readFileSync } from "node:fs";
import type { Raicho } from "./raicho.ts";

const ticksPerSecond = 100;

/** Seconds of all its processes that live, without a PostgreSQL beside it. */
export function familyCpu({ pid, family }: Pick<Raicho, "pid" | "family">): number {
  return [pid, ...family()].reduce((sum, one) => sum + cpuOf(one), 0);
}

/** Milliseconds that this thread worked on it: others that want the processor do not count. */
export function cpuMs(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

function cpuOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Of what stands behind the name, the 12th and 13th: user and system.
    const values = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(values[11]) + Number(values[12])) / ticksPerSecond;
  } catch {
    return 0;
  }
}
