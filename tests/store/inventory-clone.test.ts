import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cloneRequest } from "../../src/inventory/clone-request.ts";
import { namesAfter } from "../../src/inventory/clone.ts";
import { author, refusal, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
let nodeset = "";
const follow = [
  "<Device.nodeset",
  "<Device.nodeset.primary_ip",
  "<Device.nodeset.<Interface.device",
  "<Pool.nodeset.<Member.pool",
];
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
  const rack = { name: "A-07", room: { site: "TYO7", name: "1F" } };
  const results = await world.upsert(
    { type: "Environment", set: { code: "stg" } },
    { type: "Environment", set: { code: "prd" } },
    { type: "Prefix", set: { cidr: "10.7.0.0/28" } },
    { type: "Prefix", set: { cidr: "10.8.0.0/28" } },
    { type: "DeviceModel", set: { model: "R650", units: 2 } },
    { type: "NodeSet", set: { name: "NodeSet1", service: "shop", environment: "stg" } },
    ...[1, 2].flatMap((n) => [
      { type: "IPAddress", set: { address: `10.7.0.${n}` } },
      {
        type: "Device",
        set: {
          hostname: `web0${n}.shop`,
          serial: `S${n}`,
          aliases: [`www${n}`],
          model: "R650",
          nodeset: "NodeSet1",
          rack,
          position: n * 2 - 1,
          primary_ip: `10.7.0.${n}`,
          service: "shop",
        },
      },
      { type: "Interface", set: { device: `web0${n}.shop`, name: "eth0" } },
    ]),
    { type: "LoadBalancer", set: { name: "lb1" } },
    { type: "Pool", set: { lb: "lb1", name: "shop", backend: "shop", nodeset: "NodeSet1" } },
    ...[1, 2].map((n) => ({
      type: "Member",
      set: {
        pool: "shop",
        server: `web0${n}`,
        target: `web0${n}.shop`,
        ip: `10.7.0.${n}`,
        port: 80,
      },
    })),
  );
  const wrong = results.filter(({ error }) => error !== undefined);
  if (wrong.length > 0) throw new Error(JSON.stringify(wrong));
  const { id } = await world.inventory.find("NodeSet", "NodeSet1");
  await world.inventory.patch(
    id,
    {
      roles: [
        { label: "app", ref: "web01.shop" },
        { label: "lb", ref: "shop" },
      ],
    },
    { author },
  );
  nodeset = id;
});
afterAll(() => world[Symbol.asyncDispose]());

const clone = (body: Record<string, unknown>) =>
  world.inventory.clone(cloneRequest(nodeset, body), author);
const countOf = async (): Promise<number> =>
  (await sql<{ n: number }>`select count(*)::int as n from inv.entry`.execute(world.database.db))
    .rows[0]?.n ?? 0;

const next = (name: string): string => String(namesAfter(name).next().value);

test("names count up", () => {
  expect(["NodeSet1", "web009.shop", "db", "db.example", "r1-a", "09"].map(next)).toEqual([
    "NodeSet2",
    "web010.shop",
    "db-2",
    "db-2.example",
    "r2-a",
    "10",
  ]);
});

