/** Executions as StackStorm's API shows them. */
import type { ActionDefinition, Content, ParameterSchemas } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Runner } from "../runners/runner.ts";
import type { StoredExecution } from "../store/executions.ts";

const mask = "********";

/** Microseconds as StackStorm writes them. */
export function isoTime(at: Date): string {
  return at.toISOString().replace("Z", "000Z");
}

function masked(parameters: JsonObject, schemas: ParameterSchemas): JsonObject {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      schemas[name]?.secret === true ? mask : value,
    ]),
  );
}

export function actionView(action: ActionDefinition): JsonObject {
  const {
    pack,
    name,
    ref,
    description,
    enabled,
    runner,
    entryPoint,
    parameters,
    outputSchema,
    notify,
    tags,
  } = action;
  return {
    id: idFor(ref),
    uid: `action:${pack}:${name}`,
    ref,
    pack,
    name,
    description,
    enabled,
    runner_type: runner,
    entry_point: entryPoint,
    parameters,
    output_schema: outputSchema,
    notify,
    tags,
    metadata_file: `actions/${name}.yaml`,
  };
}

/** A stable 24-digit id for what is defined in files. */
export function idFor(text: string): string {
  let high = 0x811c_9dc5;
  let low = 0x01_00_01_93;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    high = Math.imul(high ^ code, 0x0100_0193) >>> 0;
    low = Math.imul(low ^ (code + high), 0x85eb_ca6b) >>> 0;
  }
  return [high, low, Math.imul(high ^ low, 0xc2b2_ae35) >>> 0]
    .map((part) => part.toString(16).padStart(8, "0"))
    .join("");
}

function logOf({
  created_at,
  started_at,
  ended_at,
  status,
}: StoredExecution): readonly JsonObject[] {
  const steps: JsonObject[] = [{ status: "requested", timestamp: isoTime(created_at) }];
  if (started_at !== null)
    steps.push(
      { status: "scheduled", timestamp: isoTime(started_at) },
      { status: "running", timestamp: isoTime(started_at) },
    );
  if (ended_at !== null) steps.push({ status, timestamp: isoTime(ended_at) });
  else if (status !== "requested" && status !== "running")
    steps.push({ status, timestamp: isoTime(started_at ?? created_at) });
  return steps;
}

export interface ViewOptions {
  readonly content: Content;
  readonly runners: ReadonlyMap<string, Runner>;
  readonly showSecrets: boolean;
  readonly withResult: boolean;
}

function truthy(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === 0 || value === false)
    return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isObject(value) || Object.keys(value).length > 0;
}

function actionPart(content: Content, ref: string): JsonObject {
  const action = content.actions.get(ref);
  const [pack] = ref.split(".");
  return action === undefined
    ? { ref, name: ref.slice(ref.indexOf(".") + 1), pack }
    : actionView(action);
}

function runnerPart(name: string, runner: Runner | undefined): JsonObject {
  return {
    name,
    description: runner?.description,
    runner_parameters: runner?.parameters,
    output_key: runner?.outputKey,
    uid: `runner_type:${name}`,
    enabled: true,
  };
}

function times({ created_at, started_at, ended_at }: StoredExecution): JsonObject {
  const start = started_at ?? created_at;
  const begun = { start_timestamp: isoTime(start) };
  if (ended_at === null) return begun;
  return {
    ...begun,
    end_timestamp: isoTime(ended_at),
    elapsed_seconds: (ended_at.getTime() - start.getTime()) / 1_000,
  };
}

function resultPart({ result }: StoredExecution): JsonObject {
  if (result === null || result === undefined) return { result };
  return { result, result_size: JSON.stringify(result).length };
}

/** Falsy attributes are left out, as StackStorm does. */
export function executionView(
  execution: StoredExecution,
  { content, runners, showSecrets, withResult }: ViewOptions,
): JsonObject {
  const { id, status, action: ref, runner: runnerName, parent, context } = execution;
  const runner = runners.get(runnerName);
  const schemas = { ...runner?.parameters, ...content.actions.get(ref)?.parameters };
  const parameters = showSecrets ? execution.parameters : masked(execution.parameters, schemas);
  const all: JsonObject = {
    id,
    status,
    action: actionPart(content, ref),
    runner: runnerPart(runnerName, runner),
    liveaction: {
      id: idFor(id),
      action: ref,
      action_is_workflow: runnerName === "orquesta",
      parameters,
      callback: {},
      runner_info: execution.owner === null ? {} : { hostname: execution.owner },
    },
    parameters,
    context,
    parent,
    ...times(execution),
    log: logOf(execution),
    web_url: `/#/history/${id}/general`,
    rule: isObject(context["rule"]) ? context["rule"] : undefined,
    trigger_instance: isObject(context["trigger_instance"])
      ? context["trigger_instance"]
      : undefined,
    ...(withResult ? resultPart(execution) : {}),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => truthy(value)));
}
