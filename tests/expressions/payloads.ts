/** Expressions of all languages that try to get out of the evaluator, or to stall it, with their delimiters; and what they are tried on. */
import { jinjaEscapes, jinjaStalls } from "./payloads-jinja.ts";
import { jsonataEscapes, jsonataStalls } from "./payloads-jsonata.ts";
import { escapes, stalls } from "./yaql/payloads.ts";

export interface Payload {
  readonly language: "yaql" | "jinja" | "jsonata";
  /** Expression without delimiters; of Jinja the whole text. */
  readonly source: string;
  /** As it stands in a definition. */
  readonly text: string;
}

function yaql(source: string): Payload {
  return { language: "yaql", source, text: `<% ${source} %>` };
}
function jinja(text: string): Payload {
  return { language: "jinja", source: text, text };
}
function jsonata(source: string): Payload {
  return { language: "jsonata", source, text: `<$ ${source} $>` };
}

export const payloads: readonly Payload[] = [
  ...[...escapes, ...stalls].map(yaql),
  ...[...jinjaEscapes, ...jinjaStalls].map(jinja),
  ...[...jsonataEscapes, ...jsonataStalls].map(jsonata),
];

function nested(depth: number): unknown {
  return depth === 0 ? "end" : { down: nested(depth - 1), list: [depth] };
}

/** What the payloads refer to. Made anew for each try: whoever changes it is caught. */
export function victim(): Record<string, unknown> {
  return {
    d: { a: 1, b: { c: [1, 2] } },
    x: { a: 1, b: { c: [1, 2] } },
    l: [3, 1, 2],
    s: "text",
    n: null,
    evil: `${"a".repeat(5_000)}!`,
    deep: nested(200),
  };
}
