/** How many columns of a terminal a text takes, and what of it a terminal may be given. */

/** East Asian Wide and Fullwidth of Unicode 16 (EastAsianWidth.txt), without what is an emoji: the expression below knows those. */
const wideRanges: readonly (readonly [first: number, last: number])[] = [
  [0x11_00, 0x11_5f],
  [0x23_29, 0x23_2a],
  [0x26_30, 0x26_37],
  [0x26_8a, 0x26_8f],
  [0x2e_80, 0x30_3e],
  [0x30_41, 0xa4_cf],
  [0xa9_60, 0xa9_7f],
  [0xac_00, 0xd7_a3],
  [0xf9_00, 0xfa_ff],
  [0xfe_10, 0xfe_19],
  [0xfe_30, 0xfe_6f],
  [0xff_01, 0xff_60],
  [0xff_e0, 0xff_e6],
  [0x1_6f_e0, 0x1_8d_ff],
  [0x1_af_f0, 0x1_b2_ff],
  [0x1_d3_00, 0x1_d3_76],
  [0x1_f2_00, 0x1_f3_20],
  [0x2_00_00, 0x3_ff_fd],
];

const plain = /^[\u0020-\u007E]*$/;
const emoji = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11FF]$/u;

function isWide(point: number): boolean {
  return wideRanges.some(([first, last]) => point >= first && point <= last);
}

function clusterWidth(cluster: string): number {
  if (emoji.test(cluster)) return 2;
  let width = 0;
  for (const character of cluster) {
    if (invisible.test(character)) continue;
    width = Math.max(width, isWide(character.codePointAt(0) ?? 0) ? 2 : 1);
  }
  return width;
}

let segmenter: Intl.Segmenter | undefined;

function clustersOf(text: string): Iterable<{ readonly segment: string }> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/** Columns of one line. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of clustersOf(text)) width += clusterWidth(segment);
  return width;
}

export function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** At most that many columns; what was cut is shown as an ellipsis. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of clustersOf(text)) {
    const more = clusterWidth(segment);
    if (used + more > width - 1) break;
    kept += segment;
    used += more;
  }
  return `${kept}…`;
}

/** Lines of at most that many columns, broken between clusters. */
export function wrap(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((line) => {
    if (displayWidth(line) <= width) return [line];
    const lines = [""];
    let used = 0;
    for (const { segment } of clustersOf(line)) {
      const more = clusterWidth(segment);
      if (used + more > width) {
        lines.push("");
        used = 0;
      }
      lines[lines.length - 1] += segment;
      used += more;
    }
    return lines;
  });
}

/** Controls of both sets, and those that turn the direction of text: a terminal acts on them. Line ends and tabs may stay. */
const suspicious = /(?![\t\n])[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;

/** The text with its controls written out (`\x1b`): safe to show. Tabs and line ends stay. */
export function harmless(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(suspicious, (found) => {
    const code = found.charCodeAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

const escape = String.fromCodePoint(0x1b);
const colour = new RegExp(String.raw`(${escape}\[[0-9;]{0,32}m)`);

/** As `harmless`, but colours stay: for what programs print. */
export function harmlessButColours(text: string): string {
  return text
    .split(colour)
    .map((part, index) => (index % 2 === 1 ? part : harmless(part)))
    .join("");
}
