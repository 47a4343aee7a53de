import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusal, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
});
afterAll(() => world[Symbol.asyncDispose]());

const find = (type: string, given: unknown) => world.inventory.find(type, given);
const rows = async (): Promise<number> => {
  const { rows: found } = await sql<{ n: number }>`
    select (select count(*) from inv.revision) + (select count(*) from inv.event) + (select count(*) from inv.changeset) as n`.execute(
    world.database.db,
  );
  return found[0]?.n ?? -1;
};

describe("upsert", () => {
  test("creates items that need each other in one call, in any order, in one changeset", async () => {
    await using other = await testInventory();
    const results = await other.upsert(...site);
    expect(results.map(({ result, error }) => error ?? result)).toEqual(site.map(() => "created"));
    const { rows: sets } = await sql<{ size: number }>`select size from inv.changeset`.execute(
      other.database.db,
    );
    expect(sets).toEqual([{ size: site.length }]);
  });
  test("the same again changes nothing and leaves no revision, event or changeset", async () => {
    const before = await rows();
    const results = await world.upsert(...site);
    expect(results.map(({ result }) => result)).toEqual(site.map(() => "unchanged"));
    expect(await rows()).toBe(before);
  });
  test("an item may name its entry, and the version that it is meant for", async () => {
    const [made] = await world.upsert({ type: "Device", set: { hostname: "aim1" } });
    const id = made?.id ?? "";
    const [renamed] = await world.upsert({
      type: "Device",
      id,
      if_version: 1,
      set: { hostname: "aim2" },
    });
    expect(renamed).toMatchObject({ result: "updated", id, version: 2 });
    const late = await world.upsert(
      { type: "Device", id, if_version: 1, set: { hostname: "aim3" } },
      { type: "Site", id, set: { code: "AIM" } },
      { type: "Device", id: "01980000-0000-7000-8000-000000000000", set: { hostname: "aim4" } },
    );
    expect(late.map(({ result }) => result)).toEqual(["conflict", "invalid", "invalid"]);
    expect((await find("Device", "aim2")).version).toBe(2);
  });
  test("set changes, set_once and add only complete", async () => {
    const item = {
      type: "Device",
      set: { hostname: "up1", position: 3 },
      set_once: { serial: "S1" },
      add: { tags: ["a", "b"] },
    };
    await world.upsert(item);
    const [again] = await world.upsert({
      ...item,
      set: { hostname: "up1", position: 4 },
      set_once: { serial: "S2" },
      add: { tags: ["b", "c"] },
    });
    expect(again).toMatchObject({ result: "updated", version: 2, changed: ["position", "tags"] });
    expect((await find("Device", "up1")).attributes).toMatchObject({
      position: 4,
      serial: "S1",
      tags: ["a", "b", "c"],
    });
    const [removed] = await world.upsert({
      type: "Device",
      set: { hostname: "up1", serial: null },
    });
    expect(removed).toMatchObject({ result: "updated", changed: ["serial"] });
  });
  test("match orders: the first that finds decides, more than one is ambiguous, a foreign key conflicts", async () => {
    await world.upsert(
      { type: "Device", set: { hostname: "m1", serial: "M-1", position: 7 } },
      { type: "Device", set: { hostname: "m2", serial: "M-2", position: 7 } },
    );
    const [bySerial, ambiguous, conflict, nothing] = await world.upsert(
      {
        type: "Device",
        match: ["serial", "hostname"],
        set: { serial: "ｍ－１", hostname: "m1-new" },
      },
      { type: "Device", match: ["position"], set: { position: 7, face: "front" } },
      { type: "Device", match: ["serial"], set: { serial: "M-1", hostname: "m2" } },
      { type: "Device", match: ["serial"], set: { position: 1 } },
    );
    expect(bySerial).toMatchObject({ result: "updated", name: "m1-new" });
    expect(ambiguous).toMatchObject({
      result: "ambiguous",
      error: expect.stringContaining("2 entries of Device match"),
    });
    expect(conflict).toMatchObject({
      result: "conflict",
      error: expect.stringContaining("hostname m2 belongs to Device m2"),
    });
    expect(nothing).toMatchObject({
      result: "invalid",
      error: "none of the match attributes has a value; needed is serial",
    });
  });
  test("one bad item leaves the others alone and names all its errors", async () => {
    const [good, bad, type] = await world.upsert(
      { type: "Device", set: { hostname: "good1" } },
      { type: "Device", set: { hostname: "bad1", rack: "nowhere", positon: 3 } },
      { type: "Devise", set: {} },
    );
    expect(good?.result).toBe("created");
    expect(bad).toMatchObject({
      result: "invalid",
      details: {
        errors: [
          { path: "rack", message: 'there is no Rack "nowhere"' },
          { path: "positon", nearest: "position" },
        ],
      },
    });
    expect(type).toMatchObject({
      result: "invalid",
      error: 'There is no entry type "Devise"; did you mean Device?',
    });
    expect((await refusal(find("Device", "bad1"))).code).toBe("INVENTORY_ENTRY_UNKNOWN");
  });
  test("several items about one entry are applied one after the other", async () => {
    const results = await world.upsert(
      ...[1, 2, 3].map((position) => ({ type: "Device", set: { hostname: "twice", position } })),
    );
    expect(results.map(({ result, version }) => `${result} ${version}`)).toEqual([
      "created 1",
      "updated 2",
      "updated 3",
    ]);
    expect((await find("Device", "twice")).attributes["position"]).toBe(3);
  });
  test("also where an earlier one has to wait for what it refers to", async () => {
    await world.upsert({ type: "Device", set: { hostname: "turn9", serial: "T9" } });
    const results = await world.upsert(
      { type: "Device", set: { hostname: "turn1", kind: "server", parent: "turn2" } },
      { type: "Device", set: { hostname: "turn1", kind: "switch" } },
      // By another key of the same entry.
      { type: "Device", set: { hostname: "turn9", kind: "pdu", parent: "turn2" } },
      { type: "Device", set: { serial: "T9", kind: "lb" } },
      { type: "Device", set: { hostname: "turn2", kind: "storage" } },
      { type: "Device", set: { hostname: "turn1", kind: "router" } },
    );
    expect(results.map(({ result }) => result)).toEqual([
      "created",
      "updated",
      "updated",
      "updated",
      "created",
      "updated",
    ]);
    expect((await find("Device", "turn1")).attributes["kind"]).toBe("router");
    expect((await find("Device", "turn9")).attributes["kind"]).toBe("lb");
  });
  test("unless a later one about the same entry makes what the earlier one refers to", async () => {
    const results = await world.upsert(
      { type: "Team", set: { code: "ring", name: "Ring", lead: "ring-lead" } },
      { type: "Person", set: { login: "ring-lead", name: "L", owner: "ring" } },
      { type: "Team", set: { code: "ring", name: "Ring" } },
    );
    expect(results.map(({ result, error }) => error ?? result)).toEqual([
      "updated",
      "created",
      "created",
    ]);
  });
  test("a key may move from one entry to another in one call", async () => {
    await world.upsert(
      { type: "Device", set: { hostname: "k1", asset_no: "K-1" } },
      { type: "Device", set: { hostname: "k2" } },
    );
    const results = await world.upsert(
      { type: "Device", match: ["hostname"], set: { hostname: "k1", asset_no: null } },
      { type: "Device", match: ["hostname"], set: { hostname: "k2", asset_no: "K-1" } },
    );
    expect(results.map(({ result }) => result)).toEqual(["updated", "updated"]);
  });
  test.for([1, 2, 3, 4, 5])(
    "twenty callers who create the same entry at once make one (%i)",
    async (round) => {
      const hostname = `race${round}`;
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          world.upsert({ type: "Device", set: { hostname }, set_once: { position: n + 1 } }),
        ),
      );
      const kinds = results
        .map(([one]) => one?.result ?? "none")
        .toSorted((a, b) => (a < b ? -1 : 1));
      expect(kinds).toEqual(["created", ...Array.from({ length: 19 }, () => "unchanged")]);
      expect(new Set(results.map(([one]) => one?.id)).size).toBe(1);
    },
  );
  test("three thousand items in one call are one changeset over several transactions", async () => {
    await using other = await testInventory();
    const items = Array.from({ length: 3000 }, (_, n) => ({
      type: "Device",
      set: { hostname: `bulk${n}`, service: "shop" },
    }));
    const results = await other.upsert(...items, ...site.slice(5));
    expect(new Set(results.map(({ result }) => result))).toEqual(new Set(["created"]));
    const { rows: sets } = await sql<{ size: number; xids: number }>`
      select size, (select count(distinct xid) from inv.event) as xids from inv.changeset`.execute(
      other.database.db,
    );
    expect(sets).toEqual([{ size: 3005, xids: expect.any(Number) }]);
    expect(sets[0]?.xids).toBeGreaterThan(2);
  });
});
