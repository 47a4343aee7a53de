import express, { Router } from "express";
import { issue, login } from "../engine/auth.ts";
import { isObject } from "../model/json.ts";
import { listTokens, removeToken } from "../store/accounts.ts";
import type { Door } from "./door.ts";
import { fault } from "./faults.ts";
import { adminOnly, userOf } from "./guard.ts";

const maxTtl = 86_400;

function basicCredentials(
  header: string | undefined,
): { name: string; password: string } | undefined {
  if (header?.startsWith("Basic ") !== true) return undefined;
  const text = Buffer.from(header.slice(6), "base64").toString();
  const colon = text.indexOf(":");
  return colon < 1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** `POST /tokens` with Basic authentication. */
export function tokenRoutes({ core, tokenTtl }: Door): Router {
  const router = Router();
  router.post("/tokens", express.json(), async (request, response) => {
    const credentials = basicCredentials(request.headers.authorization);
    if (credentials === undefined) return fault(response, 401, "Invalid or missing credentials");
    const body: unknown = request.body;
    const ttl = isObject(body) && body["ttl"] !== undefined ? Number(body["ttl"]) : tokenTtl;
    if (!Number.isInteger(ttl) || ttl <= 0)
      return fault(response, 400, `TTL must be a positive integer. Provided: ${String(ttl)}`);
    if (ttl > maxTtl)
      return fault(response, 400, `TTL specified ${ttl} is greater than max allowed ${maxTtl}.`);
    const issued = await login(core.database, credentials.name, credentials.password, ttl);
    if (issued === undefined) return fault(response, 401, "Invalid or missing credentials");
    response.status(201).json({
      id: issued.id,
      user: issued.user,
      token: issued.secret,
      expiry: issued.expiry?.toISOString().replace("Z", "000Z"),
      metadata: {},
    });
  });
  return router;
}

/** `/apikeys`: shown in full once, at their creation. */
export function apiKeyRoutes({ core }: Door): Router {
  const router = Router();
  router.get("/apikeys", adminOnly, async (_request, response) => {
    const keys = await listTokens(core.database.db, "api_key");
    response.json(
      keys.map(({ id, account, enabled, created_at, metadata }) => ({
        id,
        user: account,
        enabled,
        created_at,
        metadata,
      })),
    );
  });
  router.post("/apikeys", async (request, response) => {
    const body: unknown = request.body;
    const caller = userOf(response);
    const wanted = isObject(body) && typeof body["user"] === "string" ? body["user"] : caller.name;
    if (wanted !== caller.name && !caller.roles.includes("admin"))
      return fault(response, 403, `User "${caller.name}" cannot make a key for "${wanted}"`);
    const metadata = isObject(body) ? (body["metadata"] ?? {}) : {};
    const issued = await issue(core.database, { account: wanted, kind: "api_key", metadata });
    response
      .status(201)
      .json({ id: issued.id, user: issued.user, key: issued.secret, enabled: true, metadata });
  });
  router.delete("/apikeys/:id", adminOnly, async (request, response) => {
    if (!(await removeToken(core.database.db, String(request.params["id"]))))
      return fault(response, 404, `ApiKey with id ${String(request.params["id"])} not found`);
    response.status(204).end();
  });
  return router;
}
