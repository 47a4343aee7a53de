import { Router, type Request } from "express";
import { answerInquiry, cancel, request as requestExecution, steer } from "../engine/request.ts";
import { AppError } from "../model/errors.ts";
import { isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import {
  childrenOf,
  findExecution,
  listExecutions,
  outputOf,
  pendingInquiries,
  type StoredExecution,
} from "../store/executions.ts";
import type { Door } from "./door.ts";
import { executionView, type ViewOptions } from "./execution-view.ts";
import { fault } from "./faults.ts";
import { userOf } from "./guard.ts";

const maxLimit = 100;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `limit` and `offset` as StackStorm reads them; throws AppError for nonsense. */
export function paging(request: Request): { limit: number; offset: number } {
  const limitText = text(request.query["limit"]) ?? String(maxLimit);
  const offsetText = text(request.query["offset"]) ?? "0";
  const limit = Number(limitText);
  const offset = Number(offsetText);
  if (!Number.isInteger(limit) || limit === 0 || limit < -1)
    throw new AppError("PARAMETERS_INVALID", [
      `Limit, "${limitText}" specified, must be a positive number or -1 for full result set.`,
    ]);
  if (!Number.isInteger(offset) || offset < 0)
    throw new AppError("PARAMETERS_INVALID", [
      `Offset, "${offsetText}" specified should be a positive integer.`,
    ]);
  return { limit: limit === -1 ? 10_000 : limit, offset };
}

function viewOptions({ core }: Door, request: Request, withResult: boolean): ViewOptions {
  return {
    content: core.definitions().content,
    runners: core.runners,
    showSecrets: request.query["show_secrets"] === "true",
    withResult,
  };
}

async function existing({ core }: Door, id: string): Promise<StoredExecution> {
  const wanted =
    id === "last"
      ? (await listExecutions(core.database.db, { parent: null }, { limit: 1, offset: 0 })).rows[0]
          ?.id
      : id;
  const execution =
    wanted === undefined ? undefined : await findExecution(core.database.db, wanted);
  if (execution === undefined) throw new AppError("EXECUTION_NOT_FOUND", [id]);
  return execution;
}

async function view(door: Door, request: Request, execution: StoredExecution): Promise<JsonObject> {
  const shown = executionView(execution, viewOptions(door, request, true));
  if (execution.runner !== "orquesta") return shown;
  const children = await childrenOf(door.core.database.db, execution.id);
  return children.length === 0 ? shown : { ...shown, children: children.map(({ id }) => id) };
}

function readRoutes(door: Door, router: Router): void {
  const { core } = door;
  router.get("/executions", async (request, response) => {
    const { status, action, parent, trigger_instance } = request.query;
    const page = paging(request);
    const filter = {
      status: text(status),
      action: text(action),
      parent: parent === "null" ? null : text(parent),
      triggerInstance: text(trigger_instance),
    };
    const { rows, total } = await listExecutions(core.database.db, filter, page);
    response.setHeader("X-Total-Count", String(total)).setHeader("X-Limit", String(page.limit));
    const withResult =
      text(request.query["include_attributes"])?.split(",").includes("result") === true;
    response.json(rows.map((row) => executionView(row, viewOptions(door, request, withResult))));
  });
  router.get("/executions/:id", async (request, response) => {
    response.json(await view(door, request, await existing(door, request.params.id)));
  });
  router.get("/executions/:id/children", async (request, response) => {
    const { id } = await existing(door, request.params.id);
    const children = await childrenOf(core.database.db, id);
    response.json(children.map((child) => executionView(child, viewOptions(door, request, true))));
  });
  router.get("/executions/:id/output", async (request, response) => {
    const { id } = await existing(door, request.params.id);
    response
      .type("text/plain")
      .send((await outputOf(core.database.db, id)).map((line) => line.text).join(""));
  });
  router.get("/executions/:id/attribute/:name", async (request, response) => {
    const execution = await existing(door, request.params.id);
    const { name } = request.params;
    const attributes: JsonObject = {
      result: execution.result,
      status: execution.status,
      trigger_instance: execution.context["trigger_instance"],
    };
    if (!(name in attributes))
      return fault(
        response,
        400,
        `Invalid attribute "${name}" specified. Valid attributes are: result, trigger_instance, status`,
      );
    response.json(attributes[name] ?? null);
  });
}

/** `/executions`: run, see, cancel, pause and resume. */
export function executionRoutes(door: Door): Router {
  const { core } = door;
  const router = Router();
  readRoutes(door, router);
  router.post("/executions", async (request, response) => {
    const body: unknown = request.body;
    if (!isObject(body) || typeof body["action"] !== "string")
      return fault(response, 400, "'action' is a required property");
    const { parameters = {}, context = {}, delay } = body;
    if (!isObject(parameters))
      return fault(response, 400, `${JSON.stringify(parameters)} is not of type 'object'`);
    const user = typeof body["user"] === "string" ? body["user"] : userOf(response).name;
    const id = await requestExecution(core, {
      action: body["action"],
      parameters,
      context: { ...(isObject(context) ? context : {}), user },
      ...(typeof delay === "number" && delay > 0 ? { delaySeconds: delay / 1_000 } : {}),
    });
    response.status(201).json(await view(door, request, await existing(door, id)));
  });
  router.delete("/executions/:id", async (request, response) => {
    const before = await existing(door, request.params.id);
    if (isFinished(before.status))
      return void response.json({
        faultstring: `Action cannot be canceled. State = ${before.status}.`,
      });
    response.json(await view(door, request, await cancel(core, before.id, userOf(response).name)));
  });
  router.put("/executions/:id", async (request, response) => {
    const { id } = await existing(door, request.params.id);
    const wanted: unknown = isObject(request.body) ? request.body["status"] : undefined;
    const user = userOf(response).name;
    if (wanted === "canceling" || wanted === "canceled")
      return void response.json(await view(door, request, await cancel(core, id, user)));
    if (wanted === "pausing" || wanted === "paused")
      return void response.json(await view(door, request, await steer(core, id, "pausing", user)));
    if (wanted === "resuming" || wanted === "running")
      return void response.json(await view(door, request, await steer(core, id, "resuming", user)));
    return fault(
      response,
      400,
      `The status of an execution can be set to canceling, pausing or resuming, not to ${JSON.stringify(wanted)}.`,
    );
  });
  return router;
}

function inquiryView({ id, result, context }: StoredExecution): JsonObject {
  return { id, ...(isObject(result) ? result : {}), parent: context["parent"] };
}

/** `/inquiries`: questions that wait for people. */
export function inquiryRoutes({ core }: Door): Router {
  const router = Router();
  router.get("/inquiries", async (_request, response) => {
    const pending = await pendingInquiries(core.database.db);
    response.setHeader("X-Total-Count", String(pending.length)).json(pending.map(inquiryView));
  });
  router.get("/inquiries/:id", async (request, response) => {
    const execution = await findExecution(core.database.db, request.params.id);
    if (execution?.runner !== "inquirer")
      return fault(response, 404, `Inquiry with id ${request.params.id} not found`);
    response.json(inquiryView(execution));
  });
  router.put("/inquiries/:id", async (request, response) => {
    const body: unknown = request.body;
    const answer = isObject(body) && "response" in body ? body["response"] : body;
    await answerInquiry(core, request.params.id, answer, userOf(response));
    response.json({ id: request.params.id, response: answer });
  });
  return router;
}
