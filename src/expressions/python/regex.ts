/** Python's `re` on JavaScript's engine. */
import type { Ask } from "../context.ts";
import { checkSize } from "./arithmetic.ts";
import { PythonError } from "./errors.ts";
import { emitRegex } from "./regex-emit.ts";
import type { SubjectTraits } from "./regex-emit.ts";
import { childrenOf, noFlags } from "./regex-nodes.ts";
import type { ParsedRegex, RegexFlags, RegexNode } from "./regex-nodes.ts";
import { RegexParser } from "./regex-parse.ts";

export type { RegexFlags } from "./regex-nodes.ts";

/** What one match tells; plain data. */
export interface RegexMatch {
  readonly text: string;
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  /** Group 1 and on; null = took no part. */
  readonly groups: readonly (string | null)[];
  readonly names: Readonly<Record<string, string | null>>;
}

function traitsOf(subject: string): SubjectTraits {
  const ascii = !/[^\0-\x7f]/.test(subject);
  const alphabet = ascii ? "ascii" : /[\ud800-\udfff]/.test(subject) ? "full" : "bmp";
  return {
    alphabet,
    newlineAtEnd: subject.endsWith("\n"),
    plainLines: !/[\r\u2028\u2029]/.test(subject),
  };
}

/** A compiled pattern. Immutable for its users; keeps one RegExp per kind of subject. */
export class PyRegex {
  readonly #parsed: ParsedRegex;
  readonly #variants = new Map<string, RegExp>();
  constructor(pattern: string, flags: Partial<RegexFlags> = {}) {
    this.#parsed = new RegexParser(pattern, { ...noFlags, ...flags }).parse();
  }

  get groups(): number {
    return this.#parsed.groups;
  }

  get names(): ReadonlyMap<string, number> {
    return this.#parsed.names;
  }

  #variant(subject: string, sticky: boolean): RegExp {
    const traits = traitsOf(subject);
    const key = `${traits.alphabet}${traits.newlineAtEnd}${traits.plainLines}${sticky}`;
    let regexp = this.#variants.get(key);
    if (regexp === undefined) {
      const { source, flags } = emitRegex(this.#parsed, traits);
      regexp = new RegExp(source, flags + (sticky ? "y" : "g"));
      this.#variants.set(key, regexp);
    }
    regexp.lastIndex = 0;
    return regexp;
  }

