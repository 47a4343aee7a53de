/** `/apikeys`: keys by which programs show who they are. */
import { adoptApiKey, digests, issue } from "../engine/auth.ts";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import {
  changeApiKey,
  findApiKey,
  listTokens,
  removeToken,
  type StoredToken,
} from "../store/accounts.ts";
import type { Database } from "../store/database.ts";
import type { Db } from "../store/schema.ts";
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

/** The hash of a key that is taken over. */
function hashIn(body: JsonObject): string | undefined {
  const hash = optionalTextIn(body, "key_hash");
  if (hash === undefined || hash === "") return undefined;
  if (/^(?:[0-9a-f]{64}|[0-9a-f]{128})$/.test(hash)) return hash;
  throw refusal(
    "key_hash: expected a SHA-512 of StackStorm (128 hex digits) or a SHA-256 of Raicho (64)",
  );
}

/** By id, by the key itself, or by what is stored of it. */
async function keyNamed(db: Db, wanted: string): Promise<StoredToken> {
  const found = await findApiKey(db, [wanted, ...digests(wanted)]);
  if (found !== undefined) return found;
  throw new AppError("NOT_FOUND", [`ApiKey matching ${wanted} for reference and id not found.`]);
}

/** A new key, or one that its user has already, of which another server kept the hash. */
async function make(
  database: Database,
  { account, metadata }: { readonly account: string; readonly metadata: JsonObject },
  hash: string | undefined,
): Promise<{ readonly id: string; readonly key: string | null }> {
  if (hash === undefined) {
    const { id, secret } = await issue(database, { account, kind: "api_key", metadata });
    return { id, key: secret };
  }
  if ((await findApiKey(database.db, [hash])) === undefined)
    return { id: await adoptApiKey(database, { account, hash, metadata }), key: null };
  throw new AppError("CONFLICT", [
    "Tried to save duplicate unique keys (E11000 Duplicate Key Error)",
  ]);
}

/** `/apikeys`: shown in full once, at their creation. */
export function apiKeyRoutes({ core }: Door): Routes {
  const { db } = core.database;
  const router = new Routes();
  const find = (wanted: string): Promise<StoredToken> => keyNamed(db, wanted);
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
    const { id, key } = await make(core.database, { account: wanted, metadata }, hashIn(body));
    const enabled = body["enabled"] !== false;
    if (!enabled) await changeApiKey(db, id, { enabled });
    const { key_hash: _, ...shown } = keyView(await find(id), false);
    return void response.status(201).json({ ...shown, key });
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
