/** Scalars as PyYAML writes them: plain, in single or in double quotes, folded at 80 columns. */
import { isPlainText } from "./yaml-scalars.ts";

export interface ScalarPlace {
  /** Of continuation lines. */
  readonly indent: number;
  /** Where the scalar begins. */
  readonly column: number;
  /** A key of a mapping: stays on one line. */
  readonly key: boolean;
  readonly unicode: boolean;
}

const width = 80;
const breaks = "\n\u0085\u2028\u2029";

interface Analysis {
  readonly plain: boolean;
  readonly single: boolean;
  readonly multiline: boolean;
}

function isSpecial(char: string, unicode: boolean): boolean {
  const code = char.codePointAt(0) ?? 0;
  if (char === "\n" || (code >= 0x20 && code <= 0x7e)) return false;
  const printable =
    code === 0x85 ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff) ||
    code >= 0x10000;
  return !printable || !unicode;
}

function hasIndicator(text: string): boolean {
  if (text.startsWith("---") || text.startsWith("...")) return true;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text)) return true;
  if (/^[-?:](?:[\s\u0085]|$)/.test(text)) return true;
  return /:(?:[\s\u0085]|$)|[\s\u0085]#/.test(text);
}

function analyse(text: string, unicode: boolean): Analysis {
  const chars = Array.from(text);
  const special = chars.some((char) => isSpecial(char, unicode));
  const multiline = chars.some((char) => breaks.includes(char));
  const spaceBreak = / [\n\u0085\u2028\u2029]/.test(text);
  const breakSpace = /[\n\u0085\u2028\u2029] /.test(text);
  const edges = /^[ \n\u0085\u2028\u2029]|[ \n\u0085\u2028\u2029]$/.test(text);
  const single = !special && !spaceBreak && !breakSpace;
  return { plain: single && !multiline && !edges && !hasIndicator(text), single, multiline };
}

/** The scalar's text, without the indentation of its first line. */
export function writeScalar(text: string, place: ScalarPlace): string {
  const { plain, single, multiline } = analyse(text, place.unicode);
  if (plain && isPlainText(text)) return folded(text, place, (part) => part, 0);
  if (single && !(place.key && multiline)) {
    return `'${folded(text, place, (part) => part.replaceAll("'", "''"), 1)}'`;
  }
  return doubleQuoted(text, place);
}

/** Words and line breaks; a single space beyond column 80 becomes a line end. */
function folded(
  text: string,
  place: ScalarPlace,
  escape: (part: string) => string,
  quote: number,
): string {
  const indent = " ".repeat(place.indent);
  let result = "";
  let column = place.column + quote;
  const runs = text.match(/ +|[\n\u0085\u2028\u2029]+|[^ \n\u0085\u2028\u2029]+/g) ?? [];
  for (const [at, run] of runs.entries()) {
    if (run[0] !== undefined && breaks.includes(run[0])) {
      result += `${run.startsWith("\n") ? "\n" : ""}${run}${indent}`;
      column = place.indent;
    } else if (run === " " && column > width && !place.key && at > 0 && at < runs.length - 1) {
      result += `\n${indent}`;
      column = place.indent;
    } else {
      const part = escape(run);
      result += part;
      column += part.length;
    }
  }
  return result;
}

const escapes: Readonly<Record<string, string>> = {
  "\0": "0",
  "\u0007": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\u001b": "e",
  '"': '"',
  "\\": "\\",
  "\u0085": "N",
  "\u00a0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

function escapeChar(char: string): string {
  const known = escapes[char];
  if (known !== undefined) return `\\${known}`;
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return `\\U${code.toString(16).toUpperCase().padStart(8, "0")}`;
}

function isKept(char: string, unicode: boolean): boolean {
  if (char === '"' || char === "\\" || breaks.includes(char) || char === "\ufeff") return false;
  const code = char.codePointAt(0) ?? 0;
  if (code >= 0x20 && code <= 0x7e) return true;
  return unicode && ((code >= 0xa0 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd));
}

function doubleQuoted(text: string, place: ScalarPlace): string {
  const chars = Array.from(text);
  let result = '"';
  let column = place.column + 1;
  let pending = "";
  const flush = (): void => {
    result += pending;
    column += pending.length;
    pending = "";
  };
  for (const [at, char] of chars.entries()) {
    const kept = isKept(char, place.unicode);
    if (!kept) {
      flush();
      const escaped = escapeChar(char);
      result += escaped;
      column += escaped.length;
    }
    const foldable = at > 0 && at < chars.length - 1 && (char === " " || !kept);
    if (foldable && column + pending.length > width && !place.key) {
      result += `${pending}\\\n${" ".repeat(place.indent)}`;
      column = place.indent;
      pending = "";
      if (char === " ") {
        result += "\\";
        column += 1;
      }
    }
    if (kept) pending += char;
  }
  flush();
  return `${result}"`;
}
