/** Pages out of many entries: whichever way they are found, they hold the same in the same order. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { testInventory, type TestInventory } from "./inventory-site.ts";

const total = 5_000;
const hosts = Array.from({ length: total }, (_, index) => `n${String(index).padStart(4, "0")}`);
/** Every so many-th machine stands in the rack. */
const every = { often: 10, seldom: 100, hardly: 800 } as const;
const rackOf = (index: number): string | undefined => {
  if (index % every.hardly === 5) return "hardly";
  if (index % every.seldom === 3) return "seldom";
  return index % every.often === 0 ? "often" : undefined;
};

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(
    { type: "Site", set: { code: "TYO7" } },
    { type: "Room", set: { name: "1F", site: "TYO7" } },
    ...Object.keys(every).map((name) => ({
      type: "Rack",
      set: { name, room: { site: "TYO7", name: "1F" } },
    })),
  );
  await world.upsert(
    ...hosts.map((hostname, index) => {
      const name = rackOf(index);
      const rack = name === undefined ? {} : { rack: { name, room: { site: "TYO7", name: "1F" } } };
      return { type: "Device", set: { hostname, ...rack } };
    }),
  );
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

test.each(Object.keys(every))("what stands in a rack %s is found page by page", async (rack) => {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await world.inventory.search({
      type: "Device",
      where: { "rack.name": rack },
      limit: 20,
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    found.push(...page.entries.map(({ name }) => name));
    cursor = page.next;
  } while (cursor !== undefined);
  expect(found).toEqual(hosts.filter((_, index) => rackOf(index) === rack));
});

test("many conditions along one path hold together", async () => {
  const { entries } = await world.inventory.search({
    type: "Device",
    where: { and: [{ "rack.room.site": "TYO7" }, { not: { "rack.name": "often" } }] },
    limit: 100,
  });
  const others = hosts.filter((_, index) => ["seldom", "hardly"].includes(rackOf(index) ?? ""));
  expect(entries.map(({ name }) => name)).toEqual(others.slice(0, 100));
});
