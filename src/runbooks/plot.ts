/** Bars as SVG, readable in light and dark, with a text for those who do not see them. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Drawn in the colour of trouble. */
  readonly alarming?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** What a value is of: `requests`. */
  readonly unit: string;
}

const width = 720;
const row = 26;
const left = 260;

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** At most so many columns of text; wide characters take two. */
function clipped(text: string, columns: number): string {
  let used = 0;
  let kept = "";
  for (const character of text) {
    used += /[\u1100-\uFFFD]/u.test(character) ? 2 : 1;
    if (used > columns) return `${kept}…`;
    kept += character;
  }
  return kept;
}

/** Charts below each other. */
export function plotCharts(charts: readonly Chart[], title: string): string {
  const parts: string[] = [];
  let top = 20;
  for (const chart of charts) {
    const { text, height } = plotOne(chart, top);
    parts.push(text);
    top += height;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top + 10}" width="${width}" height="${top + 10}" role="img" aria-label="${escaped(title)}" font-family="system-ui, 'Noto Sans JP', sans-serif" font-size="13">`,
    `<style>.g{fill:#fbfbf9}.t{fill:#1d2326}.q{fill:#566066}.b{fill:#0b5d80}.a{fill:#a3201b}@media(prefers-color-scheme:dark){.g{fill:#14181a}.t{fill:#e8ebec}.q{fill:#a5afb4}.b{fill:#74c3e6}.a{fill:#ff9d96}}</style>`,
    `<title>${escaped(title)}</title>`,
    `<rect class="g" width="100%" height="100%"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function plotOne({ title, bars, unit }: Chart, top: number): { text: string; height: number } {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const lines = bars.map(({ label, value, alarming }, index) => {
    const y = top + 16 + index * row;
    const length = Math.max(value === 0 ? 0 : 2, Math.round((value / most) * (width - left - 80)));
    return [
      `<text class="t" x="${left - 10}" y="${y + 13}" text-anchor="end">${escaped(clipped(label, 34))}</text>`,
      `<rect class="${alarming === true ? "a" : "b"}" x="${left}" y="${y}" width="${length}" height="17" rx="2"><title>${escaped(`${label}: ${value} ${unit}`)}</title></rect>`,
      `<text class="q" x="${left + length + 6}" y="${y + 13}">${value}</text>`,
    ].join("\n");
  });
  const none = bars.length === 0 ? `<text class="q" x="20" y="${top + 28}">–</text>` : "";
  return {
    text: [
      `<text class="t" x="20" y="${top}" font-weight="600">${escaped(title)} (${escaped(unit)})</text>`,
      ...lines,
      none,
    ].join("\n"),
    height: 16 + Math.max(1, bars.length) * row + 26,
  };
}
