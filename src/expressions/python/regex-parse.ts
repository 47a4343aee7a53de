/** Reads a pattern of Python's `re` into a tree. Throws PythonError `error` with Python's wording where Python refuses the pattern,
 * `UnsupportedPattern` where Python would take it and JavaScript cannot. */
import { PythonError } from "./errors.ts";

export interface RegexFlags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

export const noFlags: RegexFlags = {
  ignoreCase: false,
  multiline: false,
  dotAll: false,
  verbose: false,
  ascii: false,
};

export type SetItem =
  | { readonly from: number; readonly to: number }
  | { readonly category: string };

export type RegexNode =
  | { readonly kind: "char"; readonly code: number; readonly flags: RegexFlags }
  | { readonly kind: "any"; readonly flags: RegexFlags }
  | {
      readonly kind: "set";
      readonly negated: boolean;
      readonly items: readonly SetItem[];
      readonly flags: RegexFlags;
    }
  | { readonly kind: "anchor"; readonly anchor: string; readonly flags: RegexFlags }
  | { readonly kind: "group"; readonly index: number | undefined; readonly body: RegexNode }
  | { readonly kind: "look"; readonly open: string; readonly body: RegexNode }
  | { readonly kind: "back"; readonly index: number; readonly flags: RegexFlags }
  | {
      readonly kind: "repeat";
      readonly body: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: "sequence"; readonly items: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly options: readonly RegexNode[] };

export interface ParsedRegex {
  readonly root: RegexNode;
  readonly groups: number;
  /** Group names → group numbers. */
  readonly names: ReadonlyMap<string, number>;
}

/** A construct that JavaScript's engine does not have. */
export class UnsupportedPattern extends PythonError {
  constructor(what: string) {
    super("error", `${what} in a regular expression is not supported`);
  }
}

const simpleEscapes: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  f: 12,
  v: 11,
  a: 7,
};
const flagNames: Readonly<Record<string, Partial<RegexFlags>>> = {
  i: { ignoreCase: true },
  m: { multiline: true },
  s: { dotAll: true },
  x: { verbose: true },
  a: { ascii: true },
  u: {},
};

export class RegexParser {
  #at = 0;
  #groups = 0;
  readonly #chars: readonly string[];
  readonly #names = new Map<string, number>();
  readonly #open = new Set<number>();
  #flags: RegexFlags;

  constructor(pattern: string, flags: RegexFlags) {
    this.#chars = Array.from(pattern);
    this.#flags = flags;
  }

  parse(): ParsedRegex {
    this.#leadingFlags();
    const root = this.#choice();
    if (this.#at < this.#chars.length) throw this.#fail("unbalanced parenthesis");
    return { root, groups: this.#groups, names: this.#names };
  }

  #fail(message: string, at = this.#at): PythonError {
    return new PythonError("error", `${message} at position ${at}`);
  }

  #peek(ahead = 0): string {
    return this.#chars[this.#at + ahead] ?? "";
  }

