/** What breaks with an entry, hosts for Ansible, suggestions while somebody types. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ansibleInventory, impact, suggest } from "../../src/engine/inventory-deploy.ts";
import { site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site, {
    type: "Device",
    set: { hostname: "web013", aliases: ["ブログ"], environment: "prd" },
  });
  await world.upsert(
    { type: "Environment", set: { code: "prd" } },
    { type: "Device", set: { hostname: "web013", environment: "prd", tags: ["web012の予備"] } },
    { type: "Interface", set: { device: "web012", name: "eth0" } },
  );
});
afterAll(() => world[Symbol.asyncDispose]());

test("what breaks with a site is everything that hangs on it, each by its shortest way", async () => {
  const { id } = await world.inventory.find("Site", "TYO7");
  const { affected, counts, truncated, entry } = await impact(world.inventory, id);
  expect(entry).toMatchObject({ type: "Site", name: "TYO7" });
  expect(affected.map(({ type, depth }) => [type, depth])).toEqual([
    ["Room", 1],
    ["Rack", 2],
    ["Device", 3],
    ["Interface", 4],
  ]);
  expect(counts).toEqual({ Room: 1, Rack: 1, Device: 1, Interface: 1 });
  expect(truncated).toBe(false);
  const address = await world.inventory.find("IPAddress", "10.1.2.3");
  expect((await impact(world.inventory, address.id)).affected).toEqual([]);
});

test("Ansible gets groups and the variables of every host in one answer", async () => {
  const answer = await ansibleInventory(world.inventory, {
    groupBy: ["service.code", "environment"],
    type: ["Device"],
  });
  expect(answer).toMatchObject({
    _meta: {
      hostvars: {
        web012: { ansible_host: "10.1.2.3", service: "shop", rack: "A-07", raicho_type: "Device" },
        web013: { environment: "prd" },
      },
    },
    all: { hosts: ["web012", "web013"], children: ["environment_prd", "service_shop"] },
    service_shop: { hosts: ["web012"] },
    environment_prd: { hosts: ["web013"] },
  });
});

const found = async (text: string) =>
  (await suggest(world.inventory, { type: ["Device"], text })).map(({ name }) => name);

test("names that begin so come first, then what holds the words", async () => {
  expect(await found("ｗｅｂ０")).toEqual(["web012", "web013"]);
  expect(await found("web012")).toEqual(["web012", "web013"]);
  expect(await found("予備")).toEqual(["web013"]);
  expect(await found("")).toEqual(["web012", "web013"]);
  expect(await found("nothing")).toEqual([]);
});
