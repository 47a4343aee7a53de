/** Splits a template into tokens as Jinja2 does with trim_blocks and lstrip_blocks: whitespace control, comments, raw blocks, braces
 * that hide an end delimiter. */
import { stringEscapes } from "../python/literal-text.ts";
import { stringRepr } from "../python/text.ts";
import { float } from "../python/values.ts";
import { int } from "../python/arithmetic.ts";

export interface Token {
  /** Operators are their own type; `error` carries the message, thrown when the parser reaches it. */
  readonly type: string;
  readonly value: unknown;
  readonly line: number;
  readonly at: number;
}

type State = "root" | "variable" | "block";

const space = /\s+/y;
const floatPattern =
  /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const integerPattern = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const namePattern = /[\p{L}\p{N}_]+/uy;
const stringPattern = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/y;
const operatorPattern = /\/\/|\*\*|==|!=|>=|<=|[-+*/%~[\](){}<>=.:|,;]/y;
const rawPattern = /\{%([-+]?)\s*raw\s*(?:-%\}\s*|%\}\n?)/y;
const endRawPattern = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)/g;
const endCommentPattern = /(?:\+#\}|-#\}\s*|#\}\n?)/g;
const endVariablePattern = /-\}\}\s*|\}\}/y;
const endBlockPattern = /\+%\}|-%\}\s*|%\}\n?/y;
const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const firstNotStart = /^\p{N}/u;

