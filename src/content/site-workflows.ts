/** The site's own workflows, which are actions without a second file. */
import { basename, extname } from "node:path";

import type { ParameterSchema, ParameterSchemas } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { inspectWorkflow, readWorkflow } from "./workflow-files.ts";
import { put, textOf } from "./reading.ts";
import type { PackReading } from "./reading.ts";

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
      parameters: readInput(document),
      outputSchema: {},
      checkedOutput: undefined,
      notify: {},
      tags: [],
      onWorkerLost: undefined,
      source: workflow.definition.source,
    },
    reading,
  );
  reading.draft.workflows.set(ref, workflow.definition);
  inspectWorkflow(workflow.source, reading);
}

/** `input: [host, {ttl: 60}]` → host is required, ttl has a default. What is no input, inspection reports. */
function readInput(document: JsonObject): ParameterSchemas {
  const input: unknown = document["input"];
  const items: readonly unknown[] = Array.isArray(input) ? input : [];
  return Object.fromEntries(
    items.flatMap((item): [string, ParameterSchema][] => {
      if (typeof item === "string") return [[item, { required: true }]];
      return isObject(item)
        ? Object.entries(item).map(([name, value]) => [name, { default: value }])
        : [];
    }),
  );
}
