/** Text of an HTML mail in one linear pass: no DOM, no backtracking, so a hostile mail costs what its length costs. */

const hiddenTags = new Set(["head", "script", "style", "title", "template"]);
const lineTags = new Set(
  "address article aside blockquote br center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul".split(
    " ",
  ),
);
/** A column ends with a tab, so that `Key | value` tables stay readable. */
const columnTags = new Set(["td", "th"]);

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  copy: "©",
  reg: "®",
  trade: "™",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  bull: "•",
  middot: "·",
  times: "×",
  deg: "°",
  yen: "¥",
  euro: "€",
};

interface Reading {
  readonly out: string[];
  /** How many `<pre>` are open: line breaks in them are line breaks. */
  preformatted: number;
}

/** Visible text, one line per block, `<br>` or line of a `<pre>`, runs of white space folded, no empty line twice. */
export function htmlToText(html: string): string {
  const reading: Reading = { out: [], preformatted: 0 };
  let at = 0;
  while (at < html.length) {
    const found = html.indexOf("<", at);
    const open = found === -1 ? html.length : found;
    if (open > at) reading.out.push(textOf(html.slice(at, open), reading));
    if (open === html.length) break;
    at = readTag(html, open, reading);
  }
  return reading.out
    .join("")
    .split("\n")
    .map((line) => line.replace(/[ \r\f\v]+/g, " ").trim())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** Handles what starts at `open` and gives the offset after it. */
function readTag(html: string, open: number, reading: Reading): number {
  if (html.startsWith("<!--", open)) return after(html, "-->", open + 4);
  const name = /^<\/?([a-z][a-z0-9]*)/i.exec(html.slice(open, open + 16))?.[1]?.toLowerCase();
  if (name === undefined) {
    if (html[open + 1] === "!" || html[open + 1] === "?") return after(html, ">", open);
    reading.out.push("<");
    return open + 1;
  }
  const end = after(html, ">", open);
  const closing = html[open + 1] === "/";
  if (!closing && hiddenTags.has(name)) return skipHidden(html, name, end);
  layOut(name, closing, reading);
  return end;
}

function layOut(name: string, closing: boolean, reading: Reading): void {
  if (name === "pre") reading.preformatted = Math.max(0, reading.preformatted + (closing ? -1 : 1));
  if (lineTags.has(name)) reading.out.push("\n");
  else if (closing && columnTags.has(name)) reading.out.push("\t");
}

function skipHidden(html: string, name: string, from: number): number {
  let close = html.indexOf("</", from);
  while (close !== -1) {
    if (html.slice(close + 2, close + 2 + name.length).toLowerCase() === name) {
      return after(html, ">", close);
    }
    close = html.indexOf("</", close + 2);
  }
  return html.length;
}

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found === -1 ? html.length : found + mark.length;
}

function textOf(text: string, { preformatted }: Reading): string {
  if (preformatted === 0) return foldSpace(text);
  return text
    .split(/\r\n?|\n/)
    .map(foldSpace)
    .join("\n");
}

function foldSpace(text: string): string {
  return text
    .replace(/[\s\u00a0]+/g, (space) => (space.includes("\u3000") ? space : " "))
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (...found) =>
      entity(found[0], found[1], found[2], found[3]),
    );
}

function entity(written: string, decimal: unknown, hex: unknown, name: unknown): string {
  if (typeof name === "string") return entities[name.toLowerCase()] ?? written;
  const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : written;
}
