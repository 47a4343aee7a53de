/** Files of workflows, whatever action they belong to. */
import { createHash } from "node:crypto";

import type { WorkflowSource } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import {
  inspectWorkflow as inspectDocument,
  type Inspection,
  type InspectionError,
  type Spot,
} from "../workflows/inspect.ts";
import { compileWorkflow } from "../workflows/spec.ts";
import { hasExpression } from "./check-values.ts";
import { nearest } from "./problems.ts";
import type { Problem, SourceFile } from "./problems.ts";
import { objectOf, positionOf, readSource, textOf } from "./reading.ts";
import type { PackReading, Reading } from "./reading.ts";
import { show } from "./shape.ts";
import type { Path, Place, YamlFile } from "./yaml.ts";

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
  const { errors: faults } = compileWorkflow(document);
  for (const { path, message } of faults) problems.error(source, path, message);
  const { syntax, semantics, expressions, context } = inspectFile(source.yaml);
  const known = knownPlaces(source.yaml, faults);
  for (const error of [...syntax, ...semantics]) {
    const told = faults.some(({ message }) => message.startsWith(error.message));
    if (!told && !known.has(error.line ?? 1)) problems.add(toProblem(error, source));
  }
  // A variable that is missing on several ways through the workflow is listed once for each.
  const missing = new Map(
    context.map((error) => [`${error.line}:${error.column} ${error.message}`, error]),
  );
  for (const error of [...expressions, ...missing.values()]) problems.add(toProblem(error, source));
  const tasks = isObject(document) ? objectOf(document, "tasks") : {};
  later.push(() => {
    for (const [name, task] of Object.entries(tasks)) {
      const ref = isObject(task) ? actionOf(task) : undefined;
      if (ref !== undefined && !draft.actions.has(ref))
        problems.reference(source, ["tasks", name, "action"], `there is no action "${ref}"`, {
          suggestion: nearest(ref, draft.actions.keys()),
        });
    }
  });
}

/** What every workflow may read: `parent` is there when another workflow called it. */
const givenNames = ["st2", "parent"];

/** Orquesta's inspection of a file that was read, each error with its place. */
export function inspectFile(yaml: YamlFile): Inspection {
  return inspectDocument(yaml.value, {
    context: givenNames,
    place: (spot) => placeOf(yaml, spot),
  });
}

function placeOf(yaml: YamlFile, { path, part, offset }: Spot): Place {
  return offset === undefined ? yaml.place(path, part) : yaml.placeInText(path, offset);
}

/** The lines of faults that were reported in words of ours: what inspection finds there is the same mistake. */
function knownPlaces(yaml: YamlFile, faults: readonly { readonly path: Path }[]): Set<number> {
  return new Set(
    faults.flatMap(({ path }) => [yaml.place(path, "key").line, yaml.place(path).line]),
  );
}

function toProblem(error: InspectionError, { file }: SourceFile): Problem {
  const { message, expression, line = 1, column = 1 } = error;
  const text = expression === undefined ? message : `${message} in ${expression}`;
  return { severity: "error", file, line, column, message: text };
}

/** The action a task calls, when it is written down and not computed; parameters may follow it on the same line. */
function actionOf(task: JsonObject): string | undefined {
  const [ref = ""] = textOf(task, "action").trim().split(/\s/);
  return ref === "" || hasExpression(ref) || ref.includes("<%") ? undefined : ref;
}
