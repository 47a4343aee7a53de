import { readFileSync } from "node:fs";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Imports } from "../../src/engine/inventory-imports.ts";
import { readSheets } from "../../src/sheets/read-file.ts";
import { author, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
let imports: Imports;
beforeAll(async () => {
  world = await testInventory();
  imports = new Imports(world.inventory, readSheets, author.actor);
});
afterAll(() => world[Symbol.asyncDispose]());

const options = { authority: undefined, newest: false };
const stage = (name: string, type?: string) => {
  const content = readFileSync(new URL(`../sheets/foreign/${name}`, import.meta.url));
  const file = {
    name,
    content: content.toString("base64"),
    source: name,
    type,
    sheet: undefined,
    columns: {},
    asOf: undefined,
  };
  return imports.stage([file], { options, author });
};

test.each([
  ["racktables.sql", 23],
  ["netbox-dumpdata.json", 25],
  ["netbox-api.json", 7],
])(
  "%s is taken over whole, the same file again changes nothing, and one revert takes it back",
  async (name, created) => {
    const staged = await stage(name);
    expect((await imports.rows(staged.id, { action: "error" })).rows).toEqual([]);
    expect(staged["summary"]).toMatchObject({ create: created, error: 0, conflicts: 0 });
    const done = await imports.commit(staged.id, { author, skipErrors: false });
    expect(done.result).toMatchObject({ created, failed: [] });
    const open = sql<{
      open: boolean;
    }>`select open_at is not null as open from inv.changeset where id = ${String(done["changeset"])}`;
    expect((await open.execute(world.database.db)).rows).toEqual([{ open: false }]);
    const again = await stage(name);
    expect(again["summary"]).toMatchObject({ unchanged: created, create: 0, update: 0, error: 0 });
    expect(await imports.revert(staged.id, author)).toMatchObject({ state: "reverted" });
    expect([...(await world.inventory.counts()).values()].filter((count) => count > 0)).toEqual([]);
  },
);

test("references lead to what they named, and a part of a dump can be taken over", async () => {
  const places = await stage("racktables.sql", "Site");
  expect(places["summary"]).toMatchObject({ create: 1 });
  const staged = await stage("racktables.sql");
  await imports.commit(staged.id, { author, skipErrors: false });
  const { entries: racked } = await world.inventory.search({
    type: "Device",
    where: { and: [{ rack: "A-01" }, { "rack.room.site": "東京" }, { "model.vendor": "Fujitsu" }] },
  });
  expect(racked.map(({ name }) => name)).toEqual(["db-server-1"]);
  const { entries } = await world.inventory.search({
    type: "IPAddress",
    where: { path: "interface.device", op: "eq", value: "db-server-1" },
  });
  expect(entries.map(({ name }) => name)).toEqual(["192.168.1.10"]);
});

test("entries that need each other in a ring are written in one changeset", async () => {
  const staged = await stage("netbox-dumpdata.json");
  await imports.commit(staged.id, { author, skipErrors: false });
  const { entries } = await world.inventory.search({
    type: "Device",
    where: {
      and: [
        { "primary_ip.address": "10.7.0.5" },
        { path: "primary_ip.interface.device", op: "eq", value: "sw01.example.jp" },
        { path: "<Interface.device.lag", op: "exists" },
      ],
    },
  });
  expect(entries.map(({ name }) => name)).toEqual(["sw01.example.jp"]);
});
