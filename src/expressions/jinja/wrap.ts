/** textwrap.wrap of Python, line by line. */
import { valueError } from "../python/errors.ts";
import { splitLines } from "./methods-text.ts";

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

function wrapLine(line: string, options: WrapOptions): string[] {
  const pending = chunks(line, options.hyphens).toReversed();
  const lines: string[] = [];
  while (pending.length > 0) {
    const current: string[] = [];
    let size = 0;
    if (lines.length > 0 && pending.at(-1)?.trim() === "") pending.pop();
    while (pending.length > 0 && size + (pending.at(-1)?.length ?? 0) <= options.width) {
      const chunk = pending.pop() ?? "";
      current.push(chunk);
      size += chunk.length;
    }
    const next = pending.at(-1);
    if (next !== undefined && next.length > options.width) {
      const room = Math.max(1, options.width - size);
      if (options.breakLong) {
        const end = options.hyphens ? hyphenBefore(next, room) : room;
        current.push(next.slice(0, end));
        pending[pending.length - 1] = next.slice(end);
      } else if (current.length === 0) current.push(pending.pop() ?? "");
    }
    if (current.at(-1)?.trim() === "") current.pop();
    if (current.length > 0) lines.push(current.join(""));
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
