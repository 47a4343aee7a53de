/** The lines of a quoted text may begin in any column for PyYAML; the parser used here wants them indented. */
import { type Document, LineCounter, parseDocument } from "yaml";

export interface Parsed {
  readonly document: Document.Parsed;
  /** What was parsed: the text, with some lines further to the right. */
  readonly written: string;
  readonly lines: LineCounter;
}

const missingQuote = /^Missing closing (['"])quote/;

/** Parses the text; what is wrong with it stands in the document. Never throws. */
export function parseLeniently(text: string): Parsed {
  const first = parseOnce(text);
  let parsed = first;
  for (let attempts = 0; attempts < 20; attempts += 1) {
    const [error] = parsed.document.errors;
    if (error === undefined) return parsed;
    const quote = missingQuote.exec(error.message)?.[1];
    const wider =
      quote === undefined ? undefined : indentQuoted(parsed.written, error.pos[0], quote);
    if (wider === undefined) return first;
    parsed = parseOnce(wider);
  }
  return first;
}

function parseOnce(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.1",
    schema: "failsafe",
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "error",
    lineCounter: lines,
  });
  return { document, written: text, lines };
}

/** The text with the lines of one quoted scalar pushed to the right, which does not change its value; undefined when no quote ends it.
 * `end` is where the parser thought that the scalar ends, `quote` what it missed there. */
function indentQuoted(text: string, end: number, quote: string): string | undefined {
  const closing = closingQuote(text, end, quote);
  if (closing === undefined) return undefined;
  const widest = Math.max(
    ...text
      .slice(0, end)
      .split("\n")
      .map((line) => line.search(/[^ -]|$/)),
  );
  const lines = text.slice(end, closing).replaceAll("\n", `\n${" ".repeat(widest + 1)}`);
  return text.slice(0, end) + lines + text.slice(closing);
}

function closingQuote(text: string, from: number, quote: string): number | undefined {
  const part = quote === "'" ? /''|'/g : /\\[^]|"/g;
  part.lastIndex = from;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    if (match[0] === quote) return match.index;
  }
  return undefined;
}
