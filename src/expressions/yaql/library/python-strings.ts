/** Methods of Python's str. */
import { valueError } from "../faults.ts";
import type { Run } from "../run.ts";
import { characters } from "./codepoints.ts";

// What str.strip() and str.split() take for white space.
const space =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const isSpace = new RegExp(space);

/** str.strip: characters of `set` (null: white space) are cut from the chosen ends. */
export function strip(
  text: string,
  set: string | null,
  ends: { readonly left: boolean; readonly right: boolean },
): string {
  const cut = set === null ? (character: string) => isSpace.test(character) : isOneOf(set);
  const all = characters(text);
  let start = 0;
  let end = all.length;
  while (ends.left && start < end && cut(all[start] ?? "")) start++;
  while (ends.right && end > start && cut(all[end - 1] ?? "")) end--;
  return start === 0 && end === all.length ? text : all.slice(start, end).join("");
}

function isOneOf(set: string): (character: string) => boolean {
  const members = new Set(set);
  return (character) => members.has(character);
}

/** str.split; a negative limit means none. */
export function split(text: string, separator: string | null, limit: number): string[] {
  if (separator === "") throw valueError("empty separator");
  if (separator === null) return splitSpace(text, limit);
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

/** str.rsplit. */
export function rightSplit(text: string, separator: string | null, limit: number): string[] {
  if (separator === "") throw valueError("empty separator");
  if (separator === null) {
    const parts = splitSpace(reversed(text), limit);
    return parts.map((part) => reversed(part)).toReversed();
  }
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  const kept = parts.length - limit;
  return [parts.slice(0, kept).join(separator), ...parts.slice(kept)];
}

function splitSpace(text: string, limit: number): string[] {
  const parts: string[] = [];
  let offset = 0;
  while (offset < text.length) {
    if (isSpace.test(text.charAt(offset))) {
      offset++;
      continue;
    }
    if (limit >= 0 && parts.length >= limit) {
      parts.push(text.slice(offset));
      break;
    }
    let end = offset;
    while (end < text.length && !isSpace.test(text.charAt(end))) end++;
    parts.push(text.slice(offset, end));
    offset = end;
  }
  return parts;
}

/** str.replace; a negative count means all. */
export function replaced(
  text: string,
  old: string,
  fresh: string,
  { count, run }: { readonly count: number; readonly run: Run },
): string {
  const parts = old === "" ? ["", ...characters(text), ""] : text.split(old);
  const times = Math.min(parts.length - 1, count < 0 ? Infinity : count);
  run.produce(text.length + times * fresh.length);
  if (times === parts.length - 1) return parts.join(fresh);
  return [parts.slice(0, times + 1).join(fresh), ...parts.slice(times + 1)].join(old);
}

function reversed(text: string): string {
  return Array.from(text).toReversed().join("");
}
