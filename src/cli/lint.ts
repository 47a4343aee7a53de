/** `raicho lint [--json] [PATH…]`: prints every problem of the content, per file. */
import { readFileSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

import { renderProblem } from "../content/code-frame.ts";
import { loadContent } from "../content/load.ts";
import type { Problem } from "../content/problems.ts";
import { exitCodes, type CommandSetup, type LintParts } from "./cli.ts";

interface LintEnvironment extends LintParts {
  /** Paths are relative to it, and printed so. */
  readonly workingDirectory: string;
}

export const setUpLint: CommandSetup = (command, cli) => {
  command
    .argument("[paths...]", "packs, or directories of packs; only their problems are printed")
    .addHelpText(
      "after",
      `
Exit code 1 when there is an error. Without a path everything is checked that a server started here would load.

Examples:
  raicho lint
  raicho lint packs/mine
  raicho lint --json packs/mine | jq .problems`,
    )
    .action(async (paths: readonly string[]) => {
      const { workingDirectory, terminal } = cli;
      const environment = { ...(await cli.host.lintParts()), workingDirectory };
      const whole = paths.map((path) => resolve(workingDirectory, path));
      const problems = await findProblems(whole, environment);
      const json = command.optsWithGlobals()["json"] === true;
      terminal.write(json ? asJson(problems) : asText(problems, workingDirectory));
      cli.end(
        problems.some(({ severity }) => severity === "error") ? exitCodes.failed : exitCodes.ok,
      );
    });
};

async function findProblems(
  paths: readonly string[],
  environment: LintEnvironment,
): Promise<readonly Problem[]> {
  const { directories, runners, checkDeclarations } = environment;
  const { problems } = await loadContent({
    directories: { ...directories, packs: [...directories.packs, ...paths] },
    ...(runners === undefined ? {} : { runners }),
    ...(checkDeclarations === undefined ? {} : { checkDeclarations }),
  });
  const inside = (file: string): boolean =>
    paths.length === 0 || paths.some((path) => file === path || file.startsWith(path + sep));
  return problems
    .filter(({ file }) => inside(file))
    .toSorted(
      (left, right) =>
        compare(left.file, right.file) || left.line - right.line || left.column - right.column,
    );
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Problems for programs. */
export function asJson(problems: readonly Problem[]): string {
  return `${JSON.stringify({ problems, ...count(problems) }, undefined, 2)}\n`;
}

function count(problems: readonly Problem[]): { errors: number; warnings: number } {
  const of = (severity: Problem["severity"]): number =>
    problems.filter((problem) => problem.severity === severity).length;
  return { errors: of("error"), warnings: of("warning") };
}

/** Problems with the lines around them, and how many there are. */
export function asText(problems: readonly Problem[], workingDirectory: string): string {
  const sections: string[] = [];
  for (const [file, group] of Map.groupBy(problems, (problem) => problem.file)) {
    const way = relative(workingDirectory, file);
    const name = way === "" || way.startsWith("..") ? file : way;
    const text = textOf(file);
    sections.push(...group.map((problem) => renderProblem(problem, name, text)));
  }
  const { errors, warnings } = count(problems);
  const files = new Set(problems.map((problem) => problem.file)).size;
  const summary =
    problems.length === 0
      ? "no problems"
      : `${many(errors, "error")}, ${many(warnings, "warning")} in ${many(files, "file")}`;
  return `${[...sections, summary].join("\n\n")}\n`;
}

function many(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
