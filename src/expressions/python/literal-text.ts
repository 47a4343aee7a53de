/** String literals of Python. */
import { PythonError, valueError } from "./errors.ts";

/** literal_eval's complaint about a node that is no literal. */
export function malformed(kind: string): PythonError {
  return valueError(`malformed node or string on line 1: <ast.${kind} object at 0x>`);
}

/** What stands for one character behind a backslash; a line that goes on for none. */
export const stringEscapes: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\n": "",
};

function syntax(message: string): PythonError {
  return new PythonError("SyntaxError", `${message} (<unknown>, line 1)`);
}

interface Piece {
  readonly value: string;
  /** Where the text goes on. */
  readonly end: number;
}

/** Reads the string that begins (prefix included) at a place. Throws SyntaxError, or ValueError for f"" and b"". */
export function readString(text: string, start: number): Piece {
  const prefix = /^[a-zA-Z]*/.exec(text.slice(start, start + 3))?.[0].toLowerCase() ?? "";
  if (prefix.includes("f")) throw malformed("JoinedStr");
  if (prefix.includes("b")) throw valueError("bytes literals are not supported");
  const open = start + prefix.length;
  const quote = text[open] ?? "";
  const close = text.startsWith(quote.repeat(3), open) ? quote.repeat(3) : quote;
  const isRaw = prefix.includes("r");
  let value = "";
  let at = open + close.length;
  while (!text.startsWith(close, at)) {
    const char = text[at];
    if (char === undefined || (char === "\n" && close.length === 1)) throw unterminated(close);
    const piece = char === "\\" ? readEscape(text, at, isRaw) : { value: char, end: at + 1 };
    value += piece.value;
    at = piece.end;
  }
  return { value, end: at + close.length };
}

function unterminated(close: string): PythonError {
  const kind = close.length === 1 ? "" : "triple-quoted ";
  return syntax(`unterminated ${kind}string literal (detected at line 1)`);
}

function readEscape(text: string, start: number, isRaw: boolean): Piece {
  const char = text[start + 1] ?? "";
  if (isRaw) return { value: `\\${char}`, end: start + 2 };
  const known = stringEscapes[char];
  if (known !== undefined) return { value: known, end: start + 2 };
  const rest = text.slice(start + 1, start + 10);
  const hex = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(rest);
  if (hex !== null) {
    const code = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? "0", 16);
    if (code > 0x10ffff) throw syntax("(unicode error) illegal Unicode character");
    return { value: String.fromCodePoint(code), end: start + 1 + hex[0].length };
  }
  if (/^[xuU]/.test(rest)) {
    throw syntax("(unicode error) 'unicodeescape' codec can't decode bytes: truncated escape");
  }
  const octal = /^[0-7]{1,3}/.exec(rest)?.[0];
  if (octal === undefined) return { value: `\\${char}`, end: start + 2 };
  return { value: String.fromCharCode(Number.parseInt(octal, 8)), end: start + 1 + octal.length };
}
