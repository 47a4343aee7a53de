import { stringRepr } from "../python/text.ts";
import type { Token } from "./lexer.ts";
import { tokenize } from "./lexer.ts";
import { JinjaSyntaxError } from "./syntax-error.ts";

const typeNames: Readonly<Record<string, string>> = {
  variable_begin: "begin of print statement",
  variable_end: "end of print statement",
  block_begin: "begin of statement block",
  block_end: "end of statement block",
  data: "template data / text",
  eof: "end of template",
};

function describeType(type: string): string {
  return typeNames[type] ?? type;
}

/** A token as error messages name it. */
export function describe(token: Token): string {
  return token.type === "name" ? String(token.value) : describeType(token.type);
}

/** Tokens with one place to stand on. Throws JinjaSyntaxError when it steps on an error of the lexer. */
export class TokenStream {
  #index = 0;
  readonly #tokens: readonly Token[];
  readonly source: string;

  constructor(source: string, bare: boolean) {
    this.source = source;
    this.#tokens = tokenize(source, bare);
    this.#check();
  }

  get current(): Token {
    return this.peek(0);
  }

  peek(ahead: number): Token {
    const token = this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new RangeError("a template has at least one token");
    return token;
  }

  #check(): void {
    const token = this.current;
    if (token.type === "error") throw this.error(String(token.value), token, this.#index === 0);
  }

  error(message: string, token = this.current, atStart = false): JinjaSyntaxError {
    return new JinjaSyntaxError(message, {
      source: this.source,
      offset: token.at,
      line: token.line,
      atStart,
    });
  }

  /** Steps on and returns the token left behind. */
  next(): Token {
    const token = this.current;
    if (this.#index < this.#tokens.length - 1) this.#index += 1;
    this.#check();
    return token;
  }

  is(type: string): boolean {
    return this.current.type === type;
  }

  isName(...names: readonly string[]): boolean {
    const { type, value } = this.current;
    return type === "name" && names.includes(String(value));
  }

  skip(type: string): boolean {
    if (!this.is(type)) return false;
    this.next();
    return true;
  }

  skipName(name: string): boolean {
    if (!this.isName(name)) return false;
    this.next();
    return true;
  }

  expect(type: string): Token {
    if (!this.is(type)) throw this.#unexpected(describeType(type));
    return this.next();
  }

  expectName(name: string): Token {
    if (!this.isName(name)) throw this.#unexpected(name);
    return this.next();
  }

  #unexpected(expected: string): JinjaSyntaxError {
    const wanted = stringRepr(expected);
    return this.is("eof")
      ? this.error(`unexpected end of template, expected ${wanted}.`)
      : this.error(`expected token ${wanted}, got ${stringRepr(describe(this.current))}`);
  }
}
