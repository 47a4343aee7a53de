/** `/keys`: the datastore. */
import type { Request, Response } from "express";
import type { KeyValue } from "../engine/datastore.ts";
import { ingest } from "../engine/ingest.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Resource } from "../model/permissions.ts";
import { bodyOf, countIn, optionalTextIn, textIn } from "./bodies.ts";
import type { Door } from "./door.ts";
import { isAdmin, userOf } from "./guard.ts";
import { idFor, isoTime } from "./ids.ts";
import { flag, names, paging, refusal, text } from "./query.ts";
import { parameter } from "./resources.ts";
import { mayDo, on, type ResourceOf, Routes } from "./routes.ts";

/** `decrypted`: the value is shown in the clear. */
function view({ name, scope, value, secret, expires }: KeyValue, decrypted: boolean): JsonObject {
  const [kind = "system", user] = scope.split(":");
  const inner = user === undefined ? name : `${user}:${name}`;
  return {
    id: idFor(`key:${scope}:${name}`),
    name,
    scope: `st2kv.${kind}`,
    uid: `key_value_pair:st2kv.${kind}:${inner}`,
    value,
    secret,
    encrypted: secret && !decrypted,
    ...(user === undefined ? {} : { user }),
    ...(expires === undefined ? {} : { expire_timestamp: isoTime(expires) }),
  };
}

const prefix = "st2kv.";

/** Whose keys: only administrators may name somebody else. */
function ownerOf(response: Response, wanted: string | undefined): string {
  const caller = userOf(response);
  if (wanted === undefined || wanted === caller.name) return caller.name;
  if (!isAdmin(caller))
    throw new AppError("FORBIDDEN", ['"user" attribute can only be provided by admins']);
  return wanted;
}

/** `system` or `user:<name>`. */
function scopeOf(response: Response, given: string | undefined, user: string | undefined): string {
  const scope = given ?? "system";
  const kind = scope.startsWith(prefix) ? scope.slice(prefix.length) : scope;
  if (kind === "system") return "system";
  if (kind === "user") return `user:${ownerOf(response, user)}`;
  throw refusal(
    `Scope ${prefix}${kind} is not in allowed scopes list: ['system', 'user', 'st2kv.system', 'st2kv.user'].`,
  );
}

function queryScope(request: Request, response: Response): string {
  return scopeOf(response, text(request.query["scope"]), text(request.query["user"]));
}

/** A key as permissions name it: keys of a user are that user's. */
function keyResource(scope: string, name: string): Resource {
  const [, owner] = scope.split(":");
  return owner === undefined
    ? { uid: `key_value_pair:st2kv.system:${name}` }
    : { uid: `key_value_pair:st2kv.user:${owner}:${name}`, owner };
}

/** Which key a request is about: the scope stands in the query or, of those that write, in the body. */
function keyNamed(writes: boolean): ResourceOf {
  return (request, response) =>
    keyResource(
      writes ? bodyScope(request, response) : queryScope(request, response),
      parameter(request, "name"),
    );
}

function bodyScope(request: Request, response: Response): string {
  const body = isObject(request.body) ? request.body : {};
  return scopeOf(
    response,
    optionalTextIn(body, "scope") ?? text(request.query["scope"]),
    optionalTextIn(body, "user") ?? text(request.query["user"]),
  );
}

function missing(scope: string, name: string): AppError {
  const [, user] = scope.split(":");
  return new AppError("NOT_FOUND", [
    `The key "${user === undefined ? name : `${user}:${name}`}" does not exist in the StackStorm datastore.`,
  ]);
}

/** Values in the clear: one's own, and everything for administrators. */
function mayDecrypt(request: Request, response: Response, scope: string): boolean {
  if (flag(request, "decrypt") !== true) return false;
  const caller = userOf(response);
  if (scope === `user:${caller.name}` || isAdmin(caller)) return true;
  throw new AppError("FORBIDDEN", ["Decrypt option requires administrator access"]);
}

type Kind = "create" | "update" | "delete";

