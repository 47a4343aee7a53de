/** `actions/*.yaml`: metadata of actions, their parameters, entry points and workflow files. */
import type { ActionDefinition, ParameterSchema, ParameterSchemas } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { isPool } from "../model/pools.ts";
import { inspectActionChain } from "./action-chain-files.ts";
import { isParameterSchemas } from "./check-values.ts";
import { listNames, nearest, ProblemList } from "./problems.ts";
import type { SourceFile } from "./problems.ts";
import {
  findEntryPoint,
  flagOf,
  listOf,
  objectOf,
  positionOf,
  put,
  shaped,
  textOf,
} from "./reading.ts";
import type { PackReading } from "./reading.ts";
import { actionShape } from "./schemas/definitions.ts";
import { parameterShape } from "./schemas/parameters.ts";
import { checkShape, show } from "./shape.ts";
import { checkTemplates } from "./templates.ts";
import { inspectWorkflow, readWorkflow } from "./workflow-files.ts";
import type { Path } from "./yaml.ts";

/** Runners that run a file of the pack; without one they cannot work. */
export const runnersOfFiles: ReadonlySet<string> = new Set([
  "action-chain",
  "javascript",
  "local-shell-script",
  "orchestra",
  "orquesta",
  "python-script",
  "remote-shell-script",
  "run-local-script",
  "run-python",
  "run-remote-script",
  "typescript",
  "winrm-ps-script",
]);
/** Runners whose file is a workflow in YAML. */
const runnersOfWorkflows: ReadonlySet<string> = new Set(["action-chain", "orchestra", "orquesta"]);
const aliases: Readonly<Record<string, string>> = {
  "run-local": "local-shell-cmd",
  "run-local-script": "local-shell-script",
  "run-python": "python-script",
  "run-remote": "remote-shell-cmd",
  "run-remote-script": "remote-shell-script",
};

/** What an action may change of a parameter that its runner already has. */
export const overridable: ReadonlySet<string> = new Set([
  "default",
  "description",
  "enum",
  "immutable",
  "required",
]);

export async function readAction(source: SourceFile, reading: PackReading): Promise<void> {
  const { problems } = reading;
  const document = shaped(source, actionShape, reading);
  if (document === undefined) return;
  const before = problems.errors;
  const name = textOf(document, "name");
  const runner = findRunner(source, textOf(document, "runner_type"), reading);
  const parameters = readParameters(source, document["parameters"], runner, reading);
  const entryPath = await readEntryPoint(source, document, runner, reading);
  if (problems.errors > before) return;
  const ref = `${reading.pack}.${name}`;
  const workflow =
    entryPath !== "" && runnersOfWorkflows.has(runner)
      ? await readWorkflow(entryPath, ref, reading)
      : undefined;
  if (problems.errors > before) return;
  const lost = document["on_worker_lost"];
  const action: ActionDefinition = {
    ref,
    pack: reading.pack,
    name,
    description: textOf(document, "description"),
    enabled: reading.overrides.enabled("actions", name, flagOf(document, "enabled", true)),
    runner,
    entryPoint: textOf(document, "entry_point"),
    entryPath,
    parameters,
    outputSchema: objectOf(document, "output_schema"),
    checkedOutput: checkedOutput(source, document, reading),
    notify: objectOf(document, "notify"),
    tags: listOf(document, "tags"),
    onWorkerLost: lost === "rerun" || lost === "abandon" ? lost : undefined,
    pool: isPool(document["pool"]) ? document["pool"] : undefined,
    source: positionOf(source),
  };
  put(reading.draft.actions, ref, action, reading);
  reading.draft.workflows.delete(ref);
  if (workflow !== undefined) {
    reading.draft.workflows.set(ref, workflow.definition);
    if (runner === "action-chain") inspectActionChain(workflow.source, reading);
    else inspectWorkflow(workflow.source, reading);
  }
}

/** Its output schema, if it is one that StackStorm would check results by; it passes over what is malformed. */
function checkedOutput(
  source: SourceFile,
  document: JsonObject,
  { problems }: PackReading,
): JsonObject | undefined {
  const schema = objectOf(document, "output_schema");
  if (!("type" in schema)) return undefined;
  const path = ["output_schema"];
  const found = new ProblemList();
  if (checkShape(parameterShape, schema, { source, path }, found)) return schema;
  for (const problem of found.problems) problems.add({ ...problem, severity: "warning" });
  problems.warn(source, path, "results are not checked by this output_schema: it is malformed");
  return undefined;
}

