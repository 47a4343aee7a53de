/** `/keys`: the datastore. */
import type { Request, Response } from "express";
import type { KeyValue } from "../engine/datastore.ts";
import { telling } from "../engine/key-events.ts";
import { AppError } from "../model/errors.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Resource } from "../model/permissions.ts";
import { bodyOf, countIn, flagIn, optionalTextIn, textIn } from "./bodies.ts";
import type { Door } from "./door.ts";
import { areApart, isAdmin, userOf } from "./guard.ts";
import { idFor, isoTime } from "./ids.ts";
import { flag, names, paging, refusal, text } from "./query.ts";
import { parameter } from "./resources.ts";
import { mayDo, on, type ResourceOf, Routes } from "./routes.ts";

/** `decrypted`: the value is shown in the clear. */
function view({ name, scope, value, secret, expires }: KeyValue, decrypted: boolean): JsonObject {
  const [kind = "system", user] = scope.split(":");
  return {
    id: idFor(`key:${scope}:${name}`),
    name,
    scope: `st2kv.${kind}`,
    uid: `key_value_pair:st2kv.${kind}:${referenceOf(scope, name)}`,
    value,
    secret,
    encrypted: secret && !decrypted,
    ...(user === undefined ? {} : { user }),
    ...(expires === undefined ? {} : { expire_timestamp: isoTime(expires) }),
  };
}

function encryptedView(pair: KeyValue): JsonObject {
  return view(pair, false);
}

/** A key as StackStorm names it inside of its scope: `name`, or `user:name`. */
function referenceOf(scope: string, name: string): string {
  const [, user] = scope.split(":");
  return user === undefined ? name : `${user}:${name}`;
}

const prefix = "st2kv.";

/** Whose keys: only administrators may name somebody else. Where all may do the same, nobody may, as in StackStorm. */
function ownerOf(response: Response, wanted: string | undefined): string {
  const caller = userOf(response);
  if (wanted === undefined || wanted === caller.name) return caller.name;
  if (!areApart(response))
    throw new AppError("FORBIDDEN", [
      '"user" attribute can only be provided by admins when RBAC is enabled',
    ]);
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

/** Of one key: a user means the scope of users; `all` means nothing for one. */
function queryScope(request: Request, response: Response): string {
  const user = text(request.query["user"]);
  const given = text(request.query["scope"]);
  return scopeOf(
    response,
    user === undefined ? (given === "all" ? undefined : given) : "user",
    user,
  );
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
  const scope = optionalTextIn(body, "scope") ?? text(request.query["scope"]);
  return scopeOf(
    response,
    scope === "all" ? undefined : scope,
    optionalTextIn(body, "user") ?? text(request.query["user"]),
  );
}

function missing(scope: string, name: string): AppError {
  return new AppError("NOT_FOUND", [
    `The key "${referenceOf(scope, name)}" does not exist in the StackStorm datastore.`,
  ]);
}

/** Values of a list in the clear: one's own, and everything for administrators. Who may see a single key may see it decrypted. */
function mayDecrypt(request: Request, response: Response, scope: string): boolean {
  if (flag(request, "decrypt") !== true) return false;
  const caller = userOf(response);
  if (scope === `user:${caller.name}` || isAdmin(caller)) return true;
  throw new AppError("FORBIDDEN", ["Decrypt option requires administrator access"]);
}

/** The scopes of a list; a user means the scope of users. */
function listedScopes(request: Request, response: Response): readonly string[] {
  const given = text(request.query["scope"]);
  const user = text(request.query["user"]);
  if (given !== undefined && !/^(st2kv\.)?(system|user|all)$/.test(given))
    throw refusal(`Invalid scope: ${given.startsWith(prefix) ? given : prefix + given}`);
  if (user !== undefined) return [scopeOf(response, "user", user)];
  return given === "all"
    ? ["system", `user:${ownerOf(response, undefined)}`]
    : [scopeOf(response, given, undefined)];
}

async function list(
  { datastore }: Pick<Door, "datastore">,
  request: Request,
  response: Response,
): Promise<void> {
  const visible = (scope: string, name: string): boolean =>
    mayDo(response, "key_value_pair_view", keyResource(scope, name));
  const page = paging(request, 100, response);
  const only = names(request.query["name"]);
  const shown: JsonObject[] = [];
  for (const scope of listedScopes(request, response)) {
    const decrypt = mayDecrypt(request, response, scope);
    const start = text(request.query["prefix"]) ?? "";
    for (const pair of await datastore.list(scope, start, page.offset + page.limit, decrypt))
      if ((only.length === 0 || only.includes(pair.name)) && visible(scope, pair.name))
        shown.push(view(pair, decrypt));
  }
  response.json(shown.slice(page.offset, page.offset + page.limit));
}

async function put(door: Door, name: string, request: Request, response: Response): Promise<void> {
  const { core, datastore } = door;
  const body = bodyOf(request);
  const value = textIn(body, "value");
  const scope = bodyScope(request, response);
  const encrypted = flagIn(body, "encrypted");
  if (encrypted && !isAdmin(userOf(response)))
    throw new AppError("FORBIDDEN", ["Pre-encrypted option requires administrator access"]);
  const pair = {
    scope,
    name,
    value,
    secret: flagIn(body, "secret"),
    ttlSeconds: countIn(body, "ttl", 1),
    encrypted,
  };
  const teller = { view: encryptedView, run: userOf(response).run };
  const change = await telling(core, teller, (tell) => datastore.put(pair, tell));
  if (change?.after === undefined)
    throw refusal(
      `Failed to verify the integrity of the provided value for key "${referenceOf(scope, name)}". Ensure that the value is encrypted with the correct key and not corrupted.`,
    );
  response.json(encryptedView(change.after));
}

async function remove(
  { core, datastore }: Door,
  name: string,
  request: Request,
  response: Response,
): Promise<void> {
  const scope = bodyScope(request, response);
  const teller = { view: encryptedView, run: userOf(response).run };
  const change = await telling(core, teller, (tell) => datastore.remove(scope, name, tell));
  if (change === undefined) throw missing(scope, name);
  response.status(204).end();
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
      const decrypt = flag(request, "decrypt") === true;
      const pair = await datastore.get(scope, name, decrypt);
      if (pair === undefined) throw missing(scope, name);
      response.json(view(pair, decrypt));
    },
  );
  router.put("/keys/:name", on("key_value_pair_set", keyNamed(true)), (request, response) =>
    put(door, request.params.name, request, response),
  );
  router.delete("/keys/:name", on("key_value_pair_delete", keyNamed(true)), (request, response) =>
    remove(door, request.params.name, request, response),
  );
  return router;
}
