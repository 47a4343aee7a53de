/** The report as a page with plots (SVG), in Japanese or English. Nothing is loaded from anywhere. */
import type { Effort, TicketReport } from "./metrics.ts";
import type { Language } from "./settings.ts";

const words = {
  en: {
    title: "Tickets",
    effort: "Effort",
    before: "before",
    after: "after",
    since: "since",
    tickets: "tickets",
    minutes: "minutes per ticket",
    hours: "hours until closed (median)",
    rating: "rating (1 to 5)",
    ratings: "ratings",
    trend: "Tickets per month and category",
    advice: "Advice",
    none: "none",
    noCategory: "(no category)",
  },
  ja: {
    title: "チケット",
    effort: "工数",
    before: "導入前",
    after: "導入後",
    since: "基準日",
    tickets: "件数",
    minutes: "1件あたりの分数",
    hours: "完了までの時間（中央値）",
    rating: "評価（1〜5）",
    ratings: "評価数",
    trend: "月別・カテゴリ別の件数",
    advice: "助言",
    none: "なし",
    noCategory: "（カテゴリなし）",
  },
} as const;

const colours = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2", "#9c6b4e"];
const size = { width: 720, height: 260, left: 40, bottom: 30 };
/** More lines than that cannot be told apart. */
const mostLines = colours.length;

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Counts per month as stacked bars, the biggest categories first. */
export function trendPlot({ months, categories }: TicketReport, language: Language): string {
  const biggest = categories.slice(0, mostLines);
  const totals = months.map((_, month) =>
    biggest.reduce((sum, { counts }) => sum + (counts[month] ?? 0), 0),
  );
  const top = Math.max(1, ...totals);
  const slot = (size.width - size.left) / Math.max(1, months.length);
  const scale = (size.height - size.bottom - 10) / top;
  const bars = months.flatMap((month, index) => {
    let y = size.height - size.bottom;
    const x = size.left + index * slot + slot * 0.15;
    const rects = biggest.map(({ category, counts }, line) => {
      const height = (counts[index] ?? 0) * scale;
      y -= height;
      const label = `${category === "" ? words[language].noCategory : category}, ${month}: ${counts[index] ?? 0}`;
      return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(slot * 0.7).toFixed(1)}" height="${height.toFixed(1)}" fill="${colours[line]}"><title>${escaped(label)}</title></rect>`;
    });
    const name = `<text x="${(x + slot * 0.35).toFixed(1)}" y="${size.height - 10}" text-anchor="middle">${month}</text>`;
    return [...rects, name];
  });
  const axis = [0, 0.5, 1].map((part) => {
    const y = size.height - size.bottom - part * top * scale;
    return `<line x1="${size.left}" x2="${size.width}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#ddd"/><text x="${size.left - 6}" y="${(y + 4).toFixed(1)}" text-anchor="end">${Math.round(part * top)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" font-size="11" font-family="sans-serif">${[...axis, ...bars].join("")}</svg>`;
}

function shown(value: number | null): string {
  return value === null ? "–" : String(value);
}

/** The whole report as one HTML page. */
export function reportPage(report: TicketReport, language: Language): string {
  const say = words[language];
  const row = (name: string, of: (effort: Effort) => number | null): string =>
    `<tr><th>${name}</th>${report.before === null ? "" : `<td>${shown(of(report.before))}</td>`}<td>${shown(of(report.after))}</td></tr>`;
  const heads =
    report.before === null
      ? ""
      : `<tr><th>${say.since} ${escaped(report.split ?? "")}</th><th>${say.before}</th><th>${say.after}</th></tr>`;
  const categories = report.categories.map(({ category, counts, total }, index) => {
    const name = category === "" ? say.noCategory : escaped(category);
    return `<tr><th><span style="color:${colours[index] ?? "#999"}">■</span> ${name}</th>${counts.map((count) => `<td>${count}</td>`).join("")}<td><b>${total}</b></td></tr>`;
  });
  const advice =
    report.advice.length === 0
      ? `<p>${say.none}</p>`
      : `<ul>${report.advice.map((each) => `<li>${escaped(each)}</li>`).join("")}</ul>`;
  return `<!doctype html>
<html lang="${language}"><meta charset="utf-8"><title>${say.title}</title>
<style>body{font:15px sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}th:first-child{text-align:left}</style>
<h1>${say.title}</h1>
<h2>${say.effort}</h2>
<table>${heads}${row(say.tickets, ({ tickets }) => tickets)}${row(say.hours, ({ hours }) => hours)}${row(say.minutes, ({ minutes }) => minutes)}${row(say.rating, ({ rating }) => rating)}${row(say.ratings, ({ ratings }) => ratings)}</table>
<h2>${say.trend}</h2>
${trendPlot(report, language)}
<table><tr><th></th>${report.months.map((month) => `<th>${month}</th>`).join("")}<th></th></tr>${categories.join("")}</table>
<h2>${say.advice}</h2>
${advice}
</html>
`;
}
