/** Reads the YAML that nearly all content is written in, several times as fast as the whole grammar can be read.
 *
 * 1. What this reads means the same to the whole parser; what it is not sure of it gives up, and nothing is ever reported from here.
 * 2. It knows block mappings and sequences, scalars of one line, texts of several, `|` and `>` without an indentation indicator, and flow
 *    lists of scalars. Tabs, carriage returns, anchors, tags, several documents, odd keys and keys written twice are left to the parser.
 * 3. No places are kept but the first: who asks for another has the text parsed once more. */
import { indentOf, readBlockScalar, readFlow, readQuoted, trimEnd } from "./yaml-plain-scalars.ts";
import { resolvePlain, ScalarError } from "./yaml-scalars.ts";
import type { NumberStyle } from "./yaml-scalars.ts";

export interface PlainYaml {
  readonly value: unknown;
  /** Of the first key or dash, both from 1. */
  readonly place: { readonly line: number; readonly column: number };
}

/** The document in `text`, or undefined when it takes the whole parser to read it. Never throws. */
export function readPlainYaml(text: string, style: NumberStyle): PlainYaml | undefined {
  if (beyond.test(text)) return undefined;
  try {
    return new PlainReader(text, style).document();
  } catch (error) {
    if (error instanceof Unsure || error instanceof ScalarError) return undefined;
    throw error;
  }
}

/** Tabs, other line ends, directives, ends of documents, and a second document. */
const beyond = /[\t\r\u0085\u2028\u2029\uFEFF]|^[%.]|\n%|\n\.\.\.|^---[^]*\n---|\n---[^]*\n---/;
const keyed = /^(?:([A-Za-z_][\w.-]*)|"([^"\\]*)"|'([^']*)') *:(?: +|$)/;
/** What a plain text cannot begin with, or what this file does not look into. */
const special = /^(?:-(?: |$)|[?:,\]}#&*!%@`])/;
const colon = /:(?: |$)/;
const bounds = { depth: 30, nodes: 50_000 } as const;

/** It would take the whole parser. */
class Unsure extends Error {}

class PlainReader {
  readonly #style: NumberStyle;
  readonly #lines: readonly string[];
  /** The line that is next, its first column that counts, and what stands from there. At the end the column is -1. */
  #line = 0;
  #indent = -1;
  #text = "";
  #nodes = 0;

  constructor(text: string, style: NumberStyle) {
    this.#style = style;
    this.#lines = text.split("\n");
  }

  document(): PlainYaml {
    this.#seek(0);
    if (this.#text === "---" && this.#indent === 0) this.#seek(this.#line + 1);
    else if (this.#lines.some((line) => line.startsWith("---"))) throw new Unsure();
    if (this.#indent < 0) throw new Unsure();
    const place = { line: this.#line + 1, column: this.#indent + 1 };
    const value = this.#block(this.#indent, 1);
    if (this.#indent !== -1) throw new Unsure();
    return { value, place };
  }

  /** Moves to the next line from `from` that is neither empty nor a comment. */
  #seek(from: number): void {
    for (let line = from; line < this.#lines.length; line += 1) {
      const written = this.#lines[line] ?? "";
      const indent = indentOf(written);
      if (indent === written.length || written.charCodeAt(indent) === 35) continue;
      this.#line = line;
      this.#indent = indent;
      this.#text = trimEnd(written.slice(indent));
      return;
    }
    this.#line = this.#lines.length;
    this.#indent = -1;
    this.#text = "";
  }

  #block(indent: number, depth: number): unknown {
    this.#nodes += 1;
    if (depth > bounds.depth || this.#nodes > bounds.nodes) throw new Unsure();
    return isItem(this.#text) ? this.#sequence(indent, depth) : this.#mapping(indent, depth);
  }

  #sequence(indent: number, depth: number): unknown[] {
    const items: unknown[] = [];
    while (this.#indent === indent && isItem(this.#text)) {
      const rest = this.#text.slice(1 + indentOf(this.#text.slice(1)));
      if (rest === "" || rest.startsWith("#")) items.push(this.#below(indent, -1, depth));
      else if (isItem(rest) || keyed.test(rest)) {
        this.#indent += this.#text.length - rest.length;
        this.#text = rest;
        items.push(this.#block(this.#indent, depth + 1));
      } else items.push(this.#scalar(rest, indent));
    }
    if (this.#indent > indent) throw new Unsure();
    return items;
  }

  #mapping(indent: number, depth: number): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    while (this.#indent === indent) {
      const match = keyed.exec(this.#text);
      if (match === null) break;
      const key = this.#key(match);
      if (Object.hasOwn(found, key)) throw new Unsure();
      const rest = this.#text.slice(match[0].length);
      const nothing = rest === "" || rest.startsWith("#");
      found[key] = nothing ? this.#below(indent, indent, depth) : this.#scalar(rest, indent);
    }
    if (this.#indent > indent || (this.#indent === indent && !isItem(this.#text)))
      throw new Unsure();
    return found;
  }

  #key([, plain, double, single]: RegExpExecArray): string {
    const key = plain ?? double ?? single ?? "";
    if (key === "__proto__" || (plain !== undefined && resolvePlain(key, "plain") !== key))
      throw new Unsure();
    return key;
  }

  /** The block under a key or a dash. A list under a key may stand in the key's own column, `list`. */
  #below(indent: number, list: number, depth: number): unknown {
    this.#seek(this.#line + 1);
    if (this.#indent > indent || (this.#indent === list && isItem(this.#text)))
      return this.#block(this.#indent, depth + 1);
    this.#nodes += 1;
    return null;
  }

  /** The scalar or flow list that begins with `text` and belongs to the block at `indent`. */
  #scalar(text: string, indent: number): unknown {
    this.#nodes += 1;
    const first = text.charAt(0);
    const from = this.#line + 1;
    if (first === "|" || first === ">")
      return this.#taken(readBlockScalar(text, this.#lines, { from, above: indent }), indent);
    if (first === '"' || first === "'")
      return this.#taken(readQuoted(text, this.#lines, from), indent);
    if (first !== "[" && first !== "{") return this.#plain(text, indent);
    const flow = readFlow(text, this.#style);
    return this.#taken(flow && { ...flow, next: from }, indent);
  }

  /** Moves behind a value that was read. */
  #taken(
    read: { readonly value: unknown; readonly next: number } | undefined,
    indent: number,
  ): unknown {
    if (read === undefined) throw new Unsure();
    this.#seek(read.next);
    if (this.#indent > indent) throw new Unsure();
    return read.value;
  }

  /** A text without quotes; further lines of it stand right of its block, without an empty line between. */
  #plain(text: string, indent: number): unknown {
    if (special.test(text)) throw new Unsure();
    const comment = text.indexOf(" #");
    let value = comment < 0 ? text : trimEnd(text.slice(0, comment));
    if (colon.test(value)) throw new Unsure();
    for (;;) {
      const line = this.#line + 1;
      this.#seek(line);
      if (this.#indent <= indent) return resolvePlain(value, this.#style);
      const more = this.#text;
      const odd = comment >= 0 || this.#line !== line || more.includes(" #");
      if (odd || colon.test(more) || special.test(more)) throw new Unsure();
      value += ` ${more}`;
    }
  }
}

function isItem(text: string): boolean {
  return text.charCodeAt(0) === 45 && (text.length === 1 || text.charCodeAt(1) === 32);
}
