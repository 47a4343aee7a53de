/** `/executions`: run, run again, cancel, pause, resume. */
import type { Request, Response } from "express";
import type { User } from "../engine/auth.ts";
import { cancel, request as requestExecution } from "../engine/request.ts";
import { rerunTasks } from "../engine/rerun.ts";
import { AppError } from "../model/errors.ts";
import { isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { StoredExecution } from "../store/executions.ts";
import { bodyOf, objectIn, pythonText, textIn, textsIn } from "./bodies.ts";
import { parseJson } from "./json-bodies.ts";
import type { Door } from "./door.ts";
import { begunBefore, idempotent } from "./idempotency.ts";
import { changeExecution } from "./execution-steps.ts";
import { givenOnly } from "./execution-view.ts";
import { existing } from "./existing.ts";
import { fullView, viewOptions } from "./executions.ts";
import { isAdmin, userOf } from "./guard.ts";
import { isPool, poolExpected } from "../model/pools.ts";
import { traceOf, usualTag } from "../model/trace.ts";
import { flag, refusal } from "./query.ts";
import { actionInBody, executionNamed } from "./resources.ts";
import { on, Routes } from "./routes.ts";
import { tagOf, traceNamed } from "./traces.ts";

/** In whose name it runs: only administrators may say somebody else. */
function actor(body: JsonObject, caller: User): string {
  const wanted = body["user"];
  if (wanted === undefined || wanted === null || wanted === "") return caller.name;
  if (typeof wanted !== "string")
    throw refusal(
      `Value "${JSON.stringify(wanted)}" must either be a string or None. Got "${typeof wanted === "number" ? "int" : typeof wanted}".`,
    );
  if (wanted !== caller.name && !isAdmin(caller))
    throw new AppError("FORBIDDEN", [`Only admins can specify user "${wanted}" for an execution`]);
  return wanted;
}

/** Context from the header `st2-context`, as chat clients send it. */
function headerContext(request: Request): JsonObject {
  const given = request.headers["st2-context"];
  if (typeof given !== "string" || given === "") return {};
  const wrong = "Unable to convert st2-context from the headers into JSON (was <class 'str'>).";
  try {
    const parsed: unknown = parseJson(given);
    if (isObject(parsed)) return parsed;
  } catch {
    throw refusal(wrong);
  }
  throw refusal(wrong);
}

/** Contexts that clients may not write: they say what the engine did. */
const ours = new Set([
  "parent",
  "orquesta",
  "chain",
  "rule",
  "trigger_instance",
  "re-run",
  "pack",
  "inventory_cause",
  "notify",
  "policies",
  "workflow_execution",
  "pool",
]);

async function contextFrom(door: Door, request: Request, body: JsonObject): Promise<JsonObject> {
  const given = { ...objectIn(body, "context"), ...headerContext(request) };
  const trace = given["trace_context"];
  const traceId = isObject(trace) ? trace["id_"] : undefined;
  const kept = Object.fromEntries(Object.entries(given).filter(([name]) => !ours.has(name)));
  if (typeof traceId !== "string" || traceId === "") return kept;
  const root = await traceNamed(door, traceId);
  if (root === undefined)
    throw refusal(`Unable to find the TraceDB instance. {'id': '${traceId}'}`);
  return { ...kept, trace_context: { id_: traceId, trace_tag: tagOf(root) } };
}

/** What an action starts through the API goes on in its chain of causes. */
function causeOf({ run: caller }: User): JsonObject {
  const { inventory_cause } = caller?.context ?? {};
  return inventory_cause === undefined ? {} : { inventory_cause };
}

function delayIn(body: JsonObject): { delaySeconds?: number } {
  const { delay } = body;
  if (delay === undefined || delay === null || delay === 0) return {};
  if (typeof delay !== "number" || !Number.isInteger(delay))
    throw refusal(`${pythonText(delay)} is not of type 'integer'`);
  if (delay < 0) throw refusal(`${delay} is less than the minimum of 0`);
  return { delaySeconds: delay / 1_000 };
}

/** Whom to tell of the end, instead of those that the action names. */
function notifyIn(body: JsonObject): { notify?: JsonObject } {
  const notify = objectIn(body, "notify");
  return Object.keys(notify).length === 0 ? {} : { notify };
}

/** Which workers are to run it. */
function poolIn({ pool }: JsonObject): { pool?: string } {
  if (pool === undefined || pool === null || pool === "") return {};
  if (isPool(pool)) return { pool };
  throw refusal(`pool: expected ${poolExpected}, not ${pythonText(pool)}`);
}

async function answer(
  door: Door,
  execution: StoredExecution,
  request: Request,
  response: Response,
): Promise<void> {
  response.json(await fullView(door, execution, viewOptions(door, request, response), response));
}

/** An execution as it was asked for, however far it has come meanwhile: clients expect that it is still to be waited for. */
export function asRequested(execution: StoredExecution): StoredExecution {
  return {
    ...execution,
    status: "requested",
    owner: null,
    started_at: null,
    ended_at: null,
    result: null,
    shown: null,
  };
}

async function begun(door: Door, id: string, request: Request, response: Response): Promise<void> {
  response.status(201);
  await answer(door, asRequested(await existing(door, id)), request, response);
}

async function run(door: Door, request: Request, response: Response): Promise<void> {
  const body = bodyOf(request);
  const action = textIn(body, "action");
  const before = begunBefore(request, response);
  if (before !== undefined) return begun(door, before, request, response);
  const caller = userOf(response);
  const user = actor(body, caller);
  const cause = causeOf(caller);
  const id = await requestExecution(door.core, {
    action,
    parameters: objectIn(body, "parameters"),
    context: { ...(await contextFrom(door, request, body)), ...notifyIn(body), ...cause, user },
    ...delayIn(body),
    ...poolIn(body),
  });
  return begun(door, id, request, response);
}

function givenBefore({ core }: Door, { action, runner, parameters }: StoredExecution): JsonObject {
  const own = core.definitions().content.actions.get(action)?.parameters ?? {};
  return givenOnly(parameters, core.runners.get(runner)?.parameters ?? {}, own);
}

/** `re_run`: with other parameters, or a workflow's tasks again on what it had. */
async function runAgain(
  door: Door,
  id: string,
  request: Request,
  response: Response,
): Promise<void> {
  const again = begunBefore(request, response);
  if (again !== undefined) return begun(door, again, request, response);
  const before = await existing(door, id);
  const body = bodyOf(request);
  const parameters = objectIn(body, "parameters");
  const tasks = textsIn(body, "tasks");
  const reset = textsIn(body, "reset");
  if (tasks.length > 0 && Object.keys(parameters).length > 0)
    throw refusal("Parameters override is not supported when re-running task(s) for a workflow.");
  if (reset.some((task) => !tasks.includes(task)))
    throw refusal("List of tasks to reset does not match the tasks to rerun.");
  if (tasks.length > 0 && before.runner !== "orquesta")
    throw refusal("Task option is only supported for Orquesta workflows.");
  const merge = flag(request, "no_merge") !== true;
  const { id: trace, tag: trace_tag } = traceOf(before);
  const context = {
    ...(await contextFrom(door, request, body)),
    // As StackStorm: the tag follows from the id where nobody gave one.
    trace_context: {
      id_: trace,
      ...(trace_tag === usualTag(trace, "execution") ? {} : { trace_tag }),
    },
    user: actor(body, userOf(response)),
  };
  const made =
    tasks.length > 0
      ? await rerunTasks(door.core, before, { tasks, reset, context, ...delayIn(body) })
      : await requestExecution(door.core, {
          action: before.action,
          parameters: merge ? { ...givenBefore(door, before), ...parameters } : parameters,
          context: { ...context, "re-run": { ref: before.id } },
          ...delayIn(body),
          ...poolIn({ pool: before.context["pool"], ...body }),
        });
  return begun(door, made, request, response);
}

/** Everything that changes something. */
export function executionRequestRoutes(door: Door): Routes {
  const { core } = door;
  const router = new Routes();
  const known = executionNamed(door);
  const repeats = true;
  router.post(
    "/executions",
    on("action_execute", actionInBody),
    idempotent(door, { repeats }),
    (request, response) => run(door, request, response),
  );
  router.post(
    "/executions/:id/re_run",
    on("execution_rerun", known),
    idempotent(door, { repeats }),
    (request, response) => runAgain(door, request.params.id, request, response),
  );
  router.delete("/executions/:id", on("execution_stop", known), async (request, response) => {
    const { id, status } = await existing(door, request.params.id);
    if (isFinished(status) && status !== "canceled")
      return void response.json({
        faultstring: `Action cannot be canceled. State = ${status}.`,
      });
    return answer(door, await cancel(core, id, userOf(response).name), request, response);
  });
  router.put("/executions/:id", on("execution_stop", known), async (request, response) => {
    const execution = await existing(door, request.params.id);
    const { name } = userOf(response);
    return answer(
      door,
      await changeExecution(door, execution, bodyOf(request), name),
      request,
      response,
    );
  });
  return router;
}
