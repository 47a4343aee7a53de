/** Where a character of a text value stands in the file. */
import type { Scalar } from "yaml";

/** Offset in `file` of the character at `offset` of the scalar's value, or undefined when folding or escapes moved it. */
export function offsetInFile(file: string, node: Scalar, offset: number): number | undefined {
  const { value, range, type } = node;
  if (typeof value !== "string" || range === null || range === undefined) return undefined;
  const [start, end] = range;
  // A fault at the very end is shown behind the last word, not on the empty line after it.
  const within = Math.min(offset, value.trimEnd().length);
  if (type === "BLOCK_LITERAL") return offsetInBlock(file.slice(start, end), value, within, start);
  const skip = type === "PLAIN" ? 0 : 1;
  return file.startsWith(value, start + skip) ? start + skip + within : undefined;
}

function offsetInBlock(
  raw: string,
  value: string,
  offset: number,
  start: number,
): number | undefined {
  const before = value.slice(0, offset).split("\n");
  const lines = raw.split("\n");
  // The first line of the block is its header, `|`.
  const line = lines[before.length];
  const wanted = value.split("\n")[before.length - 1];
  if (line === undefined || wanted === undefined || !line.endsWith(wanted)) return undefined;
  const passed = lines.slice(0, before.length).reduce((sum, each) => sum + each.length + 1, 0);
  return start + passed + (line.length - wanted.length) + (before.at(-1)?.length ?? 0);
}
