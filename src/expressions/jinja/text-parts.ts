/** Where str is taken apart: strip, split, partition, lines. */
import { PyTuple } from "../python/collections.ts";
import { typeName } from "../python/compare.ts";
import { typeError, valueError } from "../python/errors.ts";
import { isSpace } from "../python/characters.ts";
import { need } from "./runtime.ts";

export function str(value: unknown, what: string): string {
  if (typeof need(value) === "string") return String(value);
  throw typeError(what.replace("%s", typeName(value)));
}

/** strip(): which side, and of which characters. */
export function strip(text: string, chars: unknown, side: "both" | "left" | "right"): string {
  const set =
    chars === undefined || chars === null ? undefined : str(chars, "strip arg must be None or str");
  const drop = (char: string): boolean => (set === undefined ? isSpace(char) : set.includes(char));
  let from = 0;
  let to = text.length;
  if (side !== "right") while (from < to && drop(text[from] ?? "")) from += 1;
  if (side !== "left") while (to > from && drop(text[to - 1] ?? "")) to -= 1;
  return text.slice(from, to);
}

function splitWords(text: string, most: number): string[] {
  const words: string[] = [];
  let at = skip(text, 0, true);
  while (at < text.length) {
    const end = words.length === most ? text.length : skip(text, at, false);
    words.push(text.slice(at, end));
    at = skip(text, end, true);
  }
  return words;
}

/** The next place that is not (or is) white space. */
export function skip(text: string, start: number, blank: boolean): number {
  let at = start;
  while (at < text.length && isSpace(text[at] ?? "") === blank) at += 1;
  return at;
}

/** str.split(); `most` negative = no limit. */
export function split(text: string, separator: unknown, most = -1): string[] {
  const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
  if (separator === undefined || separator === null) return splitWords(text, limit);
  const by = str(separator, "must be str or None, not %s");
  if (by === "") throw valueError("empty separator");
  const parts = text.split(by);
  if (parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(by)];
}

function reversed(value: string): string {
  return Array.from(value).toReversed().join("");
}

export function splitFromRight(text: string, separator: unknown, most: number): string[] {
  if (most < 0) return split(text, separator);
  const by = typeof separator === "string" ? reversed(separator) : separator;
  return split(reversed(text), by, most).map(reversed).toReversed();
}

export function partition(text: string, separator: unknown, last: boolean): PyTuple {
  const by = str(separator, "must be str, not %s");
  if (by === "") throw valueError("empty separator");
  const at = last ? text.lastIndexOf(by) : text.indexOf(by);
  if (at === -1) return new PyTuple(last ? ["", "", text] : [text, "", ""]);
  return new PyTuple([text.slice(0, at), by, text.slice(at + by.length)]);
}

/** The first pieces and the rest; between all characters where there is nothing to split by. */
export function splitOff(text: string, by: string, most: number): string[] {
  if (by !== "") return split(text, by, most);
  const chars = ["", ...Array.from(text)];
  return [...chars.slice(0, most), chars.slice(most).join("")];
}

const lineEnds = new Set("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

/** str.splitlines() */
export function splitLines(text: string, keep = false): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (!lineEnds.has(text[at] ?? "")) continue;
    const end = text.startsWith("\r\n", at) ? at + 2 : at + 1;
    lines.push(text.slice(start, keep ? end : at));
    start = end;
    at = end - 1;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}
