/** Executions as StackStorm's API shows them. */
import { isDeepStrictEqual } from "node:util";
import type { ActionDefinition, Content, ParameterSchemas } from "../model/definitions.ts";
import { isFinished, isWorkflow } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Runner } from "../runners/runner.ts";
import type { StoredExecution } from "../store/executions.ts";
import { actionView } from "./action-view.ts";
import { liveActionId } from "../model/ids.ts";
import { traceOf } from "../model/trace.ts";
import { isoTime } from "./ids.ts";
import { maskedIn, maskedOutput } from "../model/secrets.ts";
import { runnerView } from "./runner-view.ts";

interface LogEntry extends JsonObject {
  readonly status: string;
  readonly timestamp: string;
}

/** The statuses it went through, as far as its row tells. */
function logOf({ created_at, started_at, ended_at, status, context }: StoredExecution): LogEntry[] {
  const steps: LogEntry[] = [];
  const add = (at: Date, ...names: readonly string[]): void => {
    for (const name of names)
      if (steps.at(-1)?.status !== name) steps.push({ status: name, timestamp: isoTime(at) });
  };
  add(created_at, "requested");
  if (started_at !== null) add(started_at, "scheduled", "running");
  const last = ended_at ?? started_at ?? created_at;
  if (typeof context["resumed_by"] === "string")
    add(last, "pausing", "paused", "resuming", "running");
  else if (typeof context["paused_by"] === "string") add(last, "pausing", "paused");
  if (typeof context["cancelled_by"] === "string") add(last, "canceling");
  if (isFinished(status) || (status !== "running" && status !== "requested")) add(last, status);
  return steps;
}

export interface ViewOptions {
  readonly content: Content;
  readonly runners: ReadonlyMap<string, Runner>;
  readonly showSecrets: boolean;
  /** Where people look at it in a browser, e.g. `http://127.0.0.1:9101`. */
  readonly webUrl: string;
  readonly children?: readonly string[] | undefined;
  /** Rule, trigger and trigger instance, shown already. */
  readonly cause?: JsonObject;
  /** Bytes; a longer result is left out. */
  readonly longestResult?: number | undefined;
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
    : actionView(content, action);
}

function times({ created_at, ended_at }: StoredExecution): JsonObject {
  const begun = { start_timestamp: isoTime(created_at) };
  if (ended_at === null) return begun;
  return {
    ...begun,
    end_timestamp: isoTime(ended_at),
    // The clock counts milliseconds, and nothing takes no time.
    elapsed_seconds: Math.max(1, ended_at.getTime() - created_at.getTime()) / 1_000,
  };
}

/** What an action's output schema, or an inquiry's question, calls secret does not leave. */
function safeResult(
  result: unknown,
  action: ActionDefinition | undefined,
  runner: Runner | undefined,
): unknown {
  if (!isObject(result)) return result;
  const [key, schema]: readonly [string | undefined, unknown] =
    runner?.name === "inquirer"
      ? ["response", result["schema"]]
      : [runner?.outputKey, action?.outputSchema];
  if (!isObject(schema)) return result;
  if (key === undefined) return maskedOutput(schema, result);
  return key in result ? { ...result, [key]: maskedOutput(schema, result[key]) } : result;
}

/** A workflow that rests has an output, if an empty one. */
const pauses: ReadonlySet<string> = new Set(["paused", "resuming"]);

function resultPart(
  result: unknown,
  shown: unknown,
  { status, started_at }: StoredExecution,
  longest: number | undefined,
): JsonObject {
  if (result === null || result === undefined) return {};
  const size = Buffer.byteLength(JSON.stringify(result));
  if (longest !== undefined && size > longest) return { result_size: size };
  // Canceled before it ran, it is measured by nobody.
  const unmeasured = status === "canceling" || (status === "canceled" && started_at === null);
  return unmeasured ? { result: shown } : { result: shown, result_size: size };
}

/** `host.pid.random`, the name of a process. */
function runnerInfo({ owner }: StoredExecution): JsonObject {
  const [, hostname, pid] = /^(.*)\.(\d+)\.[0-9a-f]+$/.exec(owner ?? "") ?? [];
  return hostname === undefined ? {} : { hostname, pid: Number(pid) };
}

/** Which workflow and task it belongs to, as StackStorm repeats it outside the context. */
function workflowPart({ context }: StoredExecution): JsonObject {
  const { orquesta } = context;
  if (!isObject(orquesta)) return {};
  return {
    workflow_execution: orquesta["workflow_execution_id"],
    task_execution: orquesta["task_execution_id"],
  };
}

