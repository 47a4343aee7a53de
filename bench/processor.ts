/** Processor time of programs and of all that they started: what else the machine does hardly matters to it. */
import { readdirSync, readFileSync } from "node:fs";

/** Linux counts in hundredths of a second, on every machine that it runs on today. */
const msPerTick = 10;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Milliseconds, with those of its children that have ended. */
  readonly ms: number;
}

function processOf(pid: number): readonly Process[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [, parent] = fields;
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid, parent: Number(parent), ms: ticks * msPerTick }];
  } catch {
    return [];
  }
}

/** Milliseconds that these programs and their descendants have had a processor; undefined where nobody counts it. */
export function processorTime(pids: readonly number[]): number | undefined {
  let names: readonly string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  const all = names.flatMap((name) => processOf(Number(name)));
  const children = Map.groupBy(all, ({ parent }) => parent);
  const open = all.filter(({ pid }) => pids.includes(pid));
  let sum = 0;
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    sum += one.ms;
    open.push(...(children.get(one.pid) ?? []));
  }
  return sum;
}
