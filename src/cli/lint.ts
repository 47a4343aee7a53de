/** `raicho lint [--json] [PATH…]`: prints every problem of the content, per file. */
import { readFileSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

import { renderProblem } from "../content/code-frame.ts";
import type { ContentDirectories } from "../content/find-packs.ts";
import { loadContent, type LoadOptions } from "../content/load.ts";
import type { Problem } from "../content/problems.ts";
import type { ParameterSchemas } from "../model/definitions.ts";

export interface LintEnvironment {
  readonly directories: ContentDirectories;
  /** Parameters per runner name, aliases included. */
  readonly runners?: ReadonlyMap<string, ParameterSchemas>;
  /** Looks into alert parsers and entity types. */
  readonly checkDeclarations?: LoadOptions["checkDeclarations"];
  /** Paths are printed relative to it. */
  readonly workingDirectory: string;
  /** Receives text with its line ends. */
  write(text: string): void;
}

const usage =
  "usage: raicho lint [--json] [PATH…]\n  PATH: a pack, or a directory of packs; only its problems are printed\n";

/** Exit code: 0, 1 when there is an error, 2 when the arguments are wrong. */
export async function lint(argv: readonly string[], environment: LintEnvironment): Promise<number> {
  const { workingDirectory } = environment;
  const write = (text: string): void => environment.write(text);
  const options = argv.filter((argument) => argument.startsWith("-"));
  const wrong = options.find((option) => option !== "--json" && option !== "--help");
  if (wrong !== undefined || options.includes("--help")) {
    write(wrong === undefined ? usage : `unknown option ${wrong}\n${usage}`);
    return wrong === undefined ? 0 : 2;
  }
  const paths = argv
    .filter((argument) => !argument.startsWith("-"))
    .map((path) => resolve(workingDirectory, path));
  const problems = await findProblems(paths, environment);
  write(options.includes("--json") ? asJson(problems) : asText(problems, workingDirectory));
  return problems.some((problem) => problem.severity === "error") ? 1 : 0;
}

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

function asJson(problems: readonly Problem[]): string {
  return `${JSON.stringify({ problems, ...count(problems) }, undefined, 2)}\n`;
}

function count(problems: readonly Problem[]): { errors: number; warnings: number } {
  const of = (severity: Problem["severity"]): number =>
    problems.filter((problem) => problem.severity === severity).length;
  return { errors: of("error"), warnings: of("warning") };
}

function asText(problems: readonly Problem[], workingDirectory: string): string {
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
