/** `/apikeys`: keys by which programs show who they are. */
import { digest, issue } from "../engine/auth.ts";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import {
  changeApiKey,
  findApiKey,
  listTokens,
  removeToken,
  type StoredToken,
} from "../store/accounts.ts";
import { bodyOf, objectIn, optionalTextIn } from "./bodies.ts";
import type { Door } from "./door.ts";
import { fault } from "./faults.ts";
import { isAdmin, userOf } from "./guard.ts";
import { isoTime } from "./ids.ts";
import { countHeaders, paging, refusal, showsSecrets } from "./query.ts";
import { parameter } from "./resources.ts";
import { on, type ResourceOf, Routes } from "./routes.ts";

const mask = "********";

function keyView(
  { id, account, enabled, created_at, metadata, hash }: StoredToken,
  open: boolean,
): JsonObject {
  return {
    id,
    uid: `api_key:${open ? hash : mask}`,
    user: account,
    key_hash: open ? hash : mask,
    metadata,
    created_at: isoTime(created_at),
    enabled,
  };
}

/** `/apikeys`: shown in full once, at their creation. */
export function apiKeyRoutes({ core }: Door): Routes {
  const { db } = core.database;
  const router = new Routes();
  /** By id, by the key itself, or by what is stored of it. */
  const find = async (wanted: string): Promise<StoredToken> => {
    const found = (await findApiKey(db, wanted)) ?? (await findApiKey(db, digest(wanted)));
    if (found === undefined)
      throw new AppError("NOT_FOUND", [
        `ApiKey matching ${wanted} for reference and id not found.`,
      ]);
    return found;
  };
  const named: ResourceOf = async (request) => {
    const { id, account } = await find(parameter(request, "id"));
    return { uid: `api_key:${id}`, owner: account };
  };
  router.get("/apikeys", "api_key_list", async (request, response) => {
    const page = paging(request, 50, response);
    const keys = await listTokens(db, "api_key");
    countHeaders(response, keys.length, page);
    const shown = keys.slice(page.offset, page.offset + page.limit);
    response.json(shown.map((key) => keyView(key, showsSecrets(request, response))));
  });
  router.get("/apikeys/:id", on("api_key_view", named), async (request, response) => {
    response.json(keyView(await find(request.params.id), showsSecrets(request, response)));
  });
  router.post("/apikeys", "api_key_create", async (request, response) => {
    const body = bodyOf(request);
    const caller = userOf(response);
    const wanted = optionalTextIn(body, "user") ?? caller.name;
    if (wanted !== caller.name && !isAdmin(caller))
      return fault(response, 403, `User "${caller.name}" cannot make a key for "${wanted}"`);
    const metadata = objectIn(body, "metadata");
    const issued = await issue(core.database, { account: wanted, kind: "api_key", metadata });
    const enabled = body["enabled"] !== false;
    if (!enabled) await changeApiKey(db, issued.id, { enabled });
    const { key_hash: _, ...shown } = keyView(await find(issued.id), false);
    return void response.status(201).json({ ...shown, key: issued.secret });
  });
  router.put("/apikeys/:id", on("api_key_modify", named), async (request, response) => {
    const key = await find(request.params.id);
    const body = bodyOf(request);
    const { key_hash, enabled, user } = body;
    if (key_hash !== undefined && key_hash !== mask && key_hash !== key.hash)
      throw refusal("Update of key_hash is not allowed.");
    if (user !== undefined && user !== key.account)
      throw refusal(
        `The user of an API key cannot be changed: make another key for somebody else.`,
      );
    await changeApiKey(db, key.id, {
      ...(typeof enabled === "boolean" ? { enabled } : {}),
      ...(body["metadata"] === undefined ? {} : { metadata: objectIn(body, "metadata") }),
    });
    response.json(keyView(await find(key.id), showsSecrets(request, response)));
  });
  router.delete("/apikeys/:id", on("api_key_delete", named), async (request, response) => {
    await removeToken(db, (await find(request.params.id)).id);
    response.status(204).end();
  });
  return router;
}
