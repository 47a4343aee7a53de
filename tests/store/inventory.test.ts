import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Inventory } from "../../src/engine/inventory.ts";
import type { Author } from "../../src/engine/inventory-write.ts";
import { noCause } from "../../src/inventory/cause.ts";
import { ownerSettings } from "../../src/inventory/owner.ts";
import { readUpsertItem } from "../../src/inventory/upsert.ts";
import { bundledTypes } from "../inventory/types.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

const author: Author = {
  actor: "sato",
  kind: "api",
  reason: "棚卸し",
  ticket: "OPS-1",
  cause: noCause,
};
let database: TestDatabase;
let inventory: Inventory;
const upsert = async (...items: unknown[]) =>
  inventory.upsert(
    items.map((item, index) => readUpsertItem(item, `[${index}]`)),
    author,
  );

beforeAll(async () => {
  database = await testDatabase();
  inventory = await Inventory.open({
    database,
    types: bundledTypes(),
    owners: ownerSettings({ default_leader: "leader" }),
  });
});
afterAll(() => database[Symbol.asyncDispose]());

/** A site with one service of one team, in one call and in an order in which nothing exists yet when it is needed. */
const site = [
  {
    type: "Device",
    set: {
      hostname: "web012",
      asset_no: "R12345",
      aliases: ["www-a"],
      service: "shop",
      rack: { name: "A-07", room: { site: "TYO7", name: "1F" } },
      primary_ip: "10.1.2.3",
    },
  },
  { type: "IPAddress", set: { address: "10.1.2.3" } },
  { type: "Rack", set: { name: "A-07", room: { site: "TYO7", name: "1F" } } },
  { type: "Room", set: { name: "1F", site: "TYO7" } },
  { type: "Site", set: { code: "TYO7", address: "東京都港区六本木" } },
  { type: "Service", set: { code: "shop", owner: "web-team" } },
  {
    type: "Team",
    set: { code: "web-team", name: "Web運用", lead: "suzuki", members: ["suzuki", "tanaka"] },
  },
  { type: "Person", set: { login: "suzuki", name: "鈴木一郎", jira_account: "a-1" } },
  { type: "Person", set: { login: "tanaka", name: "田中花子", jira_account: "a-2" } },
  { type: "Person", set: { login: "leader", name: "佐藤 リーダー", jira_account: "a-9" } },
];

describe("upsert", () => {
  test("items that need each other are created in one call, in any order", async () => {
    const results = await upsert(...site);
    expect(results.map(({ result, error }) => error ?? result)).toEqual(site.map(() => "created"));
  });
  test("the same call again changes nothing and leaves no revision and no event", async () => {
    const count = async () =>
      (
        await database.db.executeQuery<{ n: number }>(
          (await import("kysely"))
            .sql`select (select count(*) from inv.revision) + (select count(*) from inv.event) + (select count(*) from inv.changeset) as n`.compile(
            database.db,
          ),
        )
      ).rows[0]?.n;
    const before = await count();
    const results = await upsert(...site);
    expect(new Set(results.map(({ result }) => result))).toEqual(new Set(["unchanged"]));
    expect(await count()).toBe(before);
  });
});
