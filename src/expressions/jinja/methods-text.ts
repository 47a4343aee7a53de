/** Methods of str. */
import { checkSize, isInt } from "../python/arithmetic.ts";
import { capitalize } from "../python/casts.ts";
import { PySet, PyTuple } from "../python/collections.ts";
import { typeName } from "../python/compare.ts";
import { typeError, valueError } from "../python/errors.ts";
import { formatText } from "./format.ts";
import { methodTable } from "./method-table.ts";
import { isAscii } from "../python/characters.ts";
import { need, PyIterator } from "./runtime.ts";
import {
  partition,
  skip,
  split,
  splitFromRight,
  splitLines,
  splitOff,
  str,
  strip,
} from "./text-parts.ts";

function narrow(owner: unknown): string {
  if (typeof owner === "string") return owner;
  throw typeError("not a str");
}

function integer(value: unknown, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  if (isInt(value)) return Number(value);
  throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
}

/** Start and end of a slice given as arguments. */
function region(length: number, from: unknown, to: unknown): [number, number] {
  const clamp = (at: number): number => (at < 0 ? Math.max(0, at + length) : Math.min(at, length));
  return [clamp(integer(from, 0)), clamp(integer(to, length))];
}

function find(text: string, args: readonly unknown[], last: boolean): number {
  const wanted = str(args[0], "must be str, not %s");
  const [from, to] = region(text.length, args[1], args[2]);
  if (from > text.length || from > to) return -1;
  const part = text.slice(from, to);
  const at = last ? part.lastIndexOf(wanted) : part.indexOf(wanted);
  return at === -1 ? -1 : at + from;
}

function found(at: number): number {
  if (at === -1) throw valueError("substring not found");
  return at;
}

function affix(name: string, text: string, args: readonly unknown[]): boolean {
  const [affixes, start, end] = args;
  const [from, to] = region(text.length, start, end);
  const part = text.slice(from, to);
  const list = affixes instanceof PyTuple ? affixes.items : [affixes];
  return list.some((item) => {
    const wanted = str(item, `${name} first arg must be str or a tuple of str, not %s`);
    return name === "startswith" ? part.startsWith(wanted) : part.endsWith(wanted);
  });
}

function fill(value: unknown): string {
  if (value === undefined) return " ";
  const char = str(value, "The fill character must be a unicode character, not %s");
  if (Array.from(char).length !== 1) {
    throw typeError("The fill character must be exactly one character long");
  }
  return char;
}

/** str.center() */
export function center(text: string, width: number, char = " "): string {
  const missing = width - text.length;
  if (missing <= 0) return text;
  checkSize(width);
  const left = Math.floor(missing / 2) + (missing % 2 === 1 && width % 2 === 1 ? 1 : 0);
  return char.repeat(left) + text + char.repeat(missing - left);
}

function padded(text: string, [width, char]: readonly unknown[], left: boolean): string {
  const size = integer(width, 0);
  checkSize(size);
  return left ? text.padStart(size, fill(char)) : text.padEnd(size, fill(char));
}

/** str.replace(); `count` negative = all. */
export function replace(text: string, args: readonly unknown[]): string {
  const from = str(args[0], "replace() argument 1 must be str, not %s");
  const to = str(args[1], "replace() argument 2 must be str, not %s");
  const most = integer(args[2], -1);
  if (most < 0) {
    checkSize(text.length + (from === "" ? text.length * to.length : 0));
    const result =
      from === ""
        ? to +
          Array.from(text)
            .map((char) => char + to)
            .join("")
        : text.replaceAll(from, () => to);
    checkSize(result.length);
    return result;
  }
  const parts = splitOff(text, from, most);
  return parts.join(to);
}

function expandTabs(text: string, size: number): string {
  let column = 0;
  let result = "";
  for (const char of text) {
    if (char === "\t") {
      const spaces = size > 0 ? size - (column % size) : 0;
      result += " ".repeat(spaces);
      column += spaces;
    } else {
      result += char;
      column = char === "\n" || char === "\r" ? 0 : column + 1;
    }
    checkSize(result.length);
  }
  return result;
}

/** str.title(): every run of letters starts with a capital. */
export function title(text: string): string {
  return text.replace(/\p{L}+/gu, (word) => capitalize(word));
}

function swapCase(text: string): string {
  return Array.from(text)
    .map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()))
    .join("");
}

function isTitle(text: string): boolean {
  return /\p{L}/u.test(text) && title(text) === text;
}

/** True when the text has letters with case and all are of that case. */
export function isCase(text: string, upper: boolean): boolean {
  const same = upper ? text.toUpperCase() : text.toLowerCase();
  return text === same && text.toUpperCase() !== text.toLowerCase();
}

function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PySet) return value.items();
  if (value instanceof PyIterator) return value.take();
  if (typeof value === "string") return Array.from(value);
  if (typeof value === "object" && value !== null) return Object.keys(value);
  throw typeError("can only join an iterable");
}

