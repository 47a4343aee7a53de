/** The page of docs/ on which runs of the harness are written down. */
import type { Profile, Report } from "./case.ts";
import type { Backend } from "./site.ts";

export interface Result extends Report {
  readonly name: string;
  readonly backend: Backend;
  readonly promises: string;
  readonly seconds: number;
  /** Load of the machine at its end, from whatever. */
  readonly load: number;
}

/** What `--out` writes. */
export interface Run {
  readonly profile: Profile;
  readonly seed: number;
  /** When it ended, ISO 8601. */
  readonly at: string;
  readonly cores: number;
  readonly results: readonly Result[];
}

const begin = "<!-- What stands up to the end mark is written by npm run test:faults -- --page -->";
const end = "<!-- End of what is written -->";
const head = ["case", "queue", "profile", "seed", "struck and counted", "took", "load", "result"];
const queues = { postgres: "PostgreSQL", redis: "Redis" } as const;

/** Numbers as people read them; words stay. */
function shown(count: number | string): string {
  return typeof count === "number" ? count.toLocaleString("en-US") : count;
}

function rowOf({ profile, seed }: Run, result: Result): readonly string[] {
  const { name, backend, counts, findings, seconds, load } = result;
  const facts = Object.entries(counts).map(([what, count]) => `${what} ${shown(count)}`);
  const verdict = findings.length === 0 ? "passed" : `**${toldOf(findings).length} findings**`;
  const took = `${shown(seconds)} s`;
  return [
    name,
    queues[backend],
    profile,
    String(seed),
    facts.join(", "),
    took,
    String(load),
    verdict,
  ].map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " "));
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...rows.map((cells) => (cells[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = [], ...others] = rows;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join(
    "\n",
  );
}

/** Without what is only of use on that machine: logs, and stacks. */
function toldOf(findings: readonly string[]): readonly string[] {
  return findings
    .filter((finding) => !finding.startsWith("logs: "))
    .map((finding) => finding.split("\n", 1)[0] ?? "");
}

function listed(runs: readonly Run[]): string {
  const rows = runs.flatMap((run) => run.results.map((result) => rowOf(run, result)));
  const bad = runs.flatMap(({ results }) =>
    results.flatMap(({ name, backend, findings }) =>
      toldOf(findings).map((finding) => `- ${name}, ${queues[backend]}: ${finding}`),
    ),
  );
  const days = [...new Set(runs.map(({ at }) => at.slice(0, 10)))].toSorted().join(", ");
  const cores = [...new Set(runs.map((run) => run.cores))].join(", ");
  const told = bad.length === 0 ? "Nothing was found." : `What was found:\n\n${bad.join("\n")}`;
  return `${days}, ${cores} cores.\n\n${table([head, ...rows])}\n\n${told}`;
}

/** The page with these runs in place of those that stood there; what people wrote around them stays. A page without the marks gets them at its end. */
export function pageWith(page: string, runs: readonly Run[]): string {
  const part = `${begin}\n\n${listed(runs)}\n\n${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) return `${page.trimEnd()}\n\n${part}\n`.trimStart();
  return page.slice(0, from) + part + page.slice(to + end.length);
}