export function normaliseNewlines(source: string): string {
  const text = source.replace(/\r\n|\r/g, "\n");
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Reads all tokens; `bare` starts inside of a print statement. Ends with `eof` or `error`. */
export function tokenize(source: string, bare = false): readonly Token[] {
  return new Lexer(source, bare ? "variable" : "root").run();
}

class Lexer {
  #at = 0;
  #line = 1;
  #counted = 0;
  #state: State;
  #balance: string[] = [];
  readonly #tokens: Token[] = [];
  readonly #text: string;

  constructor(text: string, state: State) {
    this.#text = text;
    this.#state = state;
  }

  run(): readonly Token[] {
    while (this.#at < this.#text.length) {
      const healthy = this.#state === "root" ? this.#root() : this.#code();
      if (!healthy) return this.#tokens;
    }
    this.#push("eof", "");
    return this.#tokens;
  }

  #push(type: string, value: unknown, at = this.#at): void {
    for (; this.#counted < at; this.#counted += 1) {
      if (this.#text.charCodeAt(this.#counted) === 10) this.#line += 1;
    }
    this.#tokens.push({ type, value, line: this.#line, at });
  }

  #error(message: string, at = this.#at): false {
    this.#push("error", message, at);
    return false;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text);
  }

  /** Template data up to the next tag, and the tag's opening. */
  #root(): boolean {
    const start = this.#nextTag();
    if (start === -1) {
      this.#push("data", this.#text.slice(this.#at));
      this.#at = this.#text.length;
      return true;
    }
    const kind = this.#text[start + 1];
    const sign = this.#text[start + 2] ?? "";
    this.#data(start, kind !== "{", sign);
    this.#at = start;
    if (kind === "#") return this.#comment();
    if (kind === "%" && this.#match(rawPattern) !== null) return this.#raw();
    const skip = sign === "-" || (sign === "+" && kind === "%") ? 3 : 2;
    const type = kind === "{" ? "variable" : "block";
    this.#push(`${type}_begin`, this.#text.slice(start, start + skip));
    this.#at = start + skip;
    this.#state = type;
    return true;
  }

  #nextTag(): number {
    for (
      let at = this.#text.indexOf("{", this.#at);
      at !== -1;
      at = this.#text.indexOf("{", at + 1)
    ) {
      const next = this.#text[at + 1];
      if (next === "{" || next === "%" || next === "#") return at;
    }
    return -1;
  }

  /** Pushes the data before a tag, stripped as the tag's sign and lstrip_blocks ask. */
  #data(end: number, strippable: boolean, sign: string): void {
    const text = this.#text.slice(this.#at, end);
    let kept = text;
    if (sign === "-") kept = text.trimEnd();
    else if (sign !== "+" && strippable) {
      const lineStart = text.lastIndexOf("\n") + 1;
      const fromLineStart = lineStart > 0 || this.#at === 0 || this.#text[this.#at - 1] === "\n";
      if (fromLineStart && text.slice(lineStart).trim() === "") kept = text.slice(0, lineStart);
    }
    if (kept !== "") this.#push("data", kept);
  }

  #comment(): boolean {
    endCommentPattern.lastIndex = this.#at + 2;
    const end = endCommentPattern.exec(this.#text);
    if (end === null) return this.#error("Missing end of comment tag");
    this.#at = end.index + end[0].length;
    return true;
  }

  #raw(): boolean {
    const open = this.#match(rawPattern)?.[0] ?? "";
    const start = this.#at + open.length;
    // As in Jinja2 a raw block that nothing follows needs no end.
    if (start >= this.#text.length) {
      this.#at = start;
      return true;
    }
    endRawPattern.lastIndex = start;
    const end = endRawPattern.exec(this.#text);
    if (end === null) return this.#error("Missing end of raw directive");
    this.#at = start;
    this.#data(end.index, true, end[1] ?? "");
    this.#at = end.index + end[0].length;
    return true;
  }

  /** One token inside of a tag. */
  #code(): boolean {
    const ending = this.#state === "variable" ? endVariablePattern : endBlockPattern;
    const end = this.#balance.length === 0 ? this.#match(ending) : null;
    if (end !== null) {
      this.#push(`${this.#state}_end`, end[0]);
      this.#at += end[0].length;
      this.#state = "root";
      return true;
    }
    const blank = this.#match(space);
    if (blank !== null) {
      this.#at += blank[0].length;
      return true;
    }
    return this.#number() ?? this.#name() ?? this.#string() ?? this.#operator();
  }

  #number(): boolean | undefined {
    const decimal = this.#match(floatPattern);
    if (decimal !== null) {
      this.#push("float", float(Number(decimal[0].replaceAll("_", ""))));
      this.#at += decimal[0].length;
      return true;
    }
    const whole = this.#match(integerPattern);
    if (whole === null) return undefined;
    this.#push("integer", int(BigInt(whole[0].replaceAll("_", ""))));
    this.#at += whole[0].length;
    return true;
  }

  #name(): boolean | undefined {
    const name = this.#match(namePattern)?.[0];
    if (name === undefined) return undefined;
    if (firstNotStart.test(name)) return this.#error("Invalid character in identifier");
    this.#push("name", name);
    this.#at += name.length;
    return true;
  }

  #string(): boolean | undefined {
    const text = this.#match(stringPattern)?.[0];
    if (text === undefined) return undefined;
    const value = unescape(text.slice(1, -1));
    if (value instanceof Error) return this.#error(value.message);
    this.#push("string", value);
    this.#at += text.length;
    return true;
  }

  #operator(): boolean {
    const operator = this.#match(operatorPattern)?.[0];
    if (operator === undefined) {
      const char = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
      return this.#error(`unexpected char ${stringRepr(char)} at ${this.#at}`);
    }
    const closer = closers[operator];
    if (closer !== undefined) this.#balance.push(closer);
    else if (operator === ")" || operator === "]" || operator === "}") {
      const expected = this.#balance.pop();
      if (expected === undefined) return this.#error(`unexpected '${operator}'`);
      if (expected !== operator) {
        return this.#error(`unexpected '${operator}', expected '${expected}'`);
      }
    }
    this.#push(operator, operator);
    this.#at += operator.length;
    return true;
  }
}

const escapePattern =
  /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^]))/g;

/** A string literal's value; an Error for a truncated escape. */
function unescape(text: string): string | Error {
  if (!text.includes("\\")) return text;
  const truncated =
    /(?:^|[^\\])(?:\\\\)*\\(?:x(?![\da-fA-F]{2})|u(?![\da-fA-F]{4})|U(?![\da-fA-F]{8}))/.exec(text);
  if (truncated !== null) return new Error("truncated escape");
  return text.replace(escapePattern, (whole: string, ...parts: (string | undefined)[]) => {
    const hex = parts[0] ?? parts[1] ?? parts[2];
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (parts[3] !== undefined) return String.fromCharCode(Number.parseInt(parts[3], 8));
    return stringEscapes[parts[4] ?? ""] ?? whole;
  });
}
