/** docs/benchmarks.md and its picture, from one run of the benchmark. Nothing in them is written by hand. */
import { dirname, join } from "node:path";
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { plot } from "./plot.ts";
import { aims, isRatio, met, ratios, span, type Summary } from "./report.ts";

/** StackStorm 3.9 as one process on two cores of the same kind (database and message bus in memory), measured 2026-11-21 apart from this run. */
export const stackstorm = {
  executions_per_s: 10.6,
  webhook_to_action_per_s: 5.7,
  workflow_tasks_per_s: 4.7,
  conductor_tasks_in_memory_per_s: 285,
  idle_noop_ms: 104,
} as const;

function ratioRows({ ratios: medians, repetitions, missing }: Summary): string[] {
  const measured = repetitions.map((repetition) => repetition.measured);
  return Object.entries(medians).flatMap(([name, value]) => {
    if (!isRatio(name)) return [];
    const { sign, aim, meaning } = aims[name];
    if (value === null)
      return [`| \`${name}\` | ${meaning} | ${missing[name] ?? "–"} | | ${sign} ${aim} | |`];
    const verdict = met(name, value) ? "met" : "**missed**";
    return [
      `| \`${name}\` | ${meaning} | ${value} | ${span(measured, ratios[name])} | ${sign} ${aim} | ${verdict} |`,
    ];
  });
}

function beside(name: string, own: number | null | undefined, other: number, unit: string): string {
  const times =
    own === null || own === undefined
      ? "–"
      : `${Math.round(unit === "ms" ? other / own : own / other)} ×`;
  return `| ${name} | ${own ?? "–"} | ${other} | ${times} |`;
}

function page(result: Summary, picture: string): string {
  const { absolute, machine, repetitions } = result;
  return `# Benchmarks

Written by \`npm run bench -- --page docs/benchmarks.md\` on ${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0]?.toFixed(1) ?? "?"} at its end; what each ratio means and how it is taken is told in
[performance.md](performance.md). Medians of ${repetitions.length} repetitions; above and below of a ratio were measured in turn within each of them.

![Each ratio beside its aim, and events and steps per second beside their baselines](${picture})

| ratio | above ÷ below | median | least … most | aim | |
| --- | --- | --- | --- | --- | --- |
${ratioRows(result).join("\n")}

## Absolute numbers, for this machine only

| number | median |
| --- | --- |
${Object.entries(absolute)
  .map(([name, value]) => `| ${name.replaceAll("_", " ")} | ${value ?? "–"} |`)
  .join("\n")}

${Object.entries(machine)
  .map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)
  .join(", ")}.

## Beside StackStorm

StackStorm's figures come from a live server on a machine of the same kind: API, scheduler, runner, rules and workflow engine in one process, MongoDB and RabbitMQ replaced by
in-memory stand-ins. They were not taken in this run; StackStorm publishes no figures of its own.

| what | Raicho | StackStorm | |
| --- | --- | --- | --- |
${[
  beside(
    "webhook → rule → no-op, per second",
    absolute["ingest_requests_per_s"],
    stackstorm.webhook_to_action_per_s,
    "/s",
  ),
  beside(
    "event → rule → no-op without HTTP, per second",
    absolute["events_per_s"],
    stackstorm.executions_per_s,
    "/s",
  ),
  beside(
    "workflow steps on disk, per second",
    absolute["steps_per_s"],
    stackstorm.workflow_tasks_per_s,
    "/s",
  ),
  beside(
    "idle: event to finished no-op, ms",
    absolute["idle_event_to_action_p50_ms"],
    stackstorm.idle_noop_ms,
    "ms",
  ),
].join("\n")}
`;
}

/** Writes the page and the picture beside it, which has the page's name and ends in .svg. */
export function writePage(file: string, result: Summary): void {
  const picture = file.replace(/\.md$/, "") + ".svg";
  writeFileSync(picture, plot(result, stackstorm));
  writeFileSync(file, page(result, picture.slice(join(dirname(file), "/").length)));
}
