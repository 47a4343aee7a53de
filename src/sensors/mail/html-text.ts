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

/** Visible text, one line per block or `<br>`, runs of white space folded, no empty line twice. */
export function htmlToText(html: string): string {
  const out: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open === -1) {
      out.push(foldSpace(html.slice(at)));
      break;
    }
    if (open > at) out.push(foldSpace(html.slice(at, open)));
    at = readTag(html, open, out);
  }
  return out
    .join("")
    .split("\n")
    .map((line) => line.replace(/[ \r\f\v]+/g, " ").trim())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** Handles what starts at `open` and gives the offset after it. */
function readTag(html: string, open: number, out: string[]): number {
  if (html.startsWith("<!--", open)) return after(html, "-->", open + 4);
  const name = /^<\/?([a-z][a-z0-9]*)/i.exec(html.slice(open, open + 16))?.[1]?.toLowerCase();
  if (name === undefined) {
    if (html[open + 1] === "!" || html[open + 1] === "?") return after(html, ">", open);
    out.push("<");
    return open + 1;
  }
  const end = after(html, ">", open);
  const closing = html[open + 1] === "/";
  if (!closing && hiddenTags.has(name)) return skipHidden(html, name, end);
  if (lineTags.has(name)) out.push("\n");
  else if (closing && columnTags.has(name)) out.push("\t");
  return end;
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