/** The runner's own name: StackStorm's old spelling with `_` is taken for the one with `-`. */
function findRunner(source: SourceFile, written: string, reading: PackReading): string {
  const { runners } = reading;
  const dashed = written.replaceAll("_", "-");
  if (runners === undefined || runners.has(written)) return written;
  if (runners.has(dashed)) return dashed;
  reading.problems.error(source, ["runner_type"], `there is no runner "${written}"`, {
    expected: listNames([...runners.keys()].toSorted()),
    suggestion: suggestRunner(written, runners),
  });
  return written;
}

function suggestRunner(written: string, runners: ReadonlyMap<string, unknown>): string | undefined {
  const alias = aliases[written];
  return alias !== undefined && runners.has(alias) ? alias : nearest(written, runners.keys());
}

function readParameters(
  source: SourceFile,
  value: unknown,
  runner: string,
  reading: PackReading,
): ParameterSchemas {
  if (!isParameterSchemas(value)) return {};
  const own = reading.runners?.get(runner) ?? {};
  let sound = true;
  for (const [name, schema] of Object.entries(value)) {
    const path = ["parameters", name];
    if (checkShape(parameterShape, schema, { source, path }, reading.problems))
      checkParameter(source, { path, name, schema, runner: own[name] }, reading);
    else sound = false;
  }
  if (sound) checkPositions(source, value, reading);
  return value;
}

function checkParameter(
  source: SourceFile,
  parameter: {
    path: Path;
    name: string;
    schema: ParameterSchema;
    runner: ParameterSchema | undefined;
  },
  { problems }: PackReading,
): void {
  const { path, name, schema, runner } = parameter;
  if (runner?.immutable === true)
    problems.errorAtKey(
      source,
      path,
      `"${name}" is immutable in the runner and cannot be changed by an action`,
    );
  else if (
    schema.immutable === true &&
    schema.default === undefined &&
    runner?.default === undefined
  )
    problems.errorAtKey(source, path, `the immutable parameter "${name}" needs a default`, {
      expected: "default: …",
    });
  for (const [word, value] of Object.entries(schema)) {
    if (
      runner !== undefined &&
      !overridable.has(word) &&
      JSON.stringify(value) !== JSON.stringify(runner[word])
    )
      problems.warn(
        source,
        [...path, word],
        `"${word}" of the runner's parameter "${name}" cannot be changed by an action; ${show(runner[word])} counts`,
      );
  }
  checkTemplates(source, [...path, "default"], schema.default, problems);
}

/** Positions are the order of a script's arguments: each once, and none left out from the first one on, wherever that is. */
function checkPositions(
  source: SourceFile,
  parameters: ParameterSchemas,
  { problems }: PackReading,
): void {
  const owners = new Map<number, string>();
  for (const [name, { position }] of Object.entries(parameters)) {
    if (position === undefined) continue;
    const other = owners.get(position);
    if (other !== undefined)
      problems.error(
        source,
        ["parameters", name, "position"],
        `position ${position} belongs to "${other}" already`,
        {
          expected: "each position once",
        },
      );
    owners.set(position, name);
  }
  const sorted = [...owners.keys()].toSorted((left, right) => left - right);
  const [first = 0] = sorted;
  const missing = sorted.findIndex((position, index) => position !== first + index);
  const gap = sorted[missing];
  if (gap !== undefined)
    problems.error(
      source,
      ["parameters", owners.get(gap) ?? "", "position"],
      `the positions ${sorted.join(", ")} are not contiguous`,
      { expected: `position: ${first + missing}` },
    );
}

async function readEntryPoint(
  source: SourceFile,
  document: JsonObject,
  runner: string,
  reading: PackReading,
): Promise<string> {
  const written = textOf(document, "entry_point");
  const { problems } = reading;
  if (written === "") {
    if (runnersOfFiles.has(runner))
      problems.error(source, [], `the runner "${runner}" needs an entry_point`, {
        expected: "entry_point: a file relative to actions/",
      });
    return "";
  }
  const found = await findEntryPoint(reading, "actions", written);
  if (found.kind === "found") return found.path;
  // A runner that takes no file ignores what is written here.
  if (found.kind === "missing" && !runnersOfFiles.has(runner)) return "";
  const advice = { expected: `a file in ${reading.path}` };
  if (found.kind === "missing") {
    problems.reference(
      source,
      ["entry_point"],
      `the entry point ${found.path} does not exist`,
      advice,
    );
    return found.path;
  }
  problems.error(
    source,
    ["entry_point"],
    `the entry point ${written} lies outside of the pack`,
    advice,
  );
  return "";
}
