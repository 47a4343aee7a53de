/** Tokens of YAQL. They are cut on demand, because in the original a grammar error before a bad character is reported first. */
import { Fault } from "./faults.ts";
import { type Float, float } from "../python/values.ts";

export type TokenKind =
  | "name"
  | "function"
  | "string"
  | "number"
  | "constant"
  | "dollar"
  | "operator"
  | "mapping"
  | "punctuation"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  /** Operator or punctuation as written; the name of a name, a function or a `$variable`. */
  readonly text: string;
  /** Value of a string, number or constant. */
  readonly value: unknown;
  readonly offset: number;
}

const word = "[\\p{L}\\p{N}_]";
const start = "(?:(?!\\p{Nd})[\\p{L}\\p{N}_])";
const skip = /[ \t\r\n]*/y;
const dollar = new RegExp(`\\$${word}*`, "uy");
const number = new RegExp(`(?<!${word})\\p{Nd}+(?:\\.?\\p{Nd}+)?(?!${word})`, "uy");
const call = new RegExp(`(?<!${word})${start}${word}*\\(`, "uy");
const name = new RegExp(`(?!__)(?<!${word})${start}${word}*`, "uy");
const strings = [
  /'(?:[^'\\]|\\[^\n])*'/uy,
  /"(?:[^"\\]|\\[^\n])*"/uy,
  /`(?:[^`\\]|\\[^\n])*`/uy,
] as const;
const symbol = /=>|->|!=|>=|<=|=~|!~|\?\.|[.+\-*/><=[{()\],}]/y;
const wordOperators = new Set(["mod", "in", "not", "and", "or"]);
const constants = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Cuts tokens from a source text, one at a time. */
export class Lexer {
  readonly source: string;
  #offset = 0;
  constructor(source: string) {
    this.source = source;
  }

  /** The next token. Throws a YaqlLexicalException fault with its offset. */
  next(): Token {
    this.#take(skip);
    const offset = this.#offset;
    if (offset >= this.source.length) return { kind: "end", text: "", value: null, offset };
    return this.#word(offset) ?? this.#string(offset) ?? this.#symbol(offset);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.source)?.[0];
    if (found !== undefined) this.#offset += found.length;
    return found;
  }

  #word(offset: number): Token | undefined {
    const variable = this.#take(dollar);
    if (variable !== undefined) return { kind: "dollar", text: variable, value: null, offset };
    const digits = this.#take(number);
    if (digits !== undefined) {
      return { kind: "number", text: digits, value: numberOf(digits), offset };
    }
    const called = this.#take(call);
    if (called !== undefined) {
      return { kind: "function", text: called.slice(0, -1), value: null, offset };
    }
    const text = this.#take(name);
    if (text === undefined) return undefined;
    if (wordOperators.has(text)) return { kind: "operator", text, value: null, offset };
    if (constants.has(text)) return { kind: "constant", text, value: constants.get(text), offset };
    return { kind: "name", text, value: text, offset };
  }

  #string(offset: number): Token | undefined {
    for (const pattern of strings) {
      const text = this.#take(pattern);
      if (text === undefined) continue;
      const inner = text.slice(1, -1);
      const value = text.startsWith("`") ? inner.replaceAll("\\`", "`") : unescape(inner);
      return { kind: "string", text, value, offset };
    }
    return undefined;
  }

  #symbol(offset: number): Token {
    const text = this.#take(symbol);
    if (text === undefined) {
      const character = String.fromCodePoint(this.source.codePointAt(offset) ?? 0);
      throw new Fault(
        "YaqlLexicalException",
        `Lexical error: illegal character '${character}' at position ${offset}`,
        offset,
      );
    }
    if (text === "=>") return { kind: "mapping", text, value: null, offset };
    const kind = "()[]{},".includes(text) ? "punctuation" : "operator";
    return { kind, text, value: null, offset };
  }
}

function numberOf(text: string): number | bigint | Float {
  // Other scripts' digits count as in Python.
  const digits = text.replaceAll(/\p{Nd}/gu, (digit) => String(decimalDigit(digit)));
  if (digits.includes(".")) return float(Number(digits));
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

/** Value of a decimal digit of any script: Unicode keeps the ten digits of a script together, in order. */
function decimalDigit(digit: string): number {
  const code = digit.codePointAt(0) ?? 48;
  if (code < 128) return code - 48;
  let zero = code;
  while (zero > code - 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return code - zero;
}

const escapes = /\\U[^\n]{8}|\\u[^\n]{4}|\\x[^\n]{2}|\\[0-7]{1,3}|\\N\{[^}]+\}|\\[\\'"abfnrtv]/gu;
const single: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(escapes, (escape) => {
    const letter = escape.charAt(1);
    if ("Uux".includes(letter)) return codePoint(escape, letter);
    if (letter === "N") throw undecodable(escape, "unknown Unicode character name");
    return single[letter] ?? String.fromCodePoint(Number.parseInt(escape.slice(1), 8));
  });
}

const shapes: Readonly<Record<string, string>> = {
  x: "truncated \\xXX escape",
  u: "truncated \\uXXXX escape",
  U: "truncated \\UXXXXXXXX escape",
};

function codePoint(escape: string, letter: string): string {
  const digits = escape.slice(2);
  const hexadecimal = /^[0-9a-fA-F]*/.exec(digits)?.[0] ?? "";
  if (hexadecimal.length < digits.length) {
    throw undecodable(escape.slice(0, 2 + hexadecimal.length), shapes[letter] ?? "");
  }
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff) throw undecodable(escape, "illegal Unicode character");
  return String.fromCodePoint(code);
}

function undecodable(bytes: string, reason: string): Fault {
  const last = bytes.length - 1;
  const place = last === 0 ? "byte 0x5c in position 0" : `bytes in position 0-${last}`;
  return new Fault("UnicodeDecodeError", `'unicodeescape' codec can't decode ${place}: ${reason}`);
}
