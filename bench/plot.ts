/** The benchmark as a picture: each ratio against its aim, and rates on one logarithmic scale. Plain SVG that reads in light and dark. */
import { aims, isRatio, met, ratios, type Summary } from "./report.ts";

const width = 860;
const labels = 300;
const right = 110;
const line = 26;
const plotWidth = width - labels - right;

function text(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

interface Scale {
  readonly least: number;
  readonly most: number;
}

/** Where a value lies on a logarithmic scale; what is outside sticks to its end. */
function at(value: number, { least, most }: Scale): number {
  const inside = Math.min(Math.max(value, least), most);
  return labels + (Math.log(inside / least) / Math.log(most / least)) * plotWidth;
}

function label(x: number, y: number, value: string, more = ""): string {
  return `<text x="${x.toFixed(1)}" y="${(y + 4).toFixed(1)}" ${more}>${text(value)}</text>`;
}

function bar(from: number, to: number, y: number, kind: string): string {
  const left = Math.min(from, to);
  return `<rect class="${kind}" x="${left.toFixed(1)}" y="${y - 8}" width="${Math.max(Math.abs(to - from), 1).toFixed(1)}" height="16" rx="2"/>`;
}

function grid(
  values: readonly number[],
  scale: Scale,
  span: readonly [number, number],
  show: (value: number) => string,
): string[] {
  return values.flatMap((value) => {
    const x = at(value, scale).toFixed(1);
    return [
      `<line class="grid" x1="${x}" x2="${x}" y1="${span[0]}" y2="${span[1]}"/>`,
      label(Number(x), span[1] + 14, show(value), 'text-anchor="middle" class="small"'),
    ];
  });
}

/** How many times the aim is met: above 1 is met, for ratios that should be large and for those that should be small. */
function reached(name: keyof typeof aims, value: number): number {
  const { sign, aim } = aims[name];
  return sign === "≥" ? value / aim : aim / value;
}

function ratioPanel(
  { ratios: medians, repetitions }: Summary,
  top: number,
): { parts: string[]; bottom: number } {
  const scale = { least: 1 / 4, most: 32 };
  const rows = Object.entries(medians).flatMap(([name, value]) =>
    isRatio(name) && value !== null ? [{ name, value }] : [],
  );
  const bottom = top + rows.length * line;
  const parts = rows.flatMap(({ name, value }, index) => {
    const y = top + index * line + line / 2;
    const each = repetitions.flatMap(({ measured }) => ratios[name](measured) ?? []);
    const { sign, aim } = aims[name];
    return [
      label(labels - 10, y, name.replaceAll("_", " "), 'text-anchor="end"'),
      bar(at(1, scale), at(reached(name, value), scale), y, met(name, value) ? "met" : "missed"),
      ...each.map(
        (one) =>
          `<circle class="one" cx="${at(reached(name, one), scale).toFixed(1)}" cy="${y}" r="2.5"/>`,
      ),
      label(width - right + 8, y, `${value}  (${sign} ${aim})`, 'class="small"'),
    ];
  });
  const lines = grid([1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32], scale, [top, bottom], (value) =>
    value === 1 ? "aim" : value < 1 ? `1/${1 / value}` : `${value} ×`,
  );
  return { parts: [...lines, ...parts], bottom };
}

function ratePanel(
  { absolute }: Summary,
  stackstorm: Readonly<Record<string, number>>,
  top: number,
): { parts: string[]; bottom: number } {
  const scale = { least: 1, most: 1_000_000 };
  const rows = (
    [
      ["StackStorm: workflow tasks", stackstorm["workflow_tasks_per_s"], "other"],
      ["StackStorm: webhook → rule → no-op", stackstorm["webhook_to_action_per_s"], "other"],
      ["StackStorm: no-op executions", stackstorm["executions_per_s"], "other"],
      ["BullMQ on PostgreSQL: no-op jobs", absolute["bullmq_pg_jobs_per_s"], "base"],
      ["BullMQ on Redis: no-op jobs", absolute["bullmq_redis_jobs_per_s"], "base"],
      ["Express that keeps nothing: webhooks", absolute["bare_express_requests_per_s"], "base"],
      ["Raicho: webhooks on disk", absolute["ingest_unmatched_requests_per_s"], "met"],
      ["Raicho: webhook → rule → no-op on disk", absolute["ingest_requests_per_s"], "met"],
      ["Raicho: event → rule → no-op on disk", absolute["events_per_s"], "met"],
      ["Raicho: workflow steps on disk", absolute["steps_per_s"], "met"],
      ["bare group commit: rows on disk", absolute["group_commit_rows_per_s"], "base"],
    ] as const
  ).flatMap(([name, value, kind]) => (typeof value === "number" ? [{ name, value, kind }] : []));
  const bottom = top + rows.length * line;
  const parts = rows.flatMap(({ name, value, kind }, index) => {
    const y = top + index * line + line / 2;
    return [
      label(labels - 10, y, name, 'text-anchor="end"'),
      bar(at(1, scale), at(value, scale), y, kind),
      label(at(value, scale) + 6, y, value.toLocaleString("en"), 'class="small"'),
    ];
  });
  const lines = grid(
    [1, 10, 100, 1_000, 10_000, 100_000],
    scale,
    [top, bottom],
    (value) => `${value.toLocaleString("en")}/s`,
  );
  return { parts: [...lines, ...parts], bottom };
}

/** A whole SVG document. */
export function plot(result: Summary, stackstorm: Readonly<Record<string, number>>): string {
  const first = ratioPanel(result, 50);
  const second = ratePanel(result, stackstorm, first.bottom + 70);
  const height = second.bottom + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="12">
<title>Each ratio beside its aim, and rates beside their baselines</title>
<style>
svg { color: #1c2733; background: #fff; } text { fill: currentColor; } .small { font-size: 11px; opacity: .8; }
.head { font-size: 14px; font-weight: 600; } .grid { stroke: currentColor; opacity: .15; } .one { fill: currentColor; opacity: .55; }
.met { fill: #2a7ab0; } .missed { fill: #c8553d; } .base { fill: #8a97a5; } .other { fill: #c9a227; }
@media (prefers-color-scheme: dark) { svg { color: #dfe6ee; background: #10161d; } }
</style>
${label(12, 24, "How far each aim is reached (bar: median, dots: repetitions; figures: value and aim)", 'class="head"')}
${first.parts.join("\n")}
${label(12, first.bottom + 48, "Per second, logarithmic", 'class="head"')}
${second.parts.join("\n")}
</svg>
`;
}
