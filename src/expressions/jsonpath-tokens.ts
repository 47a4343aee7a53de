/** The words of a JSONPath, as jsonpath-rw takes them apart. */
import { PythonError } from "./python/errors.ts";

export interface Token {
  readonly kind: "ID" | "NUMBER" | "NAMED_OPERATOR" | "DOUBLEDOT" | "WHERE" | "literal";
  readonly text: string;
  readonly at: number;
}

const skipped = /[ \t\r]+/y;
const word = /[a-zA-Z_@][a-zA-Z0-9_@-]*/y;
const number = /-?\d+/y;

function lexerError(message: string): PythonError {
  return new PythonError("JsonPathLexerError", message);
}

function quotedEnd(text: string, at: number): [string, number] {
  const quote = text[at];
  let value = "";
  for (let next = at + 1; next < text.length; next += 1) {
    const char = text[next] ?? "";
    if (char === quote) return [value, next + 1];
    if (char === "\\" && quote !== "`") {
      next += 1;
      value += text[next] ?? "";
    } else value += char;
  }
  const names: Record<string, string> = {
    "'": "singlequote",
    '"': "doublequote",
    "`": "backquote",
  };
  throw lexerError(`Unexpected EOF in string literal or identifier (${names[quote ?? ""] ?? ""})`);
}

function sticky(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const token = nextToken(text, at);
    if (token === undefined) at += sticky(skipped, text, at)?.length ?? 1;
    else {
      tokens.push(token[0]);
      at = token[1];
    }
  }
  return tokens;
}

/** The token at this place and where the next begins; undefined for white space. */
function nextToken(text: string, at: number): readonly [Token, number] | undefined {
  const char = text[at] ?? "";
  if (" \t\r\n".includes(char)) return undefined;
  if (text.startsWith("..", at)) return [{ kind: "DOUBLEDOT", text: "..", at }, at + 2];
  if ("*.[]()$,:|&".includes(char)) return [{ kind: "literal", text: char, at }, at + 1];
  if (char === "'" || char === '"' || char === "`") {
    const [value, end] = quotedEnd(text, at);
    return [{ kind: char === "`" ? "NAMED_OPERATOR" : "ID", text: value, at }, end];
  }
  const name = sticky(word, text, at);
  if (name !== undefined) {
    return [{ kind: name === "where" ? "WHERE" : "ID", text: name, at }, at + name.length];
  }
  const digits = sticky(number, text, at);
  if (digits !== undefined) return [{ kind: "NUMBER", text: digits, at }, at + digits.length];
  throw lexerError(`Error on line 1, col ${at}: Unexpected character: ${char} `);
}
