/** The query model through the real database: each operator, paths both ways, order, values, counts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SearchQuery } from "../../src/engine/inventory-search.ts";
import { refusal, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
  await world.upsert(
    { type: "Site", set: { code: "OSA1", address: "大阪市北区" } },
    { type: "Room", set: { name: "2F", site: "OSA1" } },
    { type: "Rack", set: { name: "B-01", room: { site: "OSA1", name: "2F" } } },
    {
      type: "Device",
      set: {
        hostname: "db1",
        serial: "SN-100%",
        status: "failed",
        rack: { name: "B-01", room: { site: "OSA1", name: "2F" } },
        position: 3,
        purchased: "2024-03-31",
        aliases: ["db-master", "db-a"],
      },
    },
    { type: "Device", set: { hostname: "db2", position: 12, purchased: "2026-11-01" } },
    { type: "Device", set: { hostname: "db3", serial: "sn-200", position: 12 } },
    { type: "Interface", set: { device: "db1", name: "eth0", mac: "aa:bb:cc:00:00:01" } },
    { type: "Interface", set: { device: "db2", name: "eth0" } },
    { type: "Prefix", set: { cidr: "10.1.0.0/16" } },
    { type: "Prefix", set: { cidr: "10.1.2.0/24" } },
    { type: "Prefix", set: { cidr: "192.168.0.0/16" } },
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const names = async (query: SearchQuery): Promise<readonly string[]> =>
  (await world.inventory.search(query)).entries.map(({ name }) => name);
const devices = (where: unknown) => names({ type: "Device", where });
const ask = (path: string, op: string, value?: unknown) => devices([{ path, op, value }]);

describe("operators", () => {
  test.each<[string, string, unknown, readonly string[]]>([
    ["status", "eq", "failed", ["db1"]],
    ["status", "ne", "active", ["db1"]],
    ["aliases", "eq", "db-a", ["db1"]],
    ["aliases", "ne", "db-a", ["db2", "db3", "web012"]],
    ["hostname", "in", ["db1", "db3"], ["db1", "db3"]],
    ["hostname", "not_in", ["db1", "db3"], ["db2", "web012"]],
    ["hostname", "in", [], []],
    ["serial", "like", "ＳＮ", ["db1", "db3"]],
    ["serial", "like", "0%", ["db1"]],
    ["serial", "starts_with", "sn-2", ["db3"]],
    ["aliases", "ends_with", "master", ["db1"]],
    ["name", "like", "B2", ["db2"]],
    ["name", "in", ["db2", "web012"], ["db2", "web012"]],
    ["position", "lt", 12, ["db1"]],
    ["position", "le", "12", ["db1", "db2", "db3"]],
    ["position", "gt", 3, ["db2", "db3"]],
    ["position", "ge", 1000, []],
    ["purchased", "lt", "2026-01-01", ["db1"]],
    ["purchased", "gt", "today-9000d", ["db1", "db2"]],
    ["purchased", "gt", "today+9000d", []],
    ["updated_at", "gt", "now-1h", ["db1", "db2", "db3", "web012"]],
    ["version", "gt", 1, []],
    ["rack", "exists", true, ["db1", "web012"]],
    ["rack", "empty", undefined, ["db2", "db3"]],
    ["rack", "empty", false, ["db1", "web012"]],
    ["position", "duplicated", true, ["db2", "db3"]],
    ["position", "duplicated", false, ["db1", "web012"]],
    ["rack.room.site", "eq", "OSA1", ["db1"]],
    ["rack.room.site.name", "eq", "OSA1", ["db1"]],
    ["rack.room.site.address", "like", "六本木", ["web012"]],
    ["rack.room.site.code", "ne", "OSA1", ["db2", "db3", "web012"]],
    ["service.owner.lead", "eq", "suzuki", ["web012"]],
    ["primary_ip.address", "within", "10.1.0.0/16", ["web012"]],
    ["primary_ip.address", "within", "10.2.0.0/16", []],
    ["<Interface.device", "exists", true, ["db1", "db2"]],
    ["<Interface.device", "exists", false, ["db3", "web012"]],
    ["<Interface.device.mac", "eq", "AA-BB-CC-00-00-01", ["db1"]],
    ["<Interface.device.mac", "empty", true, ["db2", "db3", "web012"]],
  ])("%s %s %j", async (path, op, value, expected) => {
    expect(await ask(path, op, value)).toEqual(expected);
  });

  test("networks contain addresses and networks", async () => {
    const holding = (value: string) =>
      names({ type: "Prefix", where: { path: "cidr", op: "contains_ip", value } });
    expect(await holding("10.1.2.9")).toEqual(["10.1.0.0/16", "10.1.2.0/24"]);
    expect(await holding("10.1.3.0/24")).toEqual(["10.1.0.0/16"]);
    expect(
      await names({ type: "Prefix", where: { path: "cidr", op: "within", value: "10.0.0.0/8" } }),
    ).toEqual(["10.1.0.0/16", "10.1.2.0/24"]);
  });

  test("and, or, not, words and the short form nest", async () => {
    expect(
      await devices({
        or: [{ status: "failed" }, { and: [{ position: 12 }, { not: { hostname: "db3" } }] }],
      }),
    ).toEqual(["db1", "db2"]);
    expect(await devices({ not: { or: [{ status: "failed" }, { position: 12 }] } })).toEqual([
      "web012",
    ]);
    expect(await devices({ $text: "r12345" })).toEqual(["web012"]);
    expect(await devices({ not: { "rack.room.site": "OSA1" } })).toEqual(["db2", "db3", "web012"]);
    expect(
      await devices({
        or: [{ "rack.room.site": "OSA1" }, { "rack.room": { site: "TYO7", name: "1F" } }],
      }),
    ).toEqual(["db1", "web012"]);
    expect(
      await devices({ and: [{ "rack.room.site": "OSA1" }, { "service.owner": "web-team" }] }),
    ).toEqual([]);
    expect(await devices([])).toHaveLength(4);
    expect(await names({ where: { code: "OSA1" } })).toEqual(["OSA1"]);
    expect(await names({ type: ["Site", "Room"], where: { name: "2F" } })).toEqual(["2F"]);
  });

  test.each<[unknown, string]>([
    [
      { path: "statis", op: "eq", value: 1 },
      "Device has no attribute statis; did you mean status?",
    ],
    [{ path: "status", op: "equal", value: 1 }, 'where.op: "equal" is no operator (eq, ne, in,'],
    [{ path: "status", op: "lt", value: "x" }, "status is a enum; only dates"],
    [
      { path: "rack.rom.name", op: "eq", value: "x" },
      "Rack has no attribute rom (in rack.rom.name); did you mean room?",
    ],
    [
      { path: "hostname.name", op: "eq", value: "x" },
      "hostname (in hostname.name) is no reference",
    ],
    [
      { path: "<Rack.room", op: "exists" },
      "Rack.room (in <Rack.room) leads to Room, never to Device",
    ],
    [{ path: "position", op: "gt", value: "many" }, "expected a whole number"],
    [{ path: "status", op: "eq", value: "brokn" }, 'status: "brokn" is not a listed value'],
    [{ and: [{ status: "failed" }], path: "x" }, "where.path: unexpected beside and"],
    ["status", '"status" is not a condition'],
  ])("%j is refused with its place", async (where, message) => {
    const error = await refusal(devices(where));
    expect(error.status).toBe(400);
    expect(error.message).toContain(message);
  });
});

describe("order, values and counts", () => {
  test("what several questions share is counted as it was found", async () => {
    const { count, facets, entries } = await world.inventory.search({
      type: "Device",
      where: { and: [{ "rack.room.site": "OSA1" }, { status: "failed" }] },
      facets: ["rack.room.site.code"],
      count: true,
    });
    expect(entries.map(({ name }) => name)).toEqual(["db1"]);
    expect(count).toEqual({ value: 1, exact: true });
    expect(facets).toEqual({ "rack.room.site.code": [{ value: "OSA1", count: 1 }] });
    const { id } = entries[0] ?? { id: "" };
    const twice = { path: "id", op: "in", value: [id, id, "00000000-0000-7000-8000-000000000000"] };
    expect(await world.inventory.search({ where: twice, count: true })).toMatchObject({
      count: { value: 1, exact: true },
    });
  });

  test("pages follow any order both ways; what has no value comes last", async () => {
    for (const [sort, expected] of [
      ["position", [3, 12, 12, null]],
      ["-position", [12, 12, 3, null]],
      ["-purchased", ["2026-11-01", "2024-03-31", null, null]],
      ["rack.room.site.code", ["OSA1", "TYO7", null, null]],
    ] as const) {
      const seen: unknown[] = [];
      const found = new Set<string>();
      const path = sort.replace("-", "");
      let after: string | undefined;
      do {
        const page = await world.inventory.search({
          type: "Device",
          sort,
          select: [path],
          limit: 1,
          after,
        });
        seen.push(...page.entries.map(({ values }) => values?.[path]));
        for (const { name } of page.entries) found.add(name);
        after = page.next;
      } while (after !== undefined);
      expect(seen, sort).toEqual(expected);
      expect(found.size, sort).toBe(4);
    }
    const { next } = await world.inventory.search({ type: "Device", sort: "position", limit: 1 });
    const other = world.inventory.search({ type: "Device", sort: "-position", after: next });
    expect((await refusal(other)).message).toContain("in the same order");
    const many = world.inventory.search({ type: "Device", sort: "aliases" });
    expect((await refusal(many)).message).toContain("may lead to several values");
  });

  test.each([
    undefined,
    "serial",
    "-serial",
    "hostname",
    "-purchased",
    "rack.name",
    "-rack.room.site.code",
    "service.owner",
    "updated_at",
    "-updated_at",
    "-created_at",
  ])("entries found one by one and all at once come in the same order: by %s", async (sort) => {
    const all = await world.inventory.search({ type: "Device", sort, limit: 1000 });
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await world.inventory.search({ type: "Device", sort, limit: 1, after });
      seen.push(...page.entries.map(({ name }) => name));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(all.entries.map(({ name }) => name));
  });

  test("values of paths stand beside the entries", async () => {
    const { entries } = await world.inventory.search({
      type: "Device",
      where: { hostname: "db1" },
      select: [
        "rack.room.site",
        "aliases",
        "<Interface.device.name",
        "service.code",
        "position",
        "type",
      ],
    });
    expect(entries[0]?.values).toEqual({
      "rack.room.site": "OSA1",
      aliases: ["db-master", "db-a"],
      "<Interface.device.name": ["eth0"],
      "service.code": null,
      position: 3,
      type: "Device",
    });
  });

  test("facets and counts are of all that fit, not of the page", async () => {
    const { facets, count, entries } = await world.inventory.search({
      type: "Device",
      facets: ["status", "rack.room.site", "aliases"],
      count: true,
      limit: 1,
    });
    expect(entries).toHaveLength(1);
    expect(count).toEqual({ value: 4, exact: true });
    expect(facets?.["status"]).toEqual([
      { value: "active", count: 3 },
      { value: "failed", count: 1 },
    ]);
    expect(facets?.["rack.room.site"]).toEqual([
      { value: "OSA1", count: 1 },
      { value: "TYO7", count: 1 },
    ]);
    expect(facets?.["aliases"]).toHaveLength(3);
  });
});
