/** The little Markdown that documents need: front matter, headings of the second level, fenced blocks. Nothing here throws. */

/** Where something stands; both count from 1, columns count UTF-16 units. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** A fenced block: ```` ```info … ``` ````. */
export interface Fence extends Spot {
  /** What stands behind the backticks. */
  readonly info: string;
  readonly text: string;
  /** False: the file ended before the block did. */
  readonly closed: boolean;
  /** Line of the first line of the text. */
  readonly textLine: number;
}

export interface Heading extends Spot {
  readonly title: string;
  /** Lines between this heading and the next, fenced blocks included. */
  readonly text: string;
  readonly textLine: number;
  readonly fences: readonly Fence[];
}

export interface Markdown {
  /** Text between the `---` lines at the top; undefined when there is none. */
  readonly frontMatter: string | undefined;
  /** Before the first heading of the second level, without front matter. */
  readonly preamble: string;
  /** Title of the first heading of the first level. */
  readonly title: string | undefined;
  readonly headings: readonly Heading[];
  /** A front matter that does not end. */
  readonly openFrontMatter: boolean;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type OpenHeading = Mutable<Omit<Heading, "fences" | "text">> & { lines: string[]; fences: Fence[] };

const fenceLine = /^(\s{0,3})(`{3,}|~{3,})\s*(.*?)\s*$/;
const sectionLine = /^##\s+(.*?)\s*#*\s*$/;
const titleLine = /^#\s+(.*?)\s*#*\s*$/;

interface Opened {
  readonly mark: string;
  readonly fence: Mutable<Fence>;
  readonly lines: string[];
}

export function readMarkdown(source: string): Markdown {
  const lines = source.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const { frontMatter, open, next } = splitFrontMatter(lines);
  const preamble: string[] = [];
  const headings: OpenHeading[] = [];
  let title: string | undefined;
  let opened: Opened | undefined;
  for (const [offset, line] of lines.slice(next).entries()) {
    const number = next + offset + 1;
    const here = headings.at(-1);
    const heading = opened === undefined ? sectionLine.exec(line) : null;
    if (heading !== null) {
      const [, name = ""] = heading;
      headings.push({
        title: name,
        line: number,
        column: line.indexOf(name) + 1,
        textLine: number + 1,
        lines: [],
        fences: [],
      });
      continue;
    }
    (here?.lines ?? preamble).push(line);
    if (opened === undefined) title ??= titleLine.exec(line)?.[1];
    opened = fenced(opened, { line, number }, here);
  }
  if (opened !== undefined) headings.at(-1)?.fences.push(finish(opened, false));
  return {
    frontMatter,
    preamble: preamble.join("\n").trim(),
    title,
    headings: headings.map(({ lines: body, ...rest }) => ({ ...rest, text: body.join("\n") })),
    openFrontMatter: open,
  };
}

/** Opens, fills or ends a block with that line. */
function fenced(
  opened: Opened | undefined,
  { line, number }: { line: string; number: number },
  heading: OpenHeading | undefined,
): Opened | undefined {
  const found = fenceLine.exec(line);
  if (opened === undefined) {
    if (found === null) return undefined;
    const [, indent = "", mark = "", info = ""] = found;
    const place = { line: number, column: indent.length + 1, textLine: number + 1 };
    return { mark, lines: [], fence: { ...place, info, text: "", closed: true } };
  }
  const ends = found !== null && found[3] === "" && found[2]?.startsWith(opened.mark) === true;
  if (!ends) {
    opened.lines.push(line);
    return opened;
  }
  heading?.fences.push(finish(opened, true));
  return undefined;
}

function finish({ fence, lines }: Opened, closed: boolean): Fence {
  return { ...fence, text: lines.join("\n"), closed };
}

function splitFrontMatter(lines: readonly string[]): {
  frontMatter: string | undefined;
  open: boolean;
  next: number;
} {
  if (lines[0]?.trimEnd() !== "---") return { frontMatter: undefined, open: false, next: 0 };
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
  if (end < 0) return { frontMatter: undefined, open: true, next: 1 };
  return { frontMatter: lines.slice(1, end).join("\n"), open: false, next: end + 1 };
}
