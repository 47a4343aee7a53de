import { Viewers } from "../../src/engine/inventory-viewers.ts";
/** `raicho inventory types`, `render` and `clone` against a real inventory. */
import express from "express";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inventoryRoutes } from "../../src/api/inventory.ts";
import { exitCodes } from "../../src/cli/cli.ts";
import { site, testInventory, type TestInventory } from "../store/inventory-site.ts";
import { listenAt } from "../support/door.ts";
import { runCli, type CliOptions, type CliResult } from "./run.ts";

let world: TestInventory;
let door: ReturnType<typeof listenAt>;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
  await world.upsert(
    { type: "Prefix", set: { cidr: "10.9.0.0/28" } },
    { type: "NodeSet", set: { name: "NodeSet1", service: "shop" } },
    { type: "VirtualMachine", set: { hostname: "vm1", nodeset: "NodeSet1" } },
  );
  const app = express();
  app.use((_request, response, next) => {
    response.locals["user"] = { name: "tanaka", roles: ["admin"] };
    next();
  });
  const routes = inventoryRoutes(new Viewers(world.inventory)).router;
  app.use("/api/v2/inventory", express.json({ limit: "20mb" }), routes);
  door = listenAt(app);
});
afterAll(async () => {
  door.server.closeAllConnections();
  door.server.close();
  await world[Symbol.asyncDispose]();
});

function inventory(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const environment = { HOME: "/nonexistent", RAICHO_URL: door.url };
  return runCli(["inventory", ...words], { ...options, environment });
}
async function json(...words: readonly string[]): Promise<unknown> {
  const { code, out, notes } = await inventory([...words, "-j"]);
  if (code !== exitCodes.ok) throw new Error(notes);
  return JSON.parse(out);
}

test("types are listed in both languages, and one with its attributes", async () => {
  const { out } = await inventory(["types"]);
  expect(out).toMatch(/^NAME +LABEL\.JA +LABEL\.EN +PACK +ENTRIES/);
  expect(out).toMatch(/^Rack +ラック +Rack +inventory_core +1$/m);
  expect((await inventory(["types", "Rack"])).out).toMatch(/^units +ユニット数 +integer/m);
  const wrong = await inventory(["types", "Rak"]);
  expect([wrong.code, wrong.notes]).toEqual([
    exitCodes.notFound,
    expect.stringContaining('did you mean "Rack"?'),
  ]);
});

test("a template is rendered from standard input", async () => {
  const template = "{{ entry.hostname }} {{ entry.rack.name }} {{ zone }}\n";
  const { out, notes } = await inventory(
    ["render", "Device", "web012", "--template", "-", "--variable", "zone=a"],
    { terminal: { readInput: () => Promise.resolve(template) } },
  );
  expect([out, notes]).toEqual(["web012 A-07 a\n", ""]);
});

test("a node set is cloned, first only tried, and the clone is taken back", async () => {
  const words = ["clone", "NodeSet", "NodeSet1", "--follow", "<VirtualMachine.nodeset"];
  const tried = await inventory([...words, "--dry-run"]);
  expect(tried.out).toMatch(/^NodeSet +NodeSet2 +NodeSet1/m);
  expect(tried.out + tried.notes).toContain("Nothing was written.");
  const done = await inventory(words);
  expect(done.out).toMatch(/^VirtualMachine +vm2 +vm1/m);
  const [, changeset = ""] = /Changeset (\S+); /.exec(done.out + done.notes) ?? [];
  expect(await json("revert-changeset", changeset)).toMatchObject({ changes: 2 });
});