function join(text: string, value: unknown): string {
  const parts = items(need(value)).map((item, at) =>
    str(item, `sequence item ${at}: expected str instance, %s found`),
  );
  checkSize(parts.reduce((size, part) => size + part.length + text.length, 0));
  return parts.join(text);
}

function count(text: string, args: readonly unknown[]): number {
  const wanted = str(args[0], "must be str, not %s");
  const [from, to] = region(text.length, args[1], args[2]);
  return text.slice(from, to).split(wanted).length - 1 + (wanted === "" ? 2 : 0);
}

const whole = (pattern: RegExp) => (text: string) => pattern.test(text);
const range: readonly [number, number] = [1, 3];
const none: readonly [number, number] = [0, 0];
const one: readonly [number, number] = [1, 1];

export const textMethods = methodTable(narrow, [
  ["capitalize", none, capitalize],
  ["casefold", none, (text) => text.toLowerCase().replaceAll("ß", "ss")],
  ["center", [1, 2], (text, [width, char]) => center(text, integer(width, 0), fill(char))],
  ["count", range, count],
  ["endswith", range, (text, args) => affix("endswith", text, args)],
  ["startswith", range, (text, args) => affix("startswith", text, args)],
  ["expandtabs", [0, 1], (text, [size]) => expandTabs(text, integer(size, 8)), ["tabsize"]],
  ["find", range, (text, args) => find(text, args, false)],
  ["rfind", range, (text, args) => find(text, args, true)],
  ["index", range, (text, args) => found(find(text, args, false))],
  ["rindex", range, (text, args) => found(find(text, args, true))],
  [
    "format",
    [0, 99],
    (text, args, { keywords, run }) => formatText(text, { args, keywords }, run.reach),
    "any",
  ],
  [
    "format_map",
    one,
    (text, [map], { run }) => {
      const entries = typeof map === "object" && map !== null ? Object.entries(map) : [];
      return formatText(text, { args: [], keywords: new Map(entries) }, run.reach);
    },
  ],
  ["isalnum", none, whole(/^[\p{L}\p{N}]+$/u)],
  ["isalpha", none, whole(/^\p{L}+$/u)],
  ["isascii", none, (text) => isAscii(text)],
  ["isdecimal", none, whole(/^\p{Nd}+$/u)],
  ["isdigit", none, whole(/^[\p{Nd}²³¹⁰-₉]+$/u)],
  ["isnumeric", none, whole(/^\p{N}+$/u)],
  ["isidentifier", none, whole(/^[\p{L}_][\p{L}\p{N}_]*$/u)],
  ["islower", none, (text) => isCase(text, false)],
  ["isupper", none, (text) => isCase(text, true)],
  ["isprintable", none, (text) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text)],
  ["isspace", none, (text) => text !== "" && skip(text, 0, true) === text.length],
  ["istitle", none, isTitle],
  ["join", one, (text, [value]) => join(text, value)],
  ["ljust", [1, 2], (text, args) => padded(text, args, false)],
  ["rjust", [1, 2], (text, args) => padded(text, args, true)],
  ["lower", none, (text) => text.toLowerCase()],
  ["upper", none, (text) => text.toUpperCase()],
  ["strip", [0, 1], (text, [chars]) => strip(text, chars, "both")],
  ["lstrip", [0, 1], (text, [chars]) => strip(text, chars, "left")],
  ["rstrip", [0, 1], (text, [chars]) => strip(text, chars, "right")],
  ["partition", one, (text, [by]) => partition(text, by, false)],
  ["rpartition", one, (text, [by]) => partition(text, by, true)],
  [
    "removeprefix",
    one,
    (text, [prefix]) => {
      const start = str(prefix, "removeprefix() argument must be str, not %s");
      return text.startsWith(start) ? text.slice(start.length) : text;
    },
  ],
  [
    "removesuffix",
    one,
    (text, [suffix]) => {
      const end = str(suffix, "removesuffix() argument must be str, not %s");
      return end !== "" && text.endsWith(end) ? text.slice(0, -end.length) : text;
    },
  ],
  ["replace", [2, 3], replace],
  ["split", [0, 2], (text, [by, most]) => split(text, by, integer(most, -1)), ["sep", "maxsplit"]],
  [
    "rsplit",
    [0, 2],
    (text, [by, most]) => splitFromRight(text, by, integer(most, -1)),
    ["sep", "maxsplit"],
  ],
  ["splitlines", [0, 1], (text, [keep]) => splitLines(text, keep === true), ["keepends"]],
  ["swapcase", none, swapCase],
  ["title", none, title],
  [
    "zfill",
    one,
    (text, [width]) => {
      const size = integer(width, 0);
      checkSize(size);
      const sign = /^[-+]/.exec(text)?.[0] ?? "";
      return sign + text.slice(sign.length).padStart(size - sign.length, "0");
    },
  ],
]);
