/** The inventory's routes on a server of their own, for one user who may everything. */
import express from "express";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { inventoryRoutes } from "../../src/api/inventory.ts";
import { Viewers } from "../../src/engine/inventory-viewers.ts";
import { testInventory, type TestInventory } from "./inventory-site.ts";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface InventoryDoor extends AsyncDisposable {
  readonly world: TestInventory;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** Makes a device and answers its id. */
  create(hostname: string): Promise<string>;
}

export async function inventoryDoor(): Promise<InventoryDoor> {
  const world = await testInventory();
  const app = express();
  app.disable("etag");
  app.use((_request, response, next) => {
    response.locals["user"] = { name: "tanaka", roles: ["admin"] };
    next();
  });
  app.use(express.json({ limit: "20mb" }), inventoryRoutes(new Viewers(world.inventory)).router);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const call: InventoryDoor["call"] = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  };
  return {
    world,
    call,
    create: async (hostname) => {
      const { body } = await call("POST", "/entries", { type: "Device", attributes: { hostname } });
      return (body["entry"] as { id: string }).id;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await world[Symbol.asyncDispose]();
    },
  };
}
