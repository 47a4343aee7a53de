/** Check commands of one sub-ticket: what is to be run where, and how the results read. */
import { judgeCommand } from "./command.ts";
import type { RunbookDocument, Said, Tongue } from "./document.ts";
import { renderCommand, renderText, type View } from "./template.ts";
import { word } from "./words.ts";

/** One command for one server. */
export interface PlannedCheck {
  readonly host: string;
  readonly command: string;
  readonly timeout: number;
  /** Why it is not run. */
  readonly refused?: string;
}

/** What became of it. */
export interface CheckResult extends PlannedCheck {
  readonly exit_code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timed_out: boolean;
  readonly seconds: number;
  /** ISO 8601 UTC. */
  readonly at: string;
}

export interface Planning {
  /** Where commands run that name no server. */
  readonly hosts: readonly string[];
  /** Patterns of commands that may run. */
  readonly allowed: readonly string[];
  /** In which it is said why a command does not run. */
  readonly tongue: Tongue;
}

/** Every command for every server; what may not run says why. Throws only Unanswered. */
export function planChecks(
  { checks }: RunbookDocument,
  view: View,
  { hosts, allowed, tongue }: Planning,
): readonly PlannedCheck[] {
  return checks.flatMap((check) => {
    const rendered = renderCommand(check.command, view);
    const command = typeof rendered === "string" ? rendered : check.command;
    const refused: Said | undefined =
      typeof rendered === "string" ? judgeCommand(rendered, allowed)?.message : rendered.refused;
    const own = check.hosts
      .flatMap((host) => renderText(host, view).split(/[\s,]+/))
      .filter((host) => host !== "");
    const places = check.hosts.length > 0 ? own : hosts;
    return places.map((host) => ({
      host,
      command,
      timeout: check.timeoutSeconds,
      ...(refused === undefined ? {} : { refused: refused[tongue] }),
    }));
  });
}

const mostOutput = 4_000;

/** The results as a comment. Output stands in blocks that it cannot close. */
export function renderResults(results: readonly CheckResult[], tongue: Tongue): string {
  const failing = results.some((result) => outcome(result) !== "ok");
  return [
    `## ${word("checks", tongue)}`,
    ...(failing ? [word("failures", tongue)] : []),
    ...results.map((result) => renderResult(result, tongue)),
  ].join("\n\n");
}

function outcome(result: CheckResult): "refused" | "timedOut" | "failed" | "ok" {
  if (result.refused !== undefined) return "refused";
  if (result.timed_out) return "timedOut";
  return result.exit_code === 0 ? "ok" : "failed";
}

function renderResult(result: CheckResult, tongue: Tongue): string {
  const { host, command, exit_code: code, stdout, stderr, seconds, at, refused } = result;
  const facts = [
    `${word("host", tongue)}: ${host}`,
    ...(refused === undefined
      ? [
          `${word("exitCode", tongue)}: ${code ?? "-"}`,
          `${word("at", tongue)}: ${at} (${seconds.toFixed(1)} ${word("seconds", tongue)})`,
        ]
      : []),
  ];
  const lines = [
    `### [${word(outcome(result), tongue)}] ${command}`,
    facts.map((fact) => `- ${fact}`).join("\n"),
  ];
  if (refused !== undefined)
    return [...lines, `${word("refusedWhy", tongue)}: ${refused}`].join("\n\n");
  const output = stdout.trimEnd() === "" ? word("noOutput", tongue) : stdout.trimEnd();
  return [
    ...lines,
    block(output, tongue),
    ...(stderr.trim() === ""
      ? []
      : [`${word("errors", tongue)}:`, block(stderr.trimEnd(), tongue)]),
  ].join("\n\n");
}

function block(text: string, tongue: Tongue): string {
  const kept =
    text.length > mostOutput ? `${text.slice(0, mostOutput)}\n${word("cut", tongue)}` : text;
  const longest = Math.max(2, ...[...kept.matchAll(/`+/g)].map(([run]) => run.length));
  const mark = "`".repeat(longest + 1);
  return `${mark}\n${kept}\n${mark}`;
}
