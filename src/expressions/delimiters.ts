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

// As in Orquesta an expression ends on the line it starts on; JSONata, which is ours, may span lines.
const patterns: Readonly<Record<Language, RegExp>> = {
  jinja: /\{\{[^\n]*?\}\}/g,
  yaql: /<%[^\n]*?%>/g,
  jsonata: /<\$[^]*?\$>/g,
};
// Orquesta strips any run of these characters, so `{{{a}}}` is `a`.
const edges: Readonly<Record<Language, RegExp>> = {
  jinja: /^[{}]+|[{}]+$/g,
  yaql: /^[<%>]+|[<%>]+$/g,
  jsonata: /^<\$|\$>$/g,
};
const jinjaBlock = /\{%[^\n]*?%\}/;
const wholeJsonata = /^<\$(?:(?!\$>)[^])*\$>$/;
const everyLanguage: readonly Language[] = ["jinja", "yaql", "jsonata"];

/** True when the text holds a Jinja block tag: then Jinja renders the whole text. */
export function hasBlock(text: string): boolean {
  return text.includes("{%") && jinjaBlock.test(text);
}

function holds(text: string, language: Language): boolean {
  switch (language) {
    case "jinja":
      return (text.includes("{{") && text.search(patterns.jinja) >= 0) || hasBlock(text);
    case "yaql":
      return text.includes("<%") && text.search(patterns.yaql) >= 0;
    case "jsonata":
      return text.includes("<$") && text.search(patterns.jsonata) >= 0;
  }
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
  for (const match of text.matchAll(patterns[language])) {
    if (match.index > end) parts.push(plain(text.slice(end, match.index), end));
    const source = match[0].replace(edges[language], "").trim();
    const inside = source === "" ? 2 : match[0].indexOf(source);
    parts.push({
      expression: true,
      text: match[0],
      source,
      offset: match.index,
      sourceOffset: match.index + inside,
    });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push(plain(text.slice(end), end));
  return parts;
}

function plain(text: string, offset: number): TextPart {
  return { expression: false, text, source: text, offset, sourceOffset: offset };
}
