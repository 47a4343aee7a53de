import { Viewers } from "../../src/engine/inventory-viewers.ts";
import express from "express";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { User } from "../../src/engine/auth.ts";
import { inventoryRoutes } from "../../src/api/inventory.ts";
import { isObject } from "../../src/model/json.ts";
import { addBreaker } from "../../src/store/breakers.ts";
import { testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
let server: Server;
let user: User = { name: "tanaka", roles: ["admin"] };
beforeAll(async () => {
  world = await testInventory();
  const app = express();
  app.use((_request, response, next) => {
    response.locals["user"] = user;
    next();
  });
  app.use(express.json(), inventoryRoutes(new Viewers(world.inventory)).router);
  server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world[Symbol.asyncDispose]();
});

async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.json();
}
const entryIn = (body: unknown): string =>
  isObject(body) && isObject(body["entry"]) ? String(body["entry"]["id"]) : "";

test("what an action writes with the token of its run continues its chain, whatever it says itself", async () => {
  const cause = { execution: null, ruleChain: ["p.r@e1"], changesets: [], depth: 2 };
  user = {
    name: "stanley",
    roles: ["admin"],
    run: { id: "64f000000000000000000001", context: { inventory_cause: cause } },
  };
  const attributes = { code: "ops" };
  const forged = { rule_chain: [], depth: 0, cause: {} };
  const made = await call("POST", "/entries", { type: "Role", attributes, ...forged });
  user = { name: "tanaka", roles: ["admin"] };
  const { revisions } = (await call("GET", `/entries/${entryIn(made)}/history`)) as {
    revisions: unknown;
  };
  expect(revisions).toMatchObject([
    {
      actor: "stanley",
      cause: { kind: "workflow", execution: "64f000000000000000000001", rule_chain: ["p.r@e1"] },
    },
  ]);
});

test("breakers are listed and reset", async () => {
  const entryId = entryIn(
    await call("POST", "/entries", { type: "Role", attributes: { code: "loop" } }),
  );
  const id = "0190a1b2-0000-7000-8000-00000000000b";
  const row = { id, rule: "p.r", entry: entryId, firings: 21, seconds: 60, hold: 0 };
  expect(await addBreaker(world.database.db, row)).toBe(true);
  expect(await addBreaker(world.database.db, row)).toBe(false);
  const entry = { id: entryId, type: "Role", name: "loop" };
  expect(await call("GET", "/breakers")).toMatchObject({ breakers: [{ id, rule: "p.r", entry }] });
  expect(await call("POST", `/breakers/${id}/reset`)).toMatchObject({ reset_by: "tanaka" });
  expect(await call("GET", "/breakers")).toEqual({ breakers: [] });
  expect(await call("GET", "/breakers?all=true")).toMatchObject({ breakers: [{ id }] });
  expect(await call("POST", `/breakers/${id}/reset`)).toMatchObject({
    code: "INVENTORY_BREAKER_UNKNOWN",
  });
});

test("what expires is listed and taken note of", async () => {
  const end = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
  const id = entryIn(
    await call("POST", "/entries", {
      type: "SupportContract",
      attributes: { contract_no: "K-1", end },
    }),
  );
  const entry = { id, type: "SupportContract", name: "K-1" };
  expect(await call("GET", "/expiring?days=30&type=SupportContract")).toMatchObject({
    expiring: [{ entry, attribute: "end", date: end, acknowledged: null }],
  });
  expect(await call("GET", "/expiring?type=Nonsense")).toMatchObject({
    code: "INVENTORY_TYPE_UNKNOWN",
  });
  const path = `/entries/${id}/expiry/end/acknowledge`;
  expect(await call("POST", path, { note: "更新中" })).toMatchObject({ dates: [end] });
  expect(await call("GET", "/expiring?days=30")).toMatchObject({
    expiring: [{ entry, acknowledged: { by: "tanaka", note: "更新中" } }],
  });
});
