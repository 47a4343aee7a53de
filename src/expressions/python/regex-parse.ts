/** Reads a pattern of Python's `re` into a tree. Throws PythonError `error` with Python's wording where Python refuses the pattern,
 * `UnsupportedPattern` where Python would take it and JavaScript cannot. */
import { PythonError } from "./errors.ts";
import { PatternCursor } from "./regex-cursor.ts";
import type { ParsedRegex, RegexFlags, RegexNode } from "./regex-nodes.ts";
import { readEscape, readSet } from "./regex-set.ts";

/** A construct that JavaScript's engine does not have. */
export class UnsupportedPattern extends PythonError {
  constructor(what: string) {
    super("error", `${what} in a regular expression is not supported`);
  }
}

const flagNames: Readonly<Record<string, Partial<RegexFlags>>> = {
  i: { ignoreCase: true },
  m: { multiline: true },
  s: { dotAll: true },
  x: { verbose: true },
  a: { ascii: true },
  u: {},
};

const simpleRanges: Readonly<Record<string, readonly [number, number]>> = {
  "*": [0, Number.POSITIVE_INFINITY],
  "+": [1, Number.POSITIVE_INFINITY],
  "?": [0, 1],
};

export class RegexParser {
  #groups = 0;
  readonly #cursor: PatternCursor;
  readonly #names = new Map<string, number>();
  readonly #open = new Set<number>();
  #flags: RegexFlags;

  constructor(pattern: string, flags: RegexFlags) {
    this.#cursor = new PatternCursor(pattern);
    this.#flags = flags;
  }

