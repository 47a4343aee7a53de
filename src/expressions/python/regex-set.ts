/** Escapes and character sets of a regular expression. */
import type { PatternCursor } from "./regex-cursor.ts";
import type { RegexFlags, RegexNode, SetItem } from "./regex-nodes.ts";

const simpleEscapes: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  f: 12,
  v: 11,
  a: 7,
};
/** An escape that stands for a character or a category, both inside and outside of [...]. */
export function readEscape(cursor: PatternCursor): SetItem {
  const start = cursor.at;
  const char = cursor.peek(1);
  cursor.at += 2;
  if ("dDwWsS".includes(char) && char !== "") return { category: char };
  const simple = simpleEscapes[char];
  if (simple !== undefined) return { from: simple, to: simple };
  const width: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
  const digits = Object.hasOwn(width, char) ? width[char] : undefined;
  if (digits !== undefined) return readHex(cursor, digits, start);
  if (char === "0") return readOctal(cursor);
  if (/^[A-Za-z]$/.test(char)) throw cursor.fail(`bad escape \\${char}`, start);
  const code = char.codePointAt(0) ?? 0;
  return { from: code, to: code };
}

function readHex(cursor: PatternCursor, width: number, start: number): SetItem {
  const text = cursor.ahead(width);
  if (text.length !== width || !/^[0-9a-fA-F]+$/.test(text)) {
    throw cursor.fail(`incomplete escape ${cursor.since(start)}${text}`, start);
  }
  cursor.at += width;
  const code = Number.parseInt(text, 16);
  return { from: code, to: code };
}

function readOctal(cursor: PatternCursor): SetItem {
  const text = /^[0-7]{0,2}/.exec(cursor.ahead(2))?.[0] ?? "";
  cursor.at += text.length;
  const code = text === "" ? 0 : Number.parseInt(text, 8);
  return { from: code, to: code };
}

/** A whole [...]. */
export function readSet(cursor: PatternCursor, flags: RegexFlags): RegexNode {
  const start = cursor.at;
  cursor.at += 1;
  const negated = cursor.peek() === "^";
  if (negated) cursor.at += 1;
  const items: SetItem[] = [];
  for (let first = true; first || cursor.peek() !== "]"; first = false) {
    if (cursor.peek() === "") throw cursor.fail("unterminated character set", start);
    items.push(readSetItem(cursor));
  }
  cursor.at += 1;
  return { kind: "set", negated, items, flags: flags };
}

function readSetItem(cursor: PatternCursor): SetItem {
  const start = cursor.at;
  const low = readSetChar(cursor);
  if (cursor.peek() !== "-" || cursor.peek(1) === "]" || cursor.peek(1) === "") return low;
  cursor.at += 1;
  const high = readSetChar(cursor);
  const text = cursor.since(start);
  if ("category" in low || "category" in high || high.from < low.from) {
    throw cursor.fail(`bad character range ${text}`, start);
  }
  return { from: low.from, to: high.from };
}

function readSetChar(cursor: PatternCursor): SetItem {
  const char = cursor.peek();
  if (char === "\\") {
    if (cursor.peek(1) === "b") {
      cursor.at += 2;
      return { from: 8, to: 8 };
    }
    const digits = /^[0-7]{1,3}/.exec(cursor.ahead(4).slice(1))?.[0];
    if (digits !== undefined) {
      cursor.at += 1 + digits.length;
      const code = Number.parseInt(digits, 8);
      return { from: code, to: code };
    }
    return readEscape(cursor);
  }
  cursor.at += 1;
  const code = char.codePointAt(0) ?? 0;
  return { from: code, to: code };
}