describe("a clone of a node set", () => {
  test("that is only tried leaves nothing", async () => {
    const before = await countOf();
    const { changeset, copies } = await clone({ follow, dry_run: true });
    expect(changeset).toBeNull();
    expect(copies).toHaveLength(10);
    expect(await countOf()).toBe(before);
  });

  test("is one changeset with names, addresses and rack units of its own", async () => {
    const { changeset, copies } = await clone({ follow, each: { Device: { status: "planned" } } });
    expect(copies.map(({ type, name }) => `${type} ${name}`).toSorted()).toEqual([
      "Device web03.shop",
      "Device web04.shop",
      "IPAddress 10.7.0.3",
      "IPAddress 10.7.0.4",
      "Interface eth0",
      "Interface eth0",
      "Member web01",
      "Member web02",
      "NodeSet NodeSet2",
      "Pool shop",
    ]);
    const root = await world.inventory.find("NodeSet", "NodeSet2");
    expect(root.references["roles"]).toMatchObject([
      { label: "app", name: "web03.shop" },
      { label: "lb", type: "Pool", name: "shop" },
    ]);
    const web = await world.inventory.find("Device", "web03.shop");
    expect(web.attributes).toMatchObject({
      status: "planned",
      position: 5,
      service: expect.any(String) as string,
    });
    expect(web.attributes).not.toHaveProperty("serial");
    expect(web.attributes).not.toHaveProperty("aliases");
    expect(web.references["nodeset"]).toMatchObject({ name: "NodeSet2" });
    expect(web.references["primary_ip"]).toMatchObject({ name: "10.7.0.3" });
    const second = await world.inventory.find("Device", "web04.shop");
    expect(second.attributes["position"]).toBe(7);
    const pools = await world.inventory.search({ type: "Pool", where: { nodeset: "NodeSet2" } });
    expect(pools.entries[0]?.attributes["backend"]).toBe("shop-2");
    const members = await world.inventory.search({
      type: "Member",
      where: { path: "pool.nodeset", op: "eq", value: "NodeSet2" },
      select: ["target.hostname", "ip.address"],
    });
    expect(members.entries.map(({ values }) => values)).toEqual([
      { "target.hostname": "web03.shop", "ip.address": "10.7.0.3" },
      { "target.hostname": "web04.shop", "ip.address": "10.7.0.4" },
    ]);
    const { rows } = await sql<{ n: number; size: number }>`
      select (select count(distinct r.entry_id)::int from inv.revision r where r.changeset_id = c.id) as n, c.size
      from inv.changeset c where c.id = ${changeset}::uuid`.execute(world.database.db);
    expect(rows[0]?.n).toBe(10);
    const undone = await world.inventory.revertChangeset(changeset ?? "", author);
    expect(undone.changes).toBeGreaterThan(0);
    expect((await refusal(world.inventory.find("NodeSet", "NodeSet2"))).code).toBe(
      "INVENTORY_ENTRY_UNKNOWN",
    );
  });

  test("goes where it is told: name, environment, renaming, pools", async () => {
    const { copies } = await clone({
      follow,
      name: "NodeSet1 production",
      set: { environment: "prd" },
      rename: [{ from: "web", to: "prd-web" }],
      allocate: { IPAddress: "10.8.0.0/28" },
    });
    expect(copies[0]).toMatchObject({ name: "NodeSet1 production", of: { name: "NodeSet1" } });
    expect(copies.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["prd-web01.shop", "prd-web02.shop", "10.8.0.1", "10.8.0.2"]),
    );
  });

  test("without a pool to take from, or with a wrong path, says what is missing and leaves nothing", async () => {
    const before = await countOf();
    const full = await refusal(clone({ follow, allocate: { IPAddress: "10.9.0.0/28" } }));
    expect(full.message).toContain("allocate.IPAddress");
    const wrong = await refusal(clone({ follow: ["<Device.nodest"] }));
    expect(wrong.message).toContain("did you mean nodeset?");
    const plain = await refusal(clone({ follow: ["name"] }));
    expect(plain.message).toContain("ends at a reference");
    const invalid = await refusal(clone({ follow, each: { Device: { status: "odd" } } }));
    expect(invalid.code).toBe("INVENTORY_INVALID");
    expect(await countOf()).toBe(before);
  });

  test("two at once get different names and places", async () => {
    const both = await Promise.all([clone({ follow }), clone({ follow })]);
    const names = both.flatMap(({ copies }) =>
      copies
        .filter(({ type }) => ["NodeSet", "Device", "IPAddress"].includes(type))
        .map(({ name }) => name),
    );
    expect(new Set(names).size).toBe(names.length);
  });
});
