/** Workflows: the site's own, which are actions without a second file, and what inspection says about any of them. */
import { basename, extname } from "node:path";

import type { ParameterSchema, ParameterSchemas, WorkflowSource } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { readWorkflow } from "./actions.ts";
import { nearest } from "./problems.ts";
import type { SourceFile } from "./problems.ts";
import { put, textOf } from "./reading.ts";
import type { PackReading, Reading } from "./reading.ts";
import { hasExpression } from "./check-values.ts";

/** A file of the site's `workflows/`: the action `default.<file name>`, its `input` and `description` being the metadata. */
export async function readSiteWorkflow(file: string, reading: PackReading): Promise<void> {
  const name = basename(file, extname(file));
  const { problems } = reading;
  if (!/^[\w.-]+$/.test(name)) {
    problems.atFile("error", file, `"${name}" cannot be the name of an action`, {
      expected: "a file name of letters, digits, _, - and .",
    });
    return;
  }
  const ref = `${reading.pack}.${name}`;
  const workflow = await readWorkflow(file, ref, reading);
  if (workflow === undefined) return;
  const { document } = workflow.definition;
  if (!isObject(document)) return;
  const before = problems.errors;
  const parameters = readInput(workflow.source, document, reading);
  if (problems.errors > before) return;
  put(
    reading.draft.actions,
    ref,
    {
      ref,
      pack: reading.pack,
      name,
      description: textOf(document, "description"),
      enabled: reading.overrides.enabled("actions", name, true),
      runner: "orquesta",
      entryPoint: file,
      entryPath: file,
      parameters,
      outputSchema: {},
      notify: {},
      tags: [],
      onWorkerLost: undefined,
      source: workflow.definition.source,
    },
    reading,
  );
  reading.draft.workflows.set(ref, workflow.definition);
  inspectWorkflow(workflow.source, workflow.definition, parameters, reading);
}

/** `input: [host, {ttl: 60}]` → host is required, ttl has a default. */
function readInput(
  source: SourceFile,
  document: JsonObject,
  { problems }: PackReading,
): ParameterSchemas {
  const parameters: Record<string, ParameterSchema> = {};
  const input = document["input"] ?? [];
  const items: readonly unknown[] = Array.isArray(input) ? input : [];
  if (!Array.isArray(input))
    problems.error(source, ["input"], "input must be a list", {
      expected: "- name, or - name: default",
    });
  for (const [index, item] of items.entries()) {
    const entries: [string, ParameterSchema][] = isObject(item)
      ? Object.entries(item).map(([key, value]) => [key, { default: value }])
      : typeof item === "string"
        ? [[item, { required: true }]]
        : [];
    if (entries.length !== 1)
      problems.error(source, ["input", index], "an input is a name, or one name with its default", {
        expected: "- name, or - name: default",
      });
    for (const [key, schema] of entries) {
      if (/^\w+$/.test(key)) parameters[key] = schema;
      else
        problems.error(source, ["input", index], `"${key}" is not a valid name of an input`, {
          expected: "letters, digits and _",
        });
    }
  }
  return parameters;
}

/** Looks, once everything is read, whether the actions that a workflow calls exist. */
export function inspectWorkflow(
  source: SourceFile,
  workflow: WorkflowSource,
  _parameters: ParameterSchemas,
  { problems, draft, later }: Reading,
): void {
  const { document } = workflow;
  const tasks = isObject(document) && isObject(document["tasks"]) ? document["tasks"] : {};
  later.push(() => {
    for (const [name, task] of Object.entries(tasks)) {
      const written = isObject(task) ? task["action"] : undefined;
      if (typeof written !== "string" || hasExpression(written) || written.includes("<%")) continue;
      const [ref = ""] = written.trim().split(/\s/);
      if (ref !== "" && !draft.actions.has(ref))
        problems.error(source, ["tasks", name, "action"], `there is no action "${ref}"`, {
          suggestion: nearest(ref, draft.actions.keys()),
        });
    }
  });
}