  /** True when V8 can match this subject in time that grows no worse than with its square, whatever the pattern's author wanted. */
  isCheap(subject: string): boolean {
    const { source, flags } = this.#variant(subject, false);
    const linear = !flags.includes("u") && !/\(\?<?[=!]/.test(source);
    return cost(this.#parsed.root, linear) && (linear || subject.length <= 20_000);
  }

  #result(match: RegExpExecArray): RegexMatch {
    const groups = Array.from({ length: this.groups }, (_, at) => match[at + 1] ?? null);
    const names = Object.fromEntries(
      [...this.names].map(([name, index]) => [name, groups[index - 1] ?? null]),
    );
    const [text] = match;
    return { text, start: match.index, end: match.index + text.length, groups, names };
  }

  /** re.search */
  search(subject: string): RegexMatch | undefined {
    const match = this.#variant(subject, false).exec(subject);
    return match === null ? undefined : this.#result(match);
  }

  /** re.match: only at the start. */
  match(subject: string): RegexMatch | undefined {
    const match = this.#variant(subject, true).exec(subject);
    return match === null ? undefined : this.#result(match);
  }

  /** re.finditer */
  all(subject: string): RegexMatch[] {
    const matches: RegexMatch[] = [];
    for (const match of subject.matchAll(this.#variant(subject, false))) {
      matches.push(this.#result(match));
    }
    return matches;
  }

  /** re.findall: texts, or groups (one: text; several: a list of them). */
  findall(subject: string): (string | readonly string[])[] {
    return this.all(subject).map((match) => {
      const groups = match.groups.map((group) => group ?? "");
      if (groups.length === 0) return match.text;
      return groups.length === 1 ? (groups[0] ?? "") : groups;
    });
  }

  /** re.sub; count 0 = all. */
  sub(replacement: string, subject: string, count = 0): string {
    const expand = parseReplacement(replacement, this.#parsed);
    let result = "";
    let end = 0;
    let done = 0;
    for (const match of this.all(subject)) {
      if (count > 0 && done >= count) break;
      result += subject.slice(end, match.start) + expand(match);
      checkSize(result.length);
      end = match.end;
      done += 1;
    }
    return result + subject.slice(end);
  }

  /** re.split; groups stand between the pieces. */
  split(subject: string, limit = 0): (string | null)[] {
    const pieces: (string | null)[] = [];
    let end = 0;
    let done = 0;
    for (const match of this.all(subject)) {
      if (limit > 0 && done >= limit) break;
      pieces.push(subject.slice(end, match.start), ...match.groups);
      end = match.end;
      done += 1;
    }
    pieces.push(subject.slice(end));
    return pieces;
  }
}

// V8's linear engine unrolls counted repetitions up to this product and refuses more.
const maxUnrolled = 16;

interface Shape {
  /** Product of counted repetitions on the way down. */
  unrolled: number;
  unbounded: number;
  nested: boolean;
  special: boolean;
}

function cost(root: RegexNode, linear: boolean): boolean {
  const shape: Shape = { unrolled: 1, unbounded: 0, nested: false, special: false };
  measure(root, shape, { product: 1, inside: false });
  if (linear && !shape.special && shape.unrolled <= maxUnrolled) return true;
  return !shape.special && !shape.nested && shape.unbounded <= 1;
}

function measure(node: RegexNode, shape: Shape, at: { product: number; inside: boolean }): void {
  if (node.kind === "look" || node.kind === "back") shape.special = true;
  else if (node.kind === "repeat") measureRepeat(node, shape, at);
  else for (const child of childrenOf(node)) measure(child, shape, at);
}

function measureRepeat(
  node: RegexNode & { readonly kind: "repeat" },
  shape: Shape,
  at: { product: number; inside: boolean },
): void {
  const times = Number.isFinite(node.max) ? node.max : Math.max(1, node.min);
  const product = at.product * Math.max(1, times);
  shape.unrolled = Math.max(shape.unrolled, product);
  if (at.inside) shape.nested = true;
  if (!Number.isFinite(node.max)) shape.unbounded += 1;
  const quantified = at.inside || node.max > 1;
  measure(node.body, shape, { product, inside: quantified });
}

/** True when the pattern needs no deadline on ASCII text. Throws PythonError for a faulty pattern. */
export function isCheap(pattern: string, flags: Partial<RegexFlags> = {}): boolean {
  return compileRegex(pattern, flags).isCheap("");
}

const cache = new Map<string, PyRegex>();

/** Compiles, or answers from the last few hundred. Throws PythonError (type `error`) in Python's words. */
export function compileRegex(pattern: string, flags: Partial<RegexFlags> = {}): PyRegex {
  const key = `${JSON.stringify(flags)}${pattern}`;
  let regex = cache.get(key);
  if (regex === undefined) {
    regex = new PyRegex(pattern, flags);
    if (cache.size >= 500) cache.clear();
    cache.set(key, regex);
  }
  return regex;
}

type Expand = (match: RegexMatch) => string;

const replacementEscapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  f: "\f",
  v: "\v",
  a: "\u0007",
  b: "\b",
  "\\": "\\",
};

function parseReplacement(template: string, parsed: ParsedRegex): Expand {
  const parts: (string | number)[] = [];
  const pattern = /\\(?:g<([^>]*)>|([1-9]\d?)|(0[0-7]{0,2})|([^]|$))/g;
  let end = 0;
  for (const match of template.matchAll(pattern)) {
    parts.push(template.slice(end, match.index), replacementPart(match, parsed));
    end = match.index + match[0].length;
  }
  parts.push(template.slice(end));
  return (match) =>
    parts
      .map((part) => {
        if (typeof part === "string") return part;
        return part === 0 ? match.text : (match.groups[part - 1] ?? "");
      })
      .join("");
}

function badEscape(what: string, at: number): PythonError {
  return new PythonError("error", `bad escape ${what} at position ${at}`);
}

function replacementPart(match: RegExpExecArray, parsed: ParsedRegex): string | number {
  const [, name, digits, octal, char = ""] = match;
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  if (name !== undefined) return namedGroup(name, match.index, parsed);
  if (digits !== undefined) return numberedGroup(Number(digits), match.index + 1, parsed);
  if (char === "") throw badEscape("(end of pattern)", match.index);
  const known = replacementEscapes[char];
  if (known !== undefined) return known;
  if (/[A-Za-z]/.test(char)) throw badEscape(`\\${char}`, match.index);
  return `\\${char}`;
}

function namedGroup(name: string, at: number, parsed: ParsedRegex): number {
  if (/^\d+$/.test(name)) return numberedGroup(Number(name), at + 3, parsed);
  const index = parsed.names.get(name);
  if (index === undefined) throw new PythonError("IndexError", `unknown group name '${name}'`);
  return index;
}

function numberedGroup(index: number, at: number, parsed: ParsedRegex): number {
  if (index <= parsed.groups) return index;
  throw new PythonError("error", `invalid group reference ${index} at position ${at}`);
}

/** One call of a regular expression, as it travels to an evaluator child. */
export interface RegexCall {
  readonly operation: "search" | "match" | "all" | "findall" | "sub" | "split";
  readonly flags?: Partial<RegexFlags>;
  readonly subject: string;
  readonly replacement?: string;
  /** sub: how many; split: how often; 0 = all. */
  readonly count?: number;
}

/** Runs the call here, however long it takes: what an evaluator child does with {language: "regex"}. Throws PythonError. */
export function runRegexHere(pattern: string, call: RegexCall): unknown {
  const regex = compileRegex(pattern, call.flags);
  switch (call.operation) {
    case "search":
      return regex.search(call.subject) ?? null;
    case "match":
      return regex.match(call.subject) ?? null;
    case "all":
      return regex.all(call.subject);
    case "findall":
      return regex.findall(call.subject);
    case "sub":
      return regex.sub(call.replacement ?? "", call.subject, call.count);
    case "split":
      return regex.split(call.subject, call.count);
  }
}

/** Runs the call here when it is cheap, else asks for an evaluator child. Throws PythonError, or Unanswered. */
export function runRegex(ask: Ask, pattern: string, call: RegexCall): unknown {
  if (compileRegex(pattern, call.flags).isCheap(call.subject)) return runRegexHere(pattern, call);
  const answer = ask({ kind: "evaluate", language: "regex", source: pattern, input: call });
  if (typeof answer === "object" && answer !== null) {
    if ("error" in answer) throw new PythonError("error", String(answer.error));
    if ("value" in answer) return answer.value;
  }
  throw new PythonError("error", "the regular expression got no answer");
}
