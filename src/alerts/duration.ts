import type { DocumentNode } from "./document.ts";

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `30s`, `5m`, `1h30m`, `2d`; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  if (!/^(?:\d{1,6}[smhd]){1,4}$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ""] ?? 0),
    0,
  );
}

/** Reads a duration; `fallback` when there is none. */
export function readDuration(node: DocumentNode, fallback: number): number {
  if (!node.present) return fallback;
  const read = durationMs(node.text());
  if (read !== undefined) return read;
  node.problem(`"${node.text()}" is no duration; write 30s, 5m, 1h30m or 2d`);
  return fallback;
}
