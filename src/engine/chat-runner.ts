/** The runner behind the actions of pack `chatops`: what commands mean, and what a chat is told about executions. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Ask } from "../expressions/context.ts";
import { Six } from "../expressions/jinja/six.ts";
import type { AliasDefinition } from "../model/definitions.ts";
import { AppError } from "../model/errors.ts";
import { isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import { maskedIn } from "../model/secrets.ts";
import { decide } from "../processes/ask.ts";
import type { RunCall, Runner } from "../runners/runner.ts";
import { findExecution, type StoredExecution } from "../store/executions.ts";
import { matchAlias } from "./aliases.ts";
import { renderLeniently, renderValues } from "./jinja-values.ts";
import type { Core } from "./core.ts";
import { whenBack } from "./in-ledger.ts";

/** When an alias says nothing about its result. */
const plainFormat = `{% if execution.status == "succeeded" %}Done: {{ execution.action.ref }}{% else %}{{ execution.action.ref }} ended {{ execution.status }}{% endif %} (id: {{ execution.id }})
{% if execution.result is defined and execution.result %}{{ execution.result | to_yaml_string }}{% endif %}`;

function text({ parameters }: RunCall, name: string): string {
  const value = parameters[name];
  return typeof value === "string" ? value : "";
}

/** What templates of aliases see of an execution. */
function executionOf(core: Core, row: StoredExecution): JsonObject {
  const { id, status, action, result, context, started_at: began, ended_at: ended } = row;
  const definition = core.definitions().content.actions.get(action);
  const schemas = { ...core.runners.get(row.runner)?.parameters, ...definition?.parameters };
  const [pack = "", ...name] = action.split(".");
  return {
    id,
    status,
    action: { ref: action, pack, name: name.join("."), description: definition?.description ?? "" },
    parameters: maskedIn(schemas, row.parameters),
    result: row.shown ?? result,
    context,
    ...(began === null ? {} : { start_timestamp: began.toISOString() }),
    ...(ended === null ? {} : { end_timestamp: ended.toISOString() }),
    ...(began === null || ended === null
      ? {}
      : { elapsed_seconds: (ended.getTime() - began.getTime()) / 1_000 }),
    web_url: `${core.webUrl}/#/history/${id}/general`,
  };
}

function aliasOf(core: Core, { context }: StoredExecution): AliasDefinition | undefined {
  const { action_alias_ref: named } = context;
  const name = isObject(named) ? named["name"] : undefined;
  return [...core.definitions().content.aliases.values()].find((alias) => alias.name === name);
}

async function formatResult(core: Core, call: RunCall): Promise<JsonObject> {
  const id = text(call, "execution_id");
  const row = await whenBack(() => findExecution(core.database.db, id), call.signal);
  if (row === undefined) throw new AppError("EXECUTION_NOT_FOUND", [id]);
  const alias = aliasOf(core, row);
  const result = isObject(alias?.["result"]) ? alias["result"] : {};
  if (result["enabled"] === false) return { enabled: false };
  const variables = { execution: executionOf(core, row), alias: alias ?? {}, six: new Six() };
  const answered = <Value>(render: (ask: Ask) => Value): Promise<Value> =>
    decide(render, (question) => whenBack(() => core.answer(question), call.signal));
  const { format = plainFormat, extra } = result;
  return {
    enabled: true,
    message: await answered((ask) => renderLeniently(String(format), { variables, ask })),
    ...(extra === undefined
      ? {}
      : { extra: await answered((ask) => renderValues(extra, { variables, ask })) }),
  };
}

function match(core: Core, call: RunCall): Promise<JsonObject> {
  const { alias, representation } = matchAlias(core, text(call, "text"));
  const { name, pack, action_ref } = alias;
  return Promise.resolve({ alias: { name, pack, action_ref }, representation });
}

/** Through the door, with the rights of whoever runs this. Rejects with LEDGER_DOWN when the door says that nothing was stored. */
async function post(call: RunCall, path: string, body: JsonObject): Promise<unknown> {
  const { ST2_ACTION_API_URL: api = "", ST2_ACTION_AUTH_TOKEN: token = "" } = call.environment;
  const answer = await fetch(`${api}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-auth-token": token },
    body: JSON.stringify(body),
    signal: call.signal,
  });
  const said: unknown = await answer.json();
  if (answer.ok) return said;
  if (answer.status === 503) throw new AppError("LEDGER_DOWN", ["the door answers 503"]);
  const fault = isObject(said) ? said["faultstring"] : undefined;
  throw new AppError("PARAMETERS_INVALID", [
    typeof fault === "string" ? fault : `the API answers ${answer.status}`,
  ]);
}

async function matchAndExecute(core: Core, call: RunCall): Promise<string> {
  const body = {
    command: text(call, "text"),
    source_channel: text(call, "source_channel"),
    user: text(call, "user"),
  };
  const path = "/aliasexecution/match_and_execute";
  const said = await whenBack(() => post(call, path, body), call.signal);
  const results: unknown = isObject(said) ? said["results"] : undefined;
  const first: unknown = Array.isArray(results) ? results[0] : undefined;
  const execution = isObject(first) ? first["execution"] : undefined;
  const id = isObject(execution) && typeof execution["id"] === "string" ? execution["id"] : "";
  for (;;) {
    const row = await whenBack(() => findExecution(core.database.db, id), call.signal);
    if (row === undefined || isFinished(row.status)) return id;
    await sleep(500, undefined, { signal: call.signal });
  }
}

const operations: Readonly<Record<string, (core: Core, call: RunCall) => Promise<unknown>>> = {
  format_execution_result: formatResult,
  match,
  match_and_execute: matchAndExecute,
};

/** Results have the shape of StackStorm's Python actions. */
async function perform(core: Core, call: RunCall): Promise<Outcome> {
  const operation = operations[text(call, "operation")];
  if (operation === undefined) throw new Error("there is no such operation");
  try {
    const result = await operation(core, call);
    return { status: "succeeded", result: { result, exit_code: 0, stdout: "", stderr: "" } };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (call.signal.aborted) return { status: "canceled", result: { error: message } };
    call.emit("stderr", `${message}\n`);
    const result = { error: message, result: "None", exit_code: 1, stdout: "", stderr: message };
    return { status: "failed", result };
  }
}

export function chatRunner(core: () => Core): Runner {
  return {
    name: "chatops",
    aliases: [],
    description: "Understands chat commands and tells chats about executions.",
    parameters: {
      operation: {
        type: "string",
        description: "What to do.",
        enum: Object.keys(operations),
        required: true,
      },
    },
    outputKey: undefined,
    onWorkerLost: "abandon",
    run: (call) => perform(core(), call),
  };
}
