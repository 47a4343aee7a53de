/** Finds expressions inside text: `{{ jinja }}` and `{% jinja %}`, `<% yaql %>`, `<$ jsonata $>`. */
import type { Language } from "./context.ts";

/** A piece of text: as written, or an expression with its delimiters. */
export interface TextPart {
  readonly expression: boolean;
  /** As written, delimiters included. */
  readonly text: string;
  /** The expression without delimiters and outer white space; the text itself for plain text. */
  readonly source: string;
  /** Where `text` starts inside the whole string. */
  readonly offset: number;
  /** Where `source` starts inside the whole string. */
  readonly sourceOffset: number;
}

interface Delimiters {
  readonly open: string;
  readonly close: string;
  readonly spansLines: boolean;
}

// As in Orquesta an expression ends on the line it starts on; JSONata, which is ours, may span lines.
const delimiters: Readonly<Record<Language | "block", Delimiters>> = {
  jinja: { open: "{{", close: "}}", spansLines: false },
  block: { open: "{%", close: "%}", spansLines: false },
  yaql: { open: "<%", close: "%>", spansLines: false },
  jsonata: { open: "<$", close: "$>", spansLines: true },
};

/** Start and end of the first piece at or after `from`, or undefined. Looks at no character twice, however many pieces stay open. */
function pieceFrom(
  text: string,
  from: number,
  { open, close, spansLines }: Delimiters,
): readonly [start: number, end: number] | undefined {
  let start = text.indexOf(open, from);
  let end = -1;
  while (start >= 0) {
    if (end < start + open.length) end = text.indexOf(close, start + open.length);
    if (end < 0) return undefined;
    const line = spansLines ? -1 : text.indexOf("\n", start);
    if (line < 0 || line > end) return [start, end + close.length];
    start = text.indexOf(open, line + 1);
  }
  return undefined;
}

// Orquesta strips any run of these characters, so `{{{a}}}` is `a`.
const edges: Readonly<Record<Language, RegExp>> = {
  jinja: /^[{}]+|[{}]+$/g,
  yaql: /^[<%>]+|[<%>]+$/g,
  jsonata: /^<\$|\$>$/g,
};
const wholeJsonata = /^<\$(?:(?!\$>)[^])*\$>$/;
const everyLanguage: readonly Language[] = ["jinja", "yaql", "jsonata"];

/** True when the text holds a Jinja block tag: then Jinja renders the whole text. */
export function hasBlock(text: string): boolean {
  return pieceFrom(text, 0, delimiters.block) !== undefined;
}

function holds(text: string, language: Language): boolean {
  const found = pieceFrom(text, 0, delimiters[language]) !== undefined;
  return found || (language === "jinja" && hasBlock(text));
}

/** The languages whose expressions the text holds, in the order in which they are tried. */
export function languagesOf(text: string): readonly Language[] {
  if (!text.includes("{") && !text.includes("<")) return [];
  // JSONata's own braces (`{"a":{"b":1}}`, `{%.x: 1}`) are not Jinja's.
  if (wholeJsonata.test(text)) return ["jsonata"];
  return everyLanguage.filter((language) => holds(text, language));
}

/** The language that evaluates the text, or undefined when it holds no expression. */
export function languageOf(text: string): Language | undefined {
  return languagesOf(text)[0];
}

/** Splits text into plain pieces and expressions of one language; block tags of Jinja stay plain text here. */
export function splitText(text: string, language: Language): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (;;) {
    const [start, after] = pieceFrom(text, end, delimiters[language]) ?? [text.length, -1];
    if (after < 0) break;
    if (start > end) parts.push(plain(text.slice(end, start), end));
    const written = text.slice(start, after);
    const source = written.replace(edges[language], "").trim();
    const inside = source === "" ? 2 : written.indexOf(source);
    parts.push({
      expression: true,
      text: written,
      source,
      offset: start,
      sourceOffset: start + inside,
    });
    end = after;
  }
  if (end < text.length) parts.push(plain(text.slice(end), end));
  return parts;
}

function plain(text: string, offset: number): TextPart {
  return { expression: false, text, source: text, offset, sourceOffset: offset };
}
