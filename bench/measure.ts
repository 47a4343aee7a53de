/** Loops and numbers that all measurements share. */
import { performance } from "node:perf_hooks";

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Three significant digits: more would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(value >= 1_000 ? 5 : 3));
}

/** `width` loops side by side for `ms` milliseconds; each turn gives how many things it did. Result: things per second. */
export async function perSecond(
  width: number,
  ms: number,
  turn: () => Promise<number>,
): Promise<number> {
  const start = performance.now();
  const end = start + ms;
  let done = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      const count = await turn();
      done += count;
    }
  };
  await Promise.all(Array.from({ length: width }, loop));
  return (done * 1_000) / (performance.now() - start);
}

/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The value below which that part of them lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
