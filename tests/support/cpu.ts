/** How long processors worked for a Raicho. */
import { readFileSync } from "node:fs";
import type { Raicho } from "./raicho.ts";

const ticksPerSecond = 100;

/** Seconds of all its processes that live, without a PostgreSQL beside it. */
export function familyCpu({ pid, family }: Pick<Raicho, "pid" | "family">): number {
  return [pid, ...family()].reduce((sum, one) => sum + cpuOf(one), 0);
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
