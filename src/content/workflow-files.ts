/** Files of workflows, whatever action they belong to. */
import { createHash } from "node:crypto";

import type { WorkflowSource } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { checkTemplate } from "../expressions/template.ts";
import { compileWorkflow } from "../workflows/spec.ts";
import { hasExpression } from "./check-values.ts";
import { nearest } from "./problems.ts";
import type { SourceFile } from "./problems.ts";
import { objectOf, positionOf, readSource, textOf } from "./reading.ts";
import type { PackReading, Reading } from "./reading.ts";
import { show } from "./shape.ts";
import { ifReady } from "./templates.ts";

/** Reads a workflow's file with Python's numbers: 1 and 1.0 are not the same inside an expression. */
export async function readWorkflow(
  file: string,
  action: string,
  reading: PackReading,
): Promise<{ source: SourceFile; definition: WorkflowSource } | undefined> {
  const source = await readSource(file, reading.pack, reading.problems, "python");
  if (source === undefined) return undefined;
  const document = source.yaml.value;
  if (!isObject(document)) {
    reading.problems.error(source, [], `a workflow must be a mapping, not ${show(document)}`);
    return undefined;
  }
  const { text } = source.yaml;
  const hash = createHash("sha256").update(text).digest("hex");
  return { source, definition: { action, text, document, hash, source: positionOf(source) } };
}

/** Reports what is wrong with a workflow. The action stays: its executions then fail and say the same. */
export function inspectWorkflow(source: SourceFile, { problems, draft, later }: Reading): void {
  const document = source.yaml.value;
  for (const { path, message } of ifReady(() => compileWorkflow(document).errors, []))
    problems.error(source, path, message);
  for (const section of ["input", "vars", "tasks", "output"])
    for (const { path, offset, message, expression } of ifReady(
      () => checkTemplate(isObject(document) ? document[section] : undefined),
      [],
    ))
      problems.errorInText(
        source,
        { path: [section, ...path], offset },
        `${message} in ${expression}`,
      );
  const tasks = isObject(document) ? objectOf(document, "tasks") : {};
  later.push(() => {
    for (const [name, task] of Object.entries(tasks)) {
      const ref = isObject(task) ? actionOf(task) : undefined;
      if (ref !== undefined && !draft.actions.has(ref))
        problems.error(source, ["tasks", name, "action"], `there is no action "${ref}"`, {
          suggestion: nearest(ref, draft.actions.keys()),
        });
    }
  });
}

/** The action a task calls, when it is written down and not computed; parameters may follow it on the same line. */
function actionOf(task: JsonObject): string | undefined {
  const [ref = ""] = textOf(task, "action").trim().split(/\s/);
  return ref === "" || hasExpression(ref) || ref.includes("<%") ? undefined : ref;
}
