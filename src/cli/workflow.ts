/** `raicho workflow inspect FILE` and `raicho workflow rehearse SPEC…`: what a workflow would do, without a server. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { renderProblem } from "../content/code-frame.ts";
import type { Problem } from "../content/problems.ts";
import { inspectFile } from "../content/workflow-files.ts";
import { parseYaml, type YamlFile } from "../content/yaml.ts";
import { isObject } from "../model/json.ts";
import { listInspection, type ListedError } from "../workflows/inspect-list.ts";
import { readRehearsal } from "../workflows/rehearsal-format.ts";
import type { RehearsalReport } from "../workflows/rehearsal-stage.ts";
import { rehearse } from "../workflows/rehearse.ts";

export interface WorkflowEnvironment {
  /** Paths are relative to it. */
  readonly workingDirectory: string;
  /** Receives text with its line ends. */
  write(text: string): void;
}

const usage = `usage: raicho workflow inspect FILE [--json]
       raicho workflow rehearse SPEC… [--json]
  FILE: a workflow definition; what is wrong with it is printed, with its place
  SPEC: a rehearsal: a workflow, what its actions answer, and what is expected of it
`;

/** Exit code: 0, 1 when something is wrong, 2 when the arguments are. */
export async function workflow(
  argv: readonly string[],
  environment: WorkflowEnvironment,
): Promise<number> {
  const write = (text: string): void => environment.write(text);
  const [verb, ...rest] = argv.filter((argument) => !argument.startsWith("-"));
  const options = argv.filter((argument) => argument.startsWith("-"));
  if (options.includes("--help")) {
    write(usage);
    return 0;
  }
  const wrong = options.find((option) => option !== "--json");
  const files = rest.map((file) => ({
    name: file,
    path: resolve(environment.workingDirectory, file),
  }));
  const json = options.includes("--json");
  const [file, ...others] = files;
  if (wrong !== undefined) write(`unknown option ${wrong}\n${usage}`);
  else if (verb === "inspect" && file !== undefined && others.length === 0) {
    return inspect(file, json, write);
  } else if (verb === "rehearse" && file !== undefined) {
    return await rehearseAll(files, json, write);
  } else write(usage);
  return 2;
}

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
