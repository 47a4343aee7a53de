/** textwrap.wrap of Python, line by line. */
import { valueError } from "../python/errors.ts";
import { splitLines } from "./text-parts.ts";

export interface WrapOptions {
  readonly width: number;
  readonly breakLong: boolean;
  readonly hyphens: boolean;
  readonly newline: string;
}

function chunks(line: string, hyphens: boolean): string[] {
  const words = line.split(/([\t\n\v\f\r ]+)/).filter((word) => word !== "");
  if (!hyphens) return words;
  return words.flatMap((word) => word.split(/(?<=[\p{L}\p{N}_]{2}-)(?=[\p{L}_]{2})/u));
}

/** Where to break a long word: after its last hyphen that fits, else where the line ends. */
function hyphenBefore(word: string, room: number): number {
  if (word.length <= room) return room;
  const at = word.slice(0, room).lastIndexOf("-");
  return at > 0 && /[^-]/.test(word.slice(0, at)) ? at + 1 : room;
}

function isBlank(chunk: string | undefined): boolean {
  return chunk?.trim() === "";
}

/** Takes the chunks of one line off the end of `pending`. */
function takeLine(pending: string[], options: WrapOptions): string[] {
  const line: string[] = [];
  let size = 0;
  for (let next = pending.at(-1); next !== undefined; next = pending.at(-1)) {
    if (size + next.length > options.width) break;
    line.push(next);
    size += next.length;
    pending.pop();
  }
  const next = pending.at(-1);
  if (next !== undefined && next.length > options.width)
    breakLong(pending, line, { size, options });
  if (isBlank(line.at(-1))) line.pop();
  return line;
}

/** The next chunk alone is longer than a line. */
function breakLong(
  pending: string[],
  line: string[],
  { size, options }: { size: number; options: WrapOptions },
): void {
  const next = pending.pop() ?? "";
  if (options.breakLong) {
    const room = options.width - size;
    const end = options.hyphens ? hyphenBefore(next, room) : room;
    line.push(next.slice(0, end));
    pending.push(next.slice(end));
  } else if (line.length === 0) line.push(next);
  else pending.push(next);
}

/** Lines that one long word fills alone; its rest stays pending. */
function cut(
  pending: string[],
  lines: string[],
  { width, breakLong: breaks, hyphens }: WrapOptions,
): void {
  const word = pending.at(-1) ?? "";
  if (!breaks || word.length <= width || (hyphens && word.includes("-"))) return;
  let start = 0;
  for (; word.length - start > width; start += width) lines.push(word.slice(start, start + width));
  pending[pending.length - 1] = word.slice(start);
}

function wrapLine(line: string, options: WrapOptions): string[] {
  const pending = chunks(line, options.hyphens).toReversed();
  const lines: string[] = [];
  while (pending.length > 0) {
    cut(pending, lines, options);
    if (lines.length > 0 && isBlank(pending.at(-1))) pending.pop();
    const taken = takeLine(pending, options);
    if (taken.length > 0) lines.push(taken.join(""));
  }
  return lines;
}

/** Wraps each line of the text. Throws ValueError for a width that is not positive. */
export function wrapText(text: string, options: WrapOptions): string {
  if (options.width <= 0) throw valueError(`invalid width ${options.width} (must be > 0)`);
  return splitLines(text)
    .map((line) => wrapLine(line, options).join(options.newline))
    .join(options.newline);
}