  parse(): ParsedRegex {
    this.#leadingFlags();
    const root = this.#choice();
    if (this.#cursor.at < this.#cursor.length) throw this.#cursor.fail("unbalanced parenthesis");
    return { root, groups: this.#groups, names: this.#names };
  }

  #leadingFlags(): void {
    for (;;) {
      const match = /^\(\?([imsxauL]+)\)/.exec(this.#cursor.ahead(12));
      if (match?.[1] === undefined) return;
      this.#cursor.at += match[0].length;
      this.#flags = { ...this.#flags, ...this.#readFlags(match[1]) };
    }
  }

  #readFlags(letters: string): Partial<RegexFlags> {
    let flags: Partial<RegexFlags> = {};
    for (const letter of letters) {
      const known = flagNames[letter];
      if (known === undefined) throw this.#cursor.fail("unknown flag");
      flags = { ...flags, ...known };
    }
    return flags;
  }

  #choice(): RegexNode {
    const options = [this.#sequence()];
    while (this.#cursor.peek() === "|") {
      this.#cursor.at += 1;
      options.push(this.#sequence());
    }
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    while (
      this.#cursor.at < this.#cursor.length &&
      this.#cursor.peek() !== "|" &&
      this.#cursor.peek() !== ")"
    ) {
      if (this.#skipVerbose() || this.#skipComment()) continue;
      const start = this.#cursor.at;
      const atom = this.#atom();
      items.push(this.#repeated(atom, start));
    }
    return { kind: "sequence", items };
  }

  #skipVerbose(): boolean {
    if (!this.#flags.verbose) return false;
    if (/^\s$/.test(this.#cursor.peek())) {
      this.#cursor.at += 1;
      return true;
    }
    if (this.#cursor.peek() !== "#") return false;
    while (this.#cursor.at < this.#cursor.length && this.#cursor.peek() !== "\n")
      this.#cursor.at += 1;
    return true;
  }

  #skipComment(): boolean {
    if (!this.#cursor.looking("(?#")) return false;
    const start = this.#cursor.at;
    while (this.#cursor.peek() !== ")") {
      if (this.#cursor.peek() === "")
        throw this.#cursor.fail("missing ), unterminated comment", start);
      this.#cursor.at += 1;
    }
    this.#cursor.at += 1;
    return true;
  }

  #repeated(atom: RegexNode, start: number): RegexNode {
    let node = atom;
    for (let count = 0; ; count += 1) {
      while (this.#skipVerbose()) continue;
      const range = this.#quantifier();
      if (range === undefined) return node;
      if (count > 0) throw this.#cursor.fail("multiple repeat", this.#cursor.at - 1);
      if (node.kind === "anchor" && node.anchor !== "\\b" && node.anchor !== "\\B") {
        if (node.anchor === "^") throw this.#cursor.fail("nothing to repeat", start);
      }
      const lazy = this.#cursor.peek() === "?";
      if (this.#cursor.peek() === "+") throw new UnsupportedPattern("a possessive quantifier");
      if (lazy) this.#cursor.at += 1;
      node = { kind: "repeat", body: node, min: range[0], max: range[1], lazy };
    }
  }

  #quantifier(): readonly [number, number] | undefined {
    const cursor = this.#cursor;
    const char = cursor.peek();
    const range = Object.hasOwn(simpleRanges, char) ? simpleRanges[char] : undefined;
    if (range !== undefined) {
      cursor.at += 1;
      return range;
    }
    const match = /^\{(\d*)(,?)(\d*)\}/.exec(cursor.ahead(24));
    if (match === null || match[0] === "{}") return undefined;
    const [whole, from = "", comma = "", to = ""] = match;
    const min = from === "" ? 0 : Number(from);
    const open = to === "" ? Number.POSITIVE_INFINITY : Number(to);
    const max = comma === "" ? min : open;
    if (max < min) throw cursor.fail("min repeat greater than max repeat", cursor.at + 1);
    cursor.at += whole.length;
    return [min, max];
  }

  #atom(): RegexNode {
    const char = this.#cursor.peek();
    const flags = this.#flags;
    if (char === "(") return this.#group();
    if (char === "[") return readSet(this.#cursor, this.#flags);
    if (char === "\\") return this.#escape();
    if (char === "*" || char === "+" || char === "?") throw this.#cursor.fail("nothing to repeat");
    this.#cursor.at += 1;
    if (char === ".") return { kind: "any", flags };
    if (char === "^" || char === "$") return { kind: "anchor", anchor: char, flags };
    return { kind: "char", code: char.codePointAt(0) ?? 0, flags };
  }

  #group(): RegexNode {
    const start = this.#cursor.at;
    this.#cursor.at += 1;
    if (this.#cursor.peek() !== "?") return this.#capture(undefined, start);
    this.#cursor.at += 1;
    if (this.#cursor.looking("P<")) return this.#named(start);
    if (this.#cursor.looking("P=")) return this.#namedReference(start);
    for (const open of ["=", "!", "<=", "<!"]) {
      if (this.#cursor.looking(open)) {
        this.#cursor.at += open.length;
        return { kind: "look", open: `(?${open}`, body: this.#inside(start) };
      }
    }
    if (this.#cursor.peek() === ":") {
      this.#cursor.at += 1;
      return { kind: "group", index: undefined, body: this.#inside(start) };
    }
    if (this.#cursor.peek() === "(") throw new UnsupportedPattern("a conditional group");
    if (this.#cursor.peek() === ">") throw new UnsupportedPattern("an atomic group");
    return this.#flagGroup(start);
  }

  #flagGroup(start: number): RegexNode {
    const match = /^([imsxauL]*)(?:-([imsx]+))?:/.exec(this.#cursor.ahead(16));
    if (match === null) {
      if (/^[imsxauL]+\)/.test(this.#cursor.ahead(16))) {
        throw this.#cursor.fail("global flags not at the start of the expression", start);
      }
      throw this.#cursor.fail(
        `unknown extension ?${this.#cursor.peek() === "<" ? `<${this.#cursor.peek(1)}` : this.#cursor.peek()}`,
        start + 1,
      );
    }
    const before = this.#flags;
    const off: Record<string, boolean> = {};
    for (const name of Object.keys(this.#readFlags(match[2] ?? ""))) off[name] = false;
    this.#flags = { ...before, ...this.#readFlags(match[1] ?? ""), ...off };
    this.#cursor.at += match[0].length;
    const body = this.#inside(start);
    this.#flags = before;
    return { kind: "group", index: undefined, body };
  }

  #inside(start: number): RegexNode {
    const body = this.#choice();
    if (this.#cursor.peek() !== ")") {
      throw this.#cursor.fail("missing ), unterminated subpattern", start);
    }
    this.#cursor.at += 1;
    return body;
  }

  #capture(name: string | undefined, start: number): RegexNode {
    this.#groups += 1;
    const index = this.#groups;
    if (name !== undefined) {
      const before = this.#names.get(name);
      if (before !== undefined) {
        throw this.#cursor.fail(
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
    const start = this.#cursor.at;
    while (this.#cursor.peek() !== end) {
      if (this.#cursor.peek() === "")
        throw this.#cursor.fail(`missing ${end}, unterminated name`, start);
      this.#cursor.at += 1;
    }
    const name = this.#cursor.since(start);
    this.#cursor.at += 1;
    if (name === "") throw this.#cursor.fail("missing group name", start);
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) {
      throw this.#cursor.fail(`bad character in group name '${name}'`, start);
    }
    return name;
  }

  #named(start: number): RegexNode {
    this.#cursor.at += 2;
    return this.#capture(this.#name(">"), start);
  }

  #namedReference(start: number): RegexNode {
    this.#cursor.at += 2;
    const name = this.#name(")");
    const index = this.#names.get(name);
    if (index === undefined) throw this.#cursor.fail(`unknown group name '${name}'`, start + 4);
    return this.#reference(index, start);
  }

  #reference(index: number, start: number): RegexNode {
    if (index > this.#groups) {
      throw this.#cursor.fail(`invalid group reference ${index}`, start + 1);
    }
    if (this.#open.has(index)) throw this.#cursor.fail("cannot refer to an open group", start);
    return { kind: "back", index, flags: this.#flags };
  }

  #escape(): RegexNode {
    const start = this.#cursor.at;
    const char = this.#cursor.peek(1);
    const flags = this.#flags;
    if (char === "") throw this.#cursor.fail("bad escape (end of pattern)");
    if ("AZbB".includes(char)) {
      this.#cursor.at += 2;
      return { kind: "anchor", anchor: `\\${char}`, flags };
    }
    if (/[1-9]/.test(char)) {
      const digits = /^\d{1,3}/.exec(this.#cursor.ahead(4).slice(1))?.[0] ?? char;
      const octal = digits.length === 3 && /^[0-3][0-7]{2}$/.test(digits);
      const used = octal ? digits : digits.slice(0, 2);
      this.#cursor.at += 1 + used.length;
      if (octal) return { kind: "char", code: Number.parseInt(used, 8), flags };
      return this.#reference(Number(used), start);
    }
    const item = readEscape(this.#cursor);
    if ("category" in item) return { kind: "set", negated: false, items: [item], flags };
    return { kind: "char", code: item.from, flags };
  }
}
