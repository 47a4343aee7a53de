/** Writes a parsed Python pattern as source of a JavaScript RegExp without the flags i, m, s and u: V8's linear engine, which takes over
 * when backtracking explodes, knows none of i and u, so letters are spelled in both cases and classes as ranges of UTF-16 units. */
import { isSpace } from "./characters.ts";
import { childrenOf } from "./regex-nodes.ts";
import type { ParsedRegex, RegexFlags, RegexNode, SetItem } from "./regex-nodes.ts";

export type Alphabet = "ascii" | "bmp" | "full";

/** What is known of the text to search, so that the source can do without look-around wherever possible. */
export interface SubjectTraits {
  readonly alphabet: Alphabet;
  /** Ends with a newline: only then `$` differs from JavaScript's. */
  readonly newlineAtEnd: boolean;
  /** Has no line terminator but \\n, so that JavaScript's flag m means what Python's does. */
  readonly plainLines: boolean;
}

type Range = readonly [number, number];

const limits: Readonly<Record<Alphabet, number>> = { ascii: 0x7f, bmp: 0xffff, full: 0x10ffff };
const unicodeTests: Readonly<Record<string, (char: string) => boolean>> = {
  d: (char) => /\p{Nd}/u.test(char),
  w: (char) => /[\p{L}\p{N}_]/u.test(char),
  s: isSpace,
};
const asciiRanges: Readonly<Record<string, readonly Range[]>> = {
  d: [[48, 57]],
  w: [
    [48, 57],
    [65, 90],
    [95, 95],
    [97, 122],
  ],
  s: [
    [9, 13],
    [32, 32],
  ],
};
const spaceRanges: readonly Range[] = [
  [9, 13],
  [28, 32],
];

const scanned = new Map<string, readonly Range[]>();

