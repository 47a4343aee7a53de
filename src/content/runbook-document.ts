/** What is wrong inside a document: headings, front matter, commands, expressions. */
import { isObject } from "../model/json.ts";
import { judgeCommand, quotedTemplate, withoutTemplates } from "../runbooks/command.ts";
import type { CheckCommand, RunbookDocument, TodoAction } from "../runbooks/document.ts";
import type { DocumentFault } from "../runbooks/fault.ts";
import { templateFaults } from "../runbooks/template.ts";
import { nearest, type ProblemList } from "./problems.ts";
import { parseYaml } from "./yaml.ts";

export interface WrittenDocument {
  readonly path: string;
  /** Its whole text. */
  readonly written: string;
  readonly document: RunbookDocument;
  readonly faults: readonly DocumentFault[];
  /** Patterns of commands that may run. */
  readonly commands: readonly string[];
}

/** Adds every problem of a document. */
export function checkRunbook(given: WrittenDocument, problems: ProblemList): void {
  const { path, faults, document, written } = given;
  for (const { wrong, names = [], expected, ...fault } of faults) {
    const suggestion = wrong === undefined ? undefined : nearest(wrong, names);
    problems.add({
      ...fault,
      file: path,
      ...(expected === undefined ? {} : { expected }),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  for (const check of document.checks) checkCommand(check, given, problems);
  for (const { action } of document.todo)
    if (action !== undefined) checkAction(action, given, problems);
  checkOrder(given, problems);
  const lines = written.split("\n");
  for (const [index, line] of lines.entries())
    for (const { message, offset } of templateFaults(line))
      problems.add({
        severity: "error",
        file: path,
        line: index + 1,
        column: offset + 1,
        message,
        expected: "<$ JSONata $>, such as <$ fields.fqdn $>",
      });
}

function checkCommand(
  { command, line, column }: CheckCommand,
  { path, commands }: WrittenDocument,
  problems: ProblemList,
): void {
  const at = (offset: number, message: string, more = {}): void =>
    problems.add({
      severity: "error",
      file: path,
      line,
      column: column + offset,
      message,
      ...more,
    });
  const inQuotes = quotedTemplate(command);
  if (inQuotes !== undefined)
    at(inQuotes, "an expression inside quotes cannot be made safe", {
      expected: "the expression alone: its value is quoted for the shell",
    });
  const fault = judgeCommand(withoutTemplates(command), commands);
  if (fault === undefined) return;
  const { program } = fault;
  const known = new Set(commands.map((pattern) => pattern.split(" ")[0] ?? ""));
  const suggestion = program === undefined ? undefined : nearest(program, known);
  at(fault.offset, fault.message.en, {
    expected:
      "a command that only looks; more of them under checks.allow of the pack's configuration",
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}

function checkAction(
  { input, inputLine, line, column }: TodoAction,
  { path }: WrittenDocument,
  problems: ProblemList,
): void {
  const yaml = parseYaml(input);
  for (const fault of yaml.faults)
    problems.add({ ...fault, line: fault.line + inputLine - 1, file: path });
  if (yaml.value === undefined || yaml.value === null || isObject(yaml.value)) return;
  const message = "parameters of an action are a mapping";
  problems.add({ severity: "error", file: path, line, column, message, expected: "name: value" });
}

/** `after=` names items that are there, and not in a circle. */
function checkOrder({ path, document }: WrittenDocument, problems: ProblemList): void {
  const before: string[] = [];
  const all = new Set(document.todo.flatMap(({ action }) => action?.name ?? []));
  for (const { action } of document.todo) {
    if (action === undefined) continue;
    const { line, column } = action;
    for (const name of action.after ?? []) {
      if (before.includes(name)) continue;
      const message = all.has(name)
        ? `"${name}" comes later: an item waits only for items above it`
        : `no item above is named "${name}"`;
      const suggestion = nearest(name, before);
      const help = suggestion === undefined ? {} : { suggestion };
      problems.add({ severity: "error", file: path, line, column, message, ...help });
    }
    if (action.name !== undefined) before.push(action.name);
  }
}
