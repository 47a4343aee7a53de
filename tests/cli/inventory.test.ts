import { Viewers } from "../../src/engine/inventory-viewers.ts";
/** `raicho inventory` against a real inventory. */
import express from "express";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inventoryRoutes } from "../../src/api/inventory.ts";
import { exitCodes } from "../../src/cli/cli.ts";
import { site, testInventory, type TestInventory } from "../store/inventory-site.ts";
import { runCli, type CliResult } from "./run.ts";

let world: TestInventory;
let server: Server;

beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
  const app = express();
  app.use((_request, response, next) => {
    response.locals["user"] = { name: "tanaka", roles: ["admin"] };
    next();
  });
  app.use(
    "/api/v2/inventory",
    express.json({ limit: "20mb" }),
    inventoryRoutes(new Viewers(world.inventory)).router,
  );
  server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world[Symbol.asyncDispose]();
});

function run(...words: readonly string[]): Promise<CliResult> {
  const { port } = server.address() as AddressInfo;
  return runCli(["inventory", ...words], {
    environment: { HOME: "/nonexistent", RAICHO_URL: `http://127.0.0.1:${port}` },
  });
}

async function json(...words: readonly string[]): Promise<unknown> {
  const { code, out, notes } = await run(...words, "-j");
  expect({ code, notes }).toEqual({ code: exitCodes.ok, notes: "" });
  return JSON.parse(out);
}

test("entries are found by type and key, and by words, with their names", async () => {
  expect(await json("get", "Device", "web012")).toMatchObject({
    type: "Device",
    attributes: { hostname: "web012" },
  });
  const found = await run("search", "--type", "Person");
  expect(found.code).toBe(exitCodes.ok);
  expect(found.out).toContain("鈴木一郎");
  expect(await run("get", "Devise", "web012")).toMatchObject({
    code: exitCodes.notFound,
    notes: 'raicho: there is no entry type "Devise"; did you mean "Device"?\n',
  });
});

test("a change is listed, compared and taken back", async () => {
  const set = await json(
    "set",
    "Device",
    "web012",
    "asset_no=R99999",
    "--reason",
    "交換",
    "--ticket",
    "OPS-7",
  );
  expect(set).toMatchObject({ result: "updated", attributes: { asset_no: "R99999" } });
  const { version } = set as { version: number };
  const history = await run("history", "Device", "web012");
  expect(history.out).toContain("交換");
  expect(history.out).toContain("tanaka");
  expect(await json("diff", "Device", "web012")).toEqual([
    { attribute: "asset_no", before: "R12345", after: "R99999" },
  ]);
  expect(
    await json("diff", "Device", "web012", "--from", String(version), "--to", String(version - 1)),
  ).toEqual([{ attribute: "asset_no", before: "R99999", after: "R12345" }]);
  const back = [
    "revert",
    "Device",
    "web012",
    "--to",
    String(version - 1),
    "--attributes",
    "asset_no",
  ];
  expect(await json(...back)).toMatchObject({ attributes: { asset_no: "R12345" } });
  expect(await run("revert", "Device", "web012")).toMatchObject({ code: exitCodes.usage });
  expect(await run("revert", "Device", "web012", "--to", "first")).toMatchObject({
    code: exitCodes.usage,
    notes: "raicho: --to first: expected a whole number\n",
  });
});

test("what was changed together is taken back together", async () => {
  await json("set", "Device", "web012", "asset_no=R77777", "--ticket", "OPS-8");
  const [changeset] = (await json("changesets", "--ticket", "OPS-8", "-a", "id,ticket")) as {
    id: string;
  }[];
  expect(changeset).toMatchObject({ ticket: "OPS-8" });
  const reverted = await run("revert-changeset", changeset?.id ?? "", "--reason", "wrong machine");
  expect(reverted.code).toBe(exitCodes.ok);
  expect(await json("get", "Device", "web012")).toMatchObject({
    attributes: { asset_no: "R12345" },
  });
});

test("the next free addresses are taken, each once", async () => {
  await world.upsert({ type: "Prefix", set: { cidr: "10.9.0.0/29" } });
  const words = ["allocate", "IPAddress", "10.9.0.0/29", "--count", "2", "--reason", "new hosts"];
  expect(await json(...words, "-a", "name")).toEqual([{ name: "10.9.0.1" }, { name: "10.9.0.2" }]);
  const rack = JSON.stringify({ name: "A-07", room: { site: "TYO7", name: "1F" } });
  expect(
    await json("allocate", "Device", rack, "hostname=u1", "--size", "1", "-a", "name"),
  ).toEqual([{ name: "u1" }]);
  expect(await run("allocate", "IPAddress", "10.9.0.0/29", "stat=planned")).toMatchObject({
    code: exitCodes.usage,
    notes: expect.stringContaining('IPAddress has no attribute "stat"; did you mean "status"?'),
  });
});

test("an entry goes and comes back", async () => {
  const made = await json("set", "Person", "mori", "name=森", "--create");
  const { id } = made as { id: string };
  const gone = await run("delete", "Person", "mori", "--reason", "retired");
  expect(gone.notes + gone.out).toContain(`raicho inventory restore ${id}`);
  expect(await run("get", "Person", "mori")).toMatchObject({ code: exitCodes.notFound });
  expect(await json("restore", id)).toMatchObject({ attributes: { login: "mori" } });
});