/** Code points of a category up to a limit, found once by asking the engine about each. */
function categoryRanges(name: string, flags: RegexFlags, alphabet: Alphabet): readonly Range[] {
  if (flags.ascii) return asciiRanges[name] ?? [];
  if (alphabet === "ascii") return name === "s" ? spaceRanges : (asciiRanges[name] ?? []);
  const key = name + alphabet;
  const before = scanned.get(key);
  if (before !== undefined) return before;
  const test = unicodeTests[name];
  const ranges: [number, number][] = [];
  for (let code = 0; code <= limits[alphabet]; code += 1) {
    if (test?.(String.fromCodePoint(code)) !== true) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  scanned.set(key, ranges);
  return ranges;
}

function normalise(ranges: readonly Range[]): Range[] {
  const sorted = ranges.toSorted((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function complement(ranges: readonly Range[], limit: number): Range[] {
  const result: Range[] = [];
  let next = 0;
  for (const [from, to] of normalise(ranges)) {
    if (from > next) result.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= limit) result.push([next, limit]);
  return result;
}

/** The other cases of one character, itself included. */
function cases(code: number): number[] {
  const char = String.fromCodePoint(code);
  const found = new Set([code]);
  for (const variant of [
    char.toLowerCase(),
    char.toUpperCase(),
    char.toUpperCase().toLowerCase(),
    char.toLowerCase().toUpperCase(),
  ]) {
    if (Array.from(variant).length === 1) found.add(variant.codePointAt(0) ?? code);
  }
  return [...found];
}

function withCases(ranges: readonly Range[], alphabet: Alphabet): readonly Range[] {
  const limit = limits[alphabet];
  const result: Range[] = [...ranges];
  for (const [from, to] of ranges) {
    for (let code = from; code <= Math.min(to, limit, 0xffff); code += 1) {
      for (const other of cases(code)) result.push([other, other]);
    }
  }
  return result;
}

function itemRanges(item: SetItem, flags: RegexFlags, alphabet: Alphabet): readonly Range[] {
  if (!("category" in item)) {
    const range: readonly Range[] = [[item.from, item.to]];
    return flags.ignoreCase ? withCases(range, alphabet) : range;
  }
  const ranges = categoryRanges(item.category.toLowerCase(), flags, alphabet);
  const negated = item.category !== item.category.toLowerCase();
  return negated ? complement(ranges, limits.full) : ranges;
}

function unit(code: number, alphabet: Alphabet): string {
  if (code > 0xffff) {
    return alphabet === "full" ? `\\u{${code.toString(16)}}` : String.raw`\uffff`;
  }
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

function setSource(ranges: readonly Range[], alphabet: Alphabet): string {
  const limit = limits[alphabet];
  const parts = normalise(ranges)
    .filter(([from]) => from <= limit)
    .map(([from, to]) => `${unit(from, alphabet)}-${unit(Math.min(to, limit), alphabet)}`);
  return parts.length === 0 ? "[]" : `[${parts.join("")}]`;
}

function charSource(code: number, flags: RegexFlags, alphabet: Alphabet): string {
  if (!flags.ignoreCase) {
    const char = String.fromCodePoint(code);
    if (/^[A-Za-z0-9_ ]$/.test(char)) return char;
    return code > limits[alphabet] ? "[]" : unit(code, alphabet);
  }
  const all = cases(code);
  if (all.length === 1) return charSource(code, { ...flags, ignoreCase: false }, alphabet);
  return setSource(
    all.map((other) => [other, other] as const),
    alphabet,
  );
}

function boundary(negated: boolean, flags: RegexFlags, alphabet: Alphabet): string {
  if (alphabet === "ascii" || flags.ascii) return negated ? "\\B" : "\\b";
  const word = setSource(categoryRanges("w", flags, alphabet), alphabet);
  return negated
    ? `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`
    : `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
}

function anchorSource(anchor: string, flags: RegexFlags, how: Emission): string {
  switch (anchor) {
    case "\\A":
      return "^";
    case "\\Z":
      return "$";
    case "^":
      return flags.multiline && !how.lines ? "(?:^|(?<=\\n))" : "^";
    case "$":
      if (how.lines) return "$";
      if (flags.multiline) return "(?:$|(?=\\n))";
      return how.newlineAtEnd ? "(?:$|(?=\\n$))" : "$";
    default:
      return boundary(anchor === "\\B", flags, how.alphabet);
  }
}

/** True when every anchor of the pattern is one of lines. */
function onlyLineAnchors(node: RegexNode): boolean {
  if (node.kind !== "anchor") return childrenOf(node).every(onlyLineAnchors);
  if (node.anchor === "\\b" || node.anchor === "\\B") return true;
  return node.flags.multiline && (node.anchor === "^" || node.anchor === "$");
}

interface Emission extends SubjectTraits {
  readonly lines: boolean;
}

/** Source and flags of a RegExp for texts with these traits. */
export function emitRegex(
  parsed: ParsedRegex,
  traits: SubjectTraits,
): { readonly source: string; readonly flags: string } {
  const lines = traits.plainLines && onlyLineAnchors(parsed.root);
  const source = emit(parsed.root, { ...traits, lines });
  return { source, flags: `${lines ? "m" : ""}${traits.alphabet === "full" ? "u" : ""}` };
}

function emit(node: RegexNode, how: Emission): string {
  switch (node.kind) {
    case "group":
      return `${node.index === undefined ? "(?:" : "("}${emit(node.body, how)})`;
    case "look":
      return `${node.open}${emit(node.body, how)})`;
    case "repeat":
      return emitRepeat(node, how);
    case "sequence":
      return node.items.map((item) => emit(item, how)).join("");
    case "choice":
      return node.options.map((option) => emit(option, how)).join("|");
    case "char":
    case "any":
    case "set":
    case "anchor":
    case "back":
      return emitLeaf(node, how);
  }
}

function emitLeaf(
  node: Extract<RegexNode, { readonly kind: "char" | "any" | "set" | "anchor" | "back" }>,
  how: Emission,
): string {
  switch (node.kind) {
    case "char":
      return charSource(node.code, node.flags, how.alphabet);
    case "any":
      return node.flags.dotAll ? "[^]" : "[^\\n]";
    case "set":
      return emitSet(node, how.alphabet);
    case "anchor":
      return anchorSource(node.anchor, node.flags, how);
    case "back":
      // An unset group matches nothing in Python, the empty text in JavaScript.
      return `${node.flags.ignoreCase ? "(?i:" : "(?:"}\\${node.index})`;
  }
}

function emitSet(node: RegexNode & { readonly kind: "set" }, alphabet: Alphabet): string {
  const ranges = node.items.flatMap((item) => itemRanges(item, node.flags, alphabet));
  return setSource(node.negated ? complement(ranges, limits.full) : ranges, alphabet);
}

function rangeSource(min: number, max: number): string {
  if (min === 0 && max === 1) return "?";
  if (max === Number.POSITIVE_INFINITY) {
    if (min > 1) return `{${min},}`;
    return min === 0 ? "*" : "+";
  }
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function emitRepeat(node: RegexNode & { readonly kind: "repeat" }, how: Emission): string {
  const body = emit(node.body, how);
  const isAtom = ["char", "set", "any", "group"].includes(node.body.kind);
  const atom = isAtom ? body : `(?:${body})`;
  return `${atom}${rangeSource(node.min, node.max)}${node.lazy ? "?" : ""}`;
}