/** Raises the triggers of the datastore where rules listen to them; what they carry of a secret is sealed. */
async function announce(
  { core }: Pick<Door, "core">,
  kind: Kind,
  before: JsonObject | undefined,
  after: JsonObject,
): Promise<void> {
  const events: { trigger: string; payload: JsonObject; source: string }[] = [
    { trigger: `core.st2.key_value_pair.${kind}`, payload: { object: after }, source: "api" },
  ];
  if (kind === "update" && before?.["value"] !== after["value"])
    events.push({
      trigger: "core.st2.key_value_pair.value_change",
      payload: { old_object: before, new_object: after },
      source: "api",
    });
  const heard = events.filter(({ trigger }) => core.definitions().listens(trigger));
  if (heard.length > 0) await ingest(core, heard);
}

async function list(
  { datastore }: Pick<Door, "datastore">,
  request: Request,
  response: Response,
): Promise<void> {
  const visible = (scope: string, name: string): boolean =>
    mayDo(response, "key_value_pair_view", keyResource(scope, name));
  const page = paging(request, 100, response);
  const given = text(request.query["scope"]);
  const wanted = text(request.query["user"]);
  if (given !== undefined && !/^(st2kv\.)?(system|user|all)$/.test(given))
    throw refusal(`Invalid scope: ${given.startsWith(prefix) ? given : prefix + given}`);
  const scopes =
    given === "all"
      ? ["system", `user:${ownerOf(response, wanted)}`]
      : [scopeOf(response, given, wanted)];
  const only = names(request.query["name"]);
  const shown: JsonObject[] = [];
  for (const scope of scopes) {
    const decrypt = mayDecrypt(request, response, scope);
    const start = text(request.query["prefix"]) ?? "";
    for (const pair of await datastore.list(scope, start, page.offset + page.limit, decrypt))
      if ((only.length === 0 || only.includes(pair.name)) && visible(scope, pair.name))
        shown.push(view(pair, decrypt));
  }
  response.json(shown.slice(page.offset, page.offset + page.limit));
}

async function put(door: Door, name: string, request: Request, response: Response): Promise<void> {
  const { datastore } = door;
  const body = bodyOf(request);
  const value = textIn(body, "value");
  const scope = bodyScope(request, response);
  const sealed = body["encrypted"] === true;
  const before = await datastore.get(scope, name, false);
  const written = {
    scope,
    name,
    value,
    secret: sealed || body["secret"] === true,
    ttlSeconds: countIn(body, "ttl", 1),
    sealed,
  };
  await datastore.put(written).catch((error: unknown) => {
    if (!sealed) throw error;
    throw refusal(
      `Failed to verify the integrity of the provided value for key "${name}". Ensure that the value is encrypted with the correct key and not corrupted.`,
    );
  });
  const after = await datastore.get(scope, name, false);
  const shown = after === undefined ? {} : view(after, false);
  const old = before === undefined ? undefined : view(before, false);
  await announce(door, old === undefined ? "create" : "update", old, shown);
  response.json(shown);
}

export function keyRoutes(door: Door): Routes {
  const { datastore } = door;
  const router = new Routes();
  router.get("/keys", "signed in", (request, response) => list(door, request, response));
  router.get(
    "/keys/:name",
    on("key_value_pair_view", keyNamed(false)),
    async (request, response) => {
      const { name } = request.params;
      const scope = queryScope(request, response);
      const decrypt = mayDecrypt(request, response, scope);
      const pair = await datastore.get(scope, name, decrypt);
      if (pair === undefined) throw missing(scope, name);
      response.json(view(pair, decrypt));
    },
  );
  router.put("/keys/:name", on("key_value_pair_set", keyNamed(true)), (request, response) =>
    put(door, request.params.name, request, response),
  );
  router.delete(
    "/keys/:name",
    on("key_value_pair_delete", keyNamed(true)),
    async (request, response) => {
      const { name } = request.params;
      const scope = bodyScope(request, response);
      const pair = await datastore.get(scope, name, false);
      if (pair === undefined || !(await datastore.remove(scope, name))) throw missing(scope, name);
      await announce(door, "delete", undefined, view(pair, false));
      response.status(204).end();
    },
  );
  return router;
}