/** Its own notification; what a chain keeps quiet has none. */
function notifyPart({ context: { notify } }: StoredExecution): JsonObject {
  return isObject(notify) && Object.keys(notify).length > 0 ? { notify } : {};
}

function delayOf({ run_at, created_at }: StoredExecution): number {
  // What waits for a policy has no time yet.
  return run_at === null || run_at.getFullYear() > 9_000
    ? 0
    : Math.max(0, run_at.getTime() - created_at.getTime());
}

/** What a rule starts names its trace, which follows from the trigger instance. */
function withTrace(id: string, context: JsonObject): JsonObject {
  if (!isObject(context["trigger_instance"])) return context;
  const { id: id_, tag: trace_tag } = traceOf({ id, context });
  return { ...context, trace_context: { id_, trace_tag } };
}

/** An inspection names kinds of its own for what it finds; what fails while a workflow runs is an `error`. */
function failedInspection({ status, result }: StoredExecution): boolean {
  const errors = isObject(result) ? result["errors"] : undefined;
  const [first]: readonly unknown[] = Array.isArray(errors) ? errors : [];
  return status === "failed" && isObject(first) && first["type"] !== "error";
}

function contextPart(execution: StoredExecution): JsonObject {
  const { id, runner, started_at, context: all } = execution;
  const { notify: _, ...kept } = all;
  const context = withTrace(id, kept);
  return runner === "orquesta" && started_at !== null && !failedInspection(execution)
    ? { workflow_execution: id, ...context }
    : context;
}

/** What was given: the row holds everything, with defaults and what nobody may give. */
export function givenOnly(
  parameters: JsonObject,
  runner: ParameterSchemas,
  action: ParameterSchemas,
): JsonObject {
  const kept = Object.entries(parameters).filter(([name, value]) => {
    const { immutable, default: fallback = null } = { ...runner[name], ...action[name] };
    return immutable !== true && !isDeepStrictEqual(fallback, value);
  });
  return kept.length === Object.keys(parameters).length ? parameters : Object.fromEntries(kept);
}

/** Falsy attributes are left out, as StackStorm does. */
export function executionView(execution: StoredExecution, options: ViewOptions): JsonObject {
  const { content, runners, showSecrets, webUrl, children, cause, longestResult } = options;
  const { id, status, action: ref, runner: runnerName, parent } = execution;
  const runner = runners.get(runnerName);
  const action = content.actions.get(ref);
  const own = action?.parameters ?? {};
  const given = givenOnly(execution.parameters, runner?.parameters ?? {}, own);
  const parameters = showSecrets ? given : maskedIn({ ...runner?.parameters, ...own }, given);
  const stored =
    execution.result ??
    (runnerName === "orquesta" && pauses.has(status) ? { output: null } : execution.result);
  const result = showSecrets ? stored : safeResult(execution.shown ?? stored, action, runner);
  const all: JsonObject = {
    id,
    status,
    action: actionPart(content, ref),
    runner: runnerView(runnerName, runner),
    liveaction: {
      id: liveActionId(id),
      action: ref,
      action_is_workflow: isWorkflow(runnerName),
      parameters,
      callback: {},
      runner_info: runnerInfo(execution),
      ...notifyPart(execution),
    },
    parameters,
    context: contextPart(execution),
    parent,
    children,
    ...times(execution),
    delay: delayOf(execution),
    log: logOf(execution),
    web_url: `${webUrl}/#/history/${id}/general`,
    ...workflowPart(execution),
    ...cause,
    ...resultPart(stored, result, execution, longestResult),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => truthy(value)));
}

/** Names that `include_attributes` and `exclude_attributes` may say. */
export const executionAttributes: ReadonlySet<string> = new Set([
  "id",
  "status",
  "action",
  "runner",
  "liveaction",
  "parameters",
  "context",
  "parent",
  "children",
  "start_timestamp",
  "end_timestamp",
  "elapsed_seconds",
  "delay",
  "log",
  "web_url",
  "workflow_execution",
  "task_execution",
  "rule",
  "trigger",
  "trigger_type",
  "trigger_instance",
  "result",
  "result_size",
]);

/** Masking needs them: clients may not leave them out, and they come along with their neighbours. */
export const executionMandatory: ReadonlySet<string> = new Set(["action", "runner", "parameters"]);
export const executionBeside: Readonly<Record<string, readonly string[]>> = {
  action: ["parameters", "output_schema", "pack", "uid"],
  runner: ["runner_parameters"],
};
