/** `raicho workflow inspect FILE` and `raicho workflow rehearse SPEC…`: what a workflow would do, without a server. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { chainProblems, isChainFile } from "../content/action-chain-files.ts";
import { renderProblem } from "../content/code-frame.ts";
import type { Problem } from "../content/problems.ts";
import { inspectFile } from "../content/workflow-files.ts";
import { parseYaml, type YamlFile } from "../content/yaml.ts";
import { isObject } from "../model/json.ts";
import { listInspection, type ListedError } from "../workflows/inspect-list.ts";
import { readRehearsal } from "../workflows/rehearsal-format.ts";
import type { RehearsalReport } from "../workflows/rehearsal-stage.ts";
import { rehearse } from "../workflows/rehearse.ts";
import type { CommandSetup } from "./cli.ts";

export const setUpWorkflow: CommandSetup = (command, cli) => {
  const write = (text: string): void => cli.terminal.write(text);
  const named = (file: string): NamedFile => ({
    name: file,
    path: resolve(cli.workingDirectory, file),
  });
  const json = (): boolean => command.optsWithGlobals()["json"] === true;
  command
    .command("inspect <file>")
    .description("Tell what is wrong with a workflow definition, with line and column.")
    .addHelpText("after", "\nExamples:\n  raicho workflow inspect workflows/alert_to_ticket.yaml")
    .action((file: string) => cli.end(inspect(named(file), json(), write)));
  command
    .command("rehearse <specs...>")
    .description(
      "Play workflows without a server: a rehearsal names a workflow, what its actions answer, and what is expected of it.",
    )
    .addHelpText("after", "\nExamples:\n  raicho workflow rehearse tests/rehearsals/*.yaml")
    .action(async (specs: readonly string[]) =>
      cli.end(await rehearseAll(specs.map(named), json(), write)),
    );
};

interface NamedFile {
  readonly name: string;
  readonly path: string;
}
type Write = (text: string) => void;

function inspect({ name, path }: NamedFile, json: boolean, write: Write): number {
  const read = readYaml(path);
  if ("fault" in read) {
    write(`${name}: ${read.fault}\n`);
    return 1;
  }
  const { yaml } = read;
  if (isChainFile(yaml.value)) return inspectChain({ name, path }, { yaml, json, write });
  const unreadable = yaml.faults.some(({ severity }) => severity === "error");
  const errors = unreadable ? [] : listInspection(inspectFile(yaml));
  const failed = unreadable || errors.length > 0;
  if (json) write(`${JSON.stringify({ file: name, faults: yaml.faults, errors }, undefined, 2)}\n`);
  else {
    const faults = yaml.faults.map((fault) => ({ ...fault, file: path }));
    const problems = [...faults, ...errors.map((error) => toProblem(error, path))];
    // A fault on several ways through the workflow is listed once for each.
    const shown = new Set(problems.map((problem) => renderProblem(problem, name, yaml.text)));
    const summary = shown.size > 0 ? many(shown.size, "problem") : "no problems";
    write(`${[...shown, summary].join("\n\n")}\n`);
  }
  return failed ? 1 : 0;
}

function inspectChain(
  { name, path }: NamedFile,
  { yaml, json, write }: { yaml: YamlFile; json: boolean; write: Write },
): number {
  const problems = chainProblems(path, yaml);
  if (json) {
    const errors = problems.map((problem) => ({ ...problem, file: name }));
    write(`${JSON.stringify({ file: name, faults: yaml.faults, errors }, undefined, 2)}\n`);
  } else {
    const faults = yaml.faults.map((fault) => ({ ...fault, file: path }));
    const shown = [...faults, ...problems].map((each) => renderProblem(each, name, yaml.text));
    const summary = shown.length > 0 ? many(shown.length, "problem") : "no problems";
    write(`${[...shown, summary].join("\n\n")}\n`);
  }
  return problems.some(({ severity }) => severity === "error") ? 1 : 0;
}

function toProblem(error: ListedError, file: string): Problem {
  const { type, message, expression, spec_path: where, line = 1, column = 1 } = error;
  const inside = expression === undefined ? "" : ` in ${expression}`;
  const text = `${type}: ${where === null ? "" : `${where}: `}${message}${inside}`;
  return { severity: "error", file, line, column, message: text };
}

function many(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function readYaml(path: string): { readonly yaml: YamlFile } | { readonly fault: string } {
  try {
    return { yaml: parseYaml(readFileSync(path, "utf8"), "python") };
  } catch (error) {
    return { fault: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function rehearseAll(
  files: readonly NamedFile[],
  json: boolean,
  write: Write,
): Promise<number> {
  let failed = 0;
  const reports: unknown[] = [];
  for (const { name, path } of files) {
    const report = await rehearseFile(path);
    const { passed, problems } = report;
    if (!passed) failed += 1;
    if (json) reports.push({ file: name, ...report });
    else
      write([`${passed ? "ok" : "FAILED"} ${name}`, ...problems, ""].join("\n  ").trimEnd() + "\n");
  }
  if (json) write(`${JSON.stringify({ rehearsals: reports }, undefined, 2)}\n`);
  else write(`${many(files.length, "rehearsal")}, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

type FileReport = Pick<RehearsalReport, "passed" | "problems"> & Partial<RehearsalReport>;

async function rehearseFile(path: string): Promise<FileReport> {
  const read = readYaml(path);
  if ("fault" in read) return { passed: false, problems: [read.fault] };
  const { value, faults } = read.yaml;
  if (value === undefined) return { passed: false, problems: places(faults) };
  const { rehearsal, errors } = readRehearsal(value);
  if (rehearsal === undefined) {
    const found = errors.map((error) => ({ ...error, ...read.yaml.place(error.path) }));
    return { passed: false, problems: places(found) };
  }
  const definition = definitionOf(isObject(value) ? value["workflow"] : undefined, path);
  if ("problems" in definition) return { passed: false, problems: definition.problems };
  return await rehearse(definition.document, rehearsal);
}

function places(
  faults: readonly { readonly line: number; readonly column: number; readonly message: string }[],
): string[] {
  return faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** `workflow` is a path, relative to the rehearsal, or the definition itself. */
function definitionOf(
  written: unknown,
  rehearsal: string,
): { readonly document: unknown } | { readonly problems: readonly string[] } {
  if (isObject(written)) return { document: written };
  if (typeof written !== "string") {
    return { problems: ["workflow: expected the path of a definition, or a definition."] };
  }
  const read = readYaml(resolve(dirname(rehearsal), written));
  if ("fault" in read) return { problems: [`${written} ${read.fault}`] };
  const { value, faults } = read.yaml;
  if (value === undefined) return { problems: places(faults).map((line) => `${written}:${line}`) };
  return { document: value };
}