  #looking(text: string): boolean {
    return this.#chars.slice(this.#at, this.#at + text.length).join("") === text;
  }

  #leadingFlags(): void {
    for (;;) {
      const match = /^\(\?([imsxauL]+)\)/.exec(this.#chars.slice(this.#at, this.#at + 12).join(""));
      if (match?.[1] === undefined) return;
      this.#at += match[0].length;
      this.#flags = { ...this.#flags, ...this.#readFlags(match[1]) };
    }
  }

  #readFlags(letters: string): Partial<RegexFlags> {
    let flags: Partial<RegexFlags> = {};
    for (const letter of letters) {
      const known = flagNames[letter];
      if (known === undefined) throw this.#fail("unknown flag");
      flags = { ...flags, ...known };
    }
    return flags;
  }

  #choice(): RegexNode {
    const options = [this.#sequence()];
    while (this.#peek() === "|") {
      this.#at += 1;
      options.push(this.#sequence());
    }
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    while (this.#at < this.#chars.length && this.#peek() !== "|" && this.#peek() !== ")") {
      if (this.#skipVerbose() || this.#skipComment()) continue;
      const start = this.#at;
      const atom = this.#atom();
      items.push(this.#repeated(atom, start));
    }
    return { kind: "sequence", items };
  }

  #skipVerbose(): boolean {
    if (!this.#flags.verbose) return false;
    if (/^\s$/.test(this.#peek())) {
      this.#at += 1;
      return true;
    }
    if (this.#peek() !== "#") return false;
    while (this.#at < this.#chars.length && this.#peek() !== "\n") this.#at += 1;
    return true;
  }

  #skipComment(): boolean {
    if (!this.#looking("(?#")) return false;
    const start = this.#at;
    while (this.#peek() !== ")") {
      if (this.#peek() === "") throw this.#fail("missing ), unterminated comment", start);
      this.#at += 1;
    }
    this.#at += 1;
    return true;
  }

  #repeated(atom: RegexNode, start: number): RegexNode {
    let node = atom;
    for (let count = 0; ; count += 1) {
      while (this.#skipVerbose()) continue;
      const range = this.#quantifier();
      if (range === undefined) return node;
      if (count > 0) throw this.#fail("multiple repeat", this.#at - 1);
      if (node.kind === "anchor" && node.anchor !== "\\b" && node.anchor !== "\\B") {
        if (node.anchor === "^") throw this.#fail("nothing to repeat", start);
      }
      const lazy = this.#peek() === "?";
      if (this.#peek() === "+") throw new UnsupportedPattern("a possessive quantifier");
      if (lazy) this.#at += 1;
      node = { kind: "repeat", body: node, min: range[0], max: range[1], lazy };
    }
  }

  #quantifier(): [number, number] | undefined {
    const char = this.#peek();
    const simple: Readonly<Record<string, [number, number]>> = {
      "*": [0, Number.POSITIVE_INFINITY],
      "+": [1, Number.POSITIVE_INFINITY],
      "?": [0, 1],
    };
    const range = Object.hasOwn(simple, char) ? simple[char] : undefined;
    if (range !== undefined) {
      this.#at += 1;
      return range;
    }
    if (char !== "{") return undefined;
    const text = this.#chars.slice(this.#at, this.#at + 24).join("");
    const match = /^\{(\d*)(,?)(\d*)\}/.exec(text);
    if (match === null || match[0] === "{}") return undefined;
    const [whole, from = "", comma = "", to = ""] = match;
    const min = from === "" ? 0 : Number(from);
    const max = comma === "" ? min : to === "" ? Number.POSITIVE_INFINITY : Number(to);
    if (max < min) throw this.#fail("min repeat greater than max repeat", this.#at + 1);
    this.#at += whole.length;
    return [min, max];
  }

  #atom(): RegexNode {
    const char = this.#peek();
    const flags = this.#flags;
    if (char === "(") return this.#group();
    if (char === "[") return this.#set();
    if (char === "\\") return this.#escape();
    if (char === "*" || char === "+" || char === "?") throw this.#fail("nothing to repeat");
    this.#at += 1;
    if (char === ".") return { kind: "any", flags };
    if (char === "^" || char === "$") return { kind: "anchor", anchor: char, flags };
    return { kind: "char", code: char.codePointAt(0) ?? 0, flags };
  }

  #group(): RegexNode {
    const start = this.#at;
    this.#at += 1;
    if (this.#peek() !== "?") return this.#capture(undefined, start);
    this.#at += 1;
    if (this.#looking("P<")) return this.#named(start);
    if (this.#looking("P=")) return this.#namedReference(start);
    for (const open of ["=", "!", "<=", "<!"]) {
      if (this.#looking(open)) {
        this.#at += open.length;
        return { kind: "look", open: `(?${open}`, body: this.#inside(start) };
      }
    }
    if (this.#peek() === ":") {
      this.#at += 1;
      return { kind: "group", index: undefined, body: this.#inside(start) };
    }
    if (this.#peek() === "(") throw new UnsupportedPattern("a conditional group");
    if (this.#peek() === ">") throw new UnsupportedPattern("an atomic group");
    return this.#flagGroup(start);
  }

  #flagGroup(start: number): RegexNode {
    const match = /^([imsxauL]*)(?:-([imsx]+))?:/.exec(
      this.#chars.slice(this.#at, this.#at + 16).join(""),
    );
    if (match === null) {
      if (/^[imsxauL]+\)/.test(this.#chars.slice(this.#at, this.#at + 16).join(""))) {
        throw this.#fail("global flags not at the start of the expression", start);
      }
      throw this.#fail(`unknown extension ?${this.#peek()}`, start + 1);
    }
    const before = this.#flags;
    const off: Record<string, boolean> = {};
    for (const name of Object.keys(this.#readFlags(match[2] ?? ""))) off[name] = false;
    this.#flags = { ...before, ...this.#readFlags(match[1] ?? ""), ...off };
    this.#at += match[0].length;
    const body = this.#inside(start);
    this.#flags = before;
    return { kind: "group", index: undefined, body };
  }

  #inside(start: number): RegexNode {
    const body = this.#choice();
    if (this.#peek() !== ")") {
      throw this.#fail("missing ), unterminated subpattern", start);
    }
    this.#at += 1;
    return body;
  }

  #capture(name: string | undefined, start: number): RegexNode {
    this.#groups += 1;
    const index = this.#groups;
    if (name !== undefined) {
      const before = this.#names.get(name);
      if (before !== undefined) {
        throw this.#fail(
          `redefinition of group name '${name}' as group ${index}; was group ${before}`,
          start + 4,
        );
      }
      this.#names.set(name, index);
    }
    this.#open.add(index);
    const body = this.#inside(start);
    this.#open.delete(index);
    return { kind: "group", index, body };
  }

  #name(end: string): string {
    const start = this.#at;
    while (this.#peek() !== end) {
      if (this.#peek() === "") throw this.#fail(`missing ${end}, unterminated name`, start);
      this.#at += 1;
    }
    const name = this.#chars.slice(start, this.#at).join("");
    this.#at += 1;
    if (name === "") throw this.#fail("missing group name", start);
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) {
      throw this.#fail(`bad character in group name '${name}'`, start);
    }
    return name;
  }

  #named(start: number): RegexNode {
    this.#at += 2;
    return this.#capture(this.#name(">"), start);
  }

  #namedReference(start: number): RegexNode {
    this.#at += 2;
    const name = this.#name(")");
    const index = this.#names.get(name);
    if (index === undefined) throw this.#fail(`unknown group name '${name}'`, start + 4);
    return this.#reference(index, start);
  }

  #reference(index: number, start: number): RegexNode {
    if (index > this.#groups) {
      throw this.#fail(`invalid group reference ${index}`, start + 1);
    }
    if (this.#open.has(index)) throw this.#fail("cannot refer to an open group", start);
    return { kind: "back", index, flags: this.#flags };
  }

  #escape(): RegexNode {
    const start = this.#at;
    const char = this.#peek(1);
    const flags = this.#flags;
    if (char === "") throw this.#fail("bad escape (end of pattern)");
    if ("AZbB".includes(char)) {
      this.#at += 2;
      return { kind: "anchor", anchor: `\\${char}`, flags };
    }
    if (/[1-9]/.test(char)) {
      const digits =
        /^\d{1,3}/.exec(this.#chars.slice(this.#at + 1, this.#at + 4).join(""))?.[0] ?? char;
      const octal = digits.length === 3 && /^[0-3][0-7]{2}$/.test(digits);
      const used = octal ? digits : digits.slice(0, 2);
      this.#at += 1 + used.length;
      if (octal) return { kind: "char", code: Number.parseInt(used, 8), flags };
      return this.#reference(Number(used), start);
    }
    const item = this.#classEscape();
    if ("category" in item) return { kind: "set", negated: false, items: [item], flags };
    return { kind: "char", code: item.from, flags };
  }

  /** An escape that stands for a character or a category, both inside and outside of [...]. */
  #classEscape(): SetItem {
    const start = this.#at;
    const char = this.#peek(1);
    this.#at += 2;
    if ("dDwWsS".includes(char) && char !== "") return { category: char };
    const simple = simpleEscapes[char];
    if (simple !== undefined) return { from: simple, to: simple };
    const width: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
    const digits = Object.hasOwn(width, char) ? width[char] : undefined;
    if (digits !== undefined) return this.#hexEscape(digits, start);
    if (char === "0") return this.#octalEscape();
    if (/^[A-Za-z]$/.test(char)) throw this.#fail(`bad escape \\${char}`, start);
    const code = char.codePointAt(0) ?? 0;
    return { from: code, to: code };
  }

  #hexEscape(width: number, start: number): SetItem {
    const text = this.#chars.slice(this.#at, this.#at + width).join("");
    if (text.length !== width || !/^[0-9a-fA-F]+$/.test(text)) {
      throw this.#fail(
        `incomplete escape ${this.#chars.slice(start, this.#at).join("")}${text}`,
        start,
      );
    }
    this.#at += width;
    const code = Number.parseInt(text, 16);
    return { from: code, to: code };
  }

  #octalEscape(): SetItem {
    const text = /^[0-7]{0,2}/.exec(this.#chars.slice(this.#at, this.#at + 2).join(""))?.[0] ?? "";
    this.#at += text.length;
    const code = text === "" ? 0 : Number.parseInt(text, 8);
    return { from: code, to: code };
  }

  #set(): RegexNode {
    const start = this.#at;
    this.#at += 1;
    const negated = this.#peek() === "^";
    if (negated) this.#at += 1;
    const items: SetItem[] = [];
    for (let first = true; first || this.#peek() !== "]"; first = false) {
      if (this.#peek() === "") throw this.#fail("unterminated character set", start);
      items.push(this.#setItem());
    }
    this.#at += 1;
    return { kind: "set", negated, items, flags: this.#flags };
  }

  #setItem(): SetItem {
    const start = this.#at;
    const low = this.#setChar();
    if (this.#peek() !== "-" || this.#peek(1) === "]" || this.#peek(1) === "") return low;
    this.#at += 1;
    const high = this.#setChar();
    const text = this.#chars.slice(start, this.#at).join("");
    if ("category" in low || "category" in high || high.from < low.from) {
      throw this.#fail(`bad character range ${text}`, start);
    }
    return { from: low.from, to: high.from };
  }

  #setChar(): SetItem {
    const char = this.#peek();
    if (char === "\\") {
      if (this.#peek(1) === "b") {
        this.#at += 2;
        return { from: 8, to: 8 };
      }
      const digits = /^[0-7]{1,3}/.exec(
        this.#chars.slice(this.#at + 1, this.#at + 4).join(""),
      )?.[0];
      if (digits !== undefined) {
        this.#at += 1 + digits.length;
        const code = Number.parseInt(digits, 8);
        return { from: code, to: code };
      }
      return this.#classEscape();
    }
    this.#at += 1;
    const code = char.codePointAt(0) ?? 0;
    return { from: code, to: code };
  }
}
