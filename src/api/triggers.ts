/** `/triggertypes`, `/triggers`, `/triggerinstances`, `/timers`, `/webhooks`. */
import type { Request, Response } from "express";
import { ingest } from "../engine/ingest.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { findInstance, listInstances, type StoredInstance } from "../store/reads.ts";
import type { Door } from "./door.ts";
import { seenInstanceView } from "./instance-view.ts";
import { definitionRoutes, plainDocument, type Writing } from "./definition-routes.ts";
import { triggerTypeSchema } from "./definition-schemas.ts";
import { attributes, countHeaders, paging, project, refusal, text, time } from "./query.ts";
import { plain } from "./resources.ts";
import { on, Routes } from "./routes.ts";
import { triggerWriting } from "./trigger-writing.ts";
import { allTriggers, namedTriggerView, triggerTypes, triggerView } from "./trigger-view.ts";

const timerTypes = ["core.st2.IntervalTimer", "core.st2.DateTimer", "core.st2.CronTimer"];

/** Triggers of these types that enabled rules listen to, or that clients made. */
function listened({ core }: Door, types: readonly string[]): readonly JsonObject[] {
  const { rules, triggers } = core.definitions().content;
  const found = new Map<unknown, JsonObject>();
  for (const { enabled, trigger } of rules.values()) {
    if (!enabled || !types.includes(trigger.type)) continue;
    const view = triggerView(trigger.type, trigger.parameters);
    found.set(view["id"], view);
  }
  const made = [...triggers.values()].filter(({ type }) => types.includes(type));
  return [...found.values(), ...made.map(namedTriggerView)];
}

function missing(id: string): AppError {
  return new AppError("NOT_FOUND", [`Unable to identify resource with id "${id}".`]);
}

/** One of these by id or ref. */
function pick(rows: readonly JsonObject[], wanted: string): JsonObject {
  const found = rows.find(({ id, ref }) => id === wanted || ref === wanted);
  if (found === undefined) throw missing(wanted);
  return found;
}

const triggerTypeWriting: Writing = {
  kind: "trigger-type",
  schema: triggerTypeSchema,
  systemPacksStay: true,
  documentOf: (body) => {
    const { pack, name } = body;
    if (typeof pack !== "string" || typeof name !== "string" || pack === "" || name === "")
      throw refusal(
        `Both pack and name needed for building ref. pack=${pythonName(pack)}, name=${pythonName(name)}`,
      );
    return plainDocument(body);
  },
};

function pythonName(value: unknown): string {
  return typeof value === "string" ? value : "None";
}

export function triggerRoutes(door: Door): Routes {
  const { core } = door;
  const router = new Routes();
  const content = (): ReturnType<typeof core.definitions>["content"] => core.definitions().content;
  definitionRoutes(door, router, "/triggertypes", {
    names: ["id", "uid", "ref", "pack", "name", "payload_schema", "parameters_schema"],
    filters: ["pack", "name"],
    limit: 100,
    writing: triggerTypeWriting,
    resource: "trigger",
    rows: () => triggerTypes(content()),
  });
  router.get(
    "/triggers",
    "signed in",
    (_request, response) => void response.json(allTriggers(content())),
  );
  router.get("/triggers/:id", "signed in", (request, response) => {
    response.json(pick(allTriggers(content()), request.params.id));
  });
  triggerWriting(door, router);
  router.get("/timers", "timer_list", (request, response) => {
    const type = text(request.query["timer_type"]);
    response.json(listened(door, type === undefined ? timerTypes : [type]));
  });
  router.get("/timers/:id", on("timer_view", plain("timer", "id")), (request, response) => {
    response.json(pick(listened(door, timerTypes), request.params.id));
  });
  router.get("/webhooks", "webhook_list", (_request, response) => {
    response.json(listened(door, ["core.st2.webhook"]));
  });
  router.get(
    "/webhooks/*name",
    on("webhook_view", plain("webhook", "name")),
    (request, response) => {
      const parts: unknown = request.params["name"];
      const name = Array.isArray(parts) ? parts.join("/") : String(parts);
      const found = listened(door, ["core.st2.webhook"]).find(
        ({ parameters }) =>
          isObject(parameters) && String(parameters["url"]).replaceAll(/^\/+|\/+$/g, "") === name,
      );
      // In StackStorm's words.
      if (found === undefined) throw new AppError("NOT_FOUND", ["Unhandled exception"]);
      response.json(found);
    },
  );
  instanceRoutes(door, router);
  return router;
}

const instanceNames: ReadonlySet<string> = new Set([
  "id",
  "trigger",
  "payload",
  "status",
  "occurrence_time",
]);

async function listAll({ core }: Door, request: Request, response: Response): Promise<void> {
  const page = paging(request, 100, response);
  const wanted = attributes(request, { names: instanceNames });
  const since = text(request.query["timestamp_gt"]);
  const until = text(request.query["timestamp_lt"]);
  const { rows, total } = await listInstances(
    core.database.db,
    {
      trigger: text(request.query["trigger_type"]) ?? text(request.query["trigger"]),
      status: text(request.query["status"]),
      since: since === undefined ? undefined : time(since),
      until: until === undefined ? undefined : time(until),
      payload: wanted.include?.some((name) => name.split(".")[0] === "payload") ?? true,
    },
    page,
  );
  countHeaders(response, total, page);
  const seen = await Promise.all(rows.map((row) => seenInstanceView(response, row)));
  response.json(seen.flatMap((row) => (row === undefined ? [] : [project(row, wanted)])));
}

/** The same event again, marked with where it came from; answers what the caller may read of it. */
async function emitAgain(
  { core }: Door,
  instance: StoredInstance,
  shown: unknown,
): Promise<JsonObject> {
  const { id, trigger, parameters } = instance;
  const again = (payload: unknown): JsonObject => ({
    ...(isObject(payload) ? payload : {}),
    __context: { original_id: id },
  });
  const payload = again(instance.payload);
  await ingest(core, [
    {
      trigger,
      payload,
      source: "api",
      ...(isObject(parameters) ? { parameters } : {}),
    },
  ]);
  return { message: `Trigger instance ${id} succesfully re-sent.`, payload: again(shown) };
}

async function seenOne(response: Response, instance: StoredInstance): Promise<JsonObject> {
  const seen = await seenInstanceView(response, instance);
  if (seen === undefined) throw missing(instance.id);
  return seen;
}

function instanceRoutes(door: Door, router: Routes): void {
  const find = async (id: string): Promise<StoredInstance> => {
    const instance = await findInstance(door.core.database.db, id);
    if (instance === undefined) throw missing(id);
    return instance;
  };
  router.get("/triggerinstances", "trigger_list", (request, response) =>
    listAll(door, request, response),
  );
  router.get("/triggerinstances/:id", "trigger_view", async (request, response) => {
    response.json(await seenOne(response, await find(request.params.id)));
  });
  router.post("/triggerinstances/:id/re_emit", "trigger_all", async (request, response) => {
    const instance = await find(request.params.id);
    const { payload } = await seenOne(response, instance);
    response.json(await emitAgain(door, instance, payload));
  });
}
