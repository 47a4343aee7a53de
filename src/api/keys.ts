import { Router, type Request, type Response } from "express";
import type { KeyValue } from "../engine/datastore.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Door } from "./door.ts";
import { isoTime } from "./ids.ts";
import { fault } from "./faults.ts";
import { userOf } from "./guard.ts";

function view({ name, scope, value, secret, expires }: KeyValue): JsonObject {
  const [kind = "system", user] = scope.split(":");
  return {
    name,
    scope: kind === "user" ? "st2kv.user" : "st2kv.system",
    uid: `key_value_pair:st2kv.${kind}:${name}`,
    value,
    secret,
    encrypted: secret,
    ...(user === undefined ? {} : { user }),
    ...(expires === undefined ? {} : { expire_timestamp: isoTime(expires) }),
  };
}

/** `system` or the caller's own scope. */
function scopeOf(
  request: Request,
  response: Response,
  given: unknown = request.query["scope"],
): string {
  const scope = typeof given === "string" ? given : "system";
  if (scope === "system" || scope === "st2kv.system" || scope === "all") return "system";
  if (scope === "user" || scope === "st2kv.user") return `user:${userOf(response).name}`;
  throw new AppError("PARAMETERS_INVALID", [`Scope "${scope}" is not valid: give system or user`]);
}

/** `/keys`: the datastore. */
export function keyRoutes({ datastore }: Pick<Door, "datastore">): Router {
  const router = Router();
  router.get("/keys", async (request, response) => {
    const scope = scopeOf(request, response);
    const { prefix } = request.query;
    response.json(
      (await datastore.list(scope, typeof prefix === "string" ? prefix : "", 1_000)).map(view),
    );
  });
  router.get("/keys/:name", async (request, response) => {
    const scope = scopeOf(request, response);
    const decrypt = request.query["decrypt"] === "true";
    if (decrypt && scope === "system" && !userOf(response).roles.includes("admin"))
      return fault(response, 403, "Decrypt option requires administrator access");
    const pair = await datastore.get(scope, request.params.name, decrypt);
    if (pair === undefined)
      return fault(
        response,
        404,
        `KeyValuePair with name: ${request.params.name} and scope: st2kv.${scope.split(":")[0]} not found in db`,
      );
    response.json(view(pair));
  });
  router.put("/keys/:name", async (request, response) => {
    const body: unknown = request.body;
    const { name } = request.params;
    const scope = scopeOf(
      request,
      response,
      isObject(body) ? (body["scope"] ?? request.query["scope"]) : undefined,
    );
    if (!isObject(body) || typeof body["value"] !== "string")
      return fault(response, 400, "'value' (a string) is required");
    const ttl = body["ttl"];
    await datastore.put({
      scope,
      name,
      value: body["value"],
      secret: body["secret"] === true,
      ttlSeconds: typeof ttl === "number" && ttl > 0 ? ttl : undefined,
    });
    const pair = await datastore.get(scope, name, false);
    response.json(pair === undefined ? {} : view(pair));
  });
  router.delete("/keys/:name", async (request, response) => {
    const scope = scopeOf(request, response);
    if (!(await datastore.remove(scope, request.params.name)))
      return fault(response, 404, `KeyValuePair with name: ${request.params.name} not found in db`);
    response.status(204).end();
  });
  return router;
}
