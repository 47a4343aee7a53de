/** Scalars and lists for the reader of plain YAML: each answers undefined where the whole parser has to look. */
import { resolvePlain } from "./yaml-scalars.ts";
import type { NumberStyle } from "./yaml-scalars.ts";

interface Found {
  readonly value: unknown;
}

const untilQuote = { '"': /(?:[^"\\]|\\["\\/nt])*/y, "'": /(?:[^']|'')*/y } as const;
/** A further line that looks like something else if it stands too far left. */
const ordinary = /^(?:[\w*(]|$)/;
const behind = /^(?: *| +#.*)$/;
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t" };

/** The quoted text that begins with `text` and goes on in the lines from `from`. `next` is the line behind it. */
export function readQuoted(
  text: string,
  lines: readonly string[],
  from: number,
): (Found & { readonly next: number }) | undefined {
  const quote = text.startsWith("'") ? "'" : '"';
  const taken: string[] = [];
  let rest = text.slice(1);
  for (let next = from; ; next += 1) {
    const body = untilQuote[quote];
    body.lastIndex = 0;
    const [part = ""] = body.exec(rest) ?? [];
    taken.push(part);
    // What stopped it is the end, or an escape that is rare.
    if (part.length < rest.length)
      return rest.startsWith(quote, part.length) && behind.test(rest.slice(part.length + 1))
        ? { value: quoted(taken, quote), next }
        : undefined;
    const line = lines[next];
    if (line === undefined || part.includes("\\")) return undefined;
    rest = trimEnd(line.slice(indentOf(line)));
    if (!ordinary.test(rest)) return undefined;
  }
}

function quoted(lines: readonly string[], quote: string): string {
  const text = fold(lines);
  return quote === "'" ? text.replaceAll("''", "'") : unescaped(text);
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/\\(.)/g, (_, sign: string) => escapes[sign] ?? sign);
}

const empty = /^(?:\[ *\]|\{ *\})(?: *| +#.*)$/;
const list = /^\[([^[\]{}"'#]*|(?: *(?:"[^"\\]*"|'[^']*') *,?)*)\](?: *| +#.*)$/;
const word = /^[\w./+-](?:[\w./+@ -]*[\w./+@-])?$/;

/** `[]`, `{}`, or a list of scalars on one line: words without quotes, or texts with. */
export function readFlow(text: string, style: NumberStyle): Found | undefined {
  if (empty.test(text)) return { value: text.startsWith("[") ? [] : {} };
  const [, inside] = list.exec(text) ?? [];
  if (inside === undefined) return undefined;
  const items: unknown[] = [];
  for (const part of inside.split(",")) {
    const item = trimEnd(part.slice(indentOf(part)));
    const inner = /^(["']).*\1$/.test(item) ? item.slice(1, -1) : undefined;
    if (inner === undefined && (!word.test(item) || /^-(?: |$)/.test(item))) return undefined;
    items.push(inner ?? resolvePlain(item, style));
  }
  return { value: items };
}

/** What follows a header `|` or `>`: the lines from `from` that stand right of the column `above`. `next` is the line behind it. */
export function readBlockScalar(
  header: string,
  lines: readonly string[],
  { from, above }: { readonly from: number; readonly above: number },
): (Found & { readonly next: number }) | undefined {
  const [, kind, chomping = ""] = /^([|>])([+-]?)(?: +#.*)?$/.exec(header) ?? [];
  const first = lines[from] ?? "";
  const indent = indentOf(first);
  // An empty first line, or no text at all, is for the parser.
  if (kind === undefined || indent <= above || indent === first.length) return undefined;
  const taken = linesFrom(lines, from, indent);
  const next = from + taken.length;
  const end = taken.findLastIndex((line) => line !== "") + 1;
  // The text behind the last line break of the file is no line.
  const blank = taken.length - end - (next === lines.length ? 1 : 0);
  const text = taken.slice(0, end);
  if (blank < 0 || isOdd(text, kind)) return undefined;
  return { value: (kind === "|" ? text.join("\n") : fold(text)) + lineEnds(chomping, blank), next };
}

function linesFrom(lines: readonly string[], from: number, indent: number): readonly string[] {
  const taken: string[] = [];
  for (let index = from; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const own = indentOf(line);
    if (own < indent && own < line.length) break;
    taken.push(line.slice(indent));
  }
  return taken;
}

/** Spaces alone on the last line, and lines further right in a folded text, have rules of their own. */
function isOdd(text: readonly string[], kind: string): boolean {
  return (
    trimEnd(text.at(-1) ?? "") === "" || (kind === ">" && text.some((line) => line.startsWith(" ")))
  );
}

/** What stands behind a text that `blank` empty lines follow. */
function lineEnds(chomping: string, blank: number): string {
  if (chomping === "-") return "";
  return chomping === "+" ? "\n".repeat(1 + blank) : "\n";
}

/** How many spaces `line` begins with. */
export function indentOf(line: string): number {
  let indent = 0;
  while (line.charCodeAt(indent) === 32) indent += 1;
  return indent;
}

/** One line break is a space, of several the first is none. */
function fold(lines: readonly string[]): string {
  if (lines.length < 2) return lines[0] ?? "";
  let text = lines[0] ?? "";
  let breaks = 0;
  for (const [index, line] of lines.slice(1).entries()) {
    breaks += 1;
    if (line === "" && index < lines.length - 2) continue;
    text += (breaks === 1 ? " " : "\n".repeat(breaks - 1)) + line;
    breaks = 0;
  }
  return text;
}

/** Without the spaces at the end, and no others: a no-break space is text. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}
