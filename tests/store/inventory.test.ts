import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { historyOf } from "../../src/engine/inventory-history.ts";
import { author, refusal, site, testInventory, type TestInventory } from "./inventory-site.ts";

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

describe("patch", () => {
  test("creates a version, keeps who, why and the difference", async () => {
    const { id } = await find("Device", "web012");
    const written = await world.inventory.patch(
      id,
      { status: "failed", rack: null },
      { author: { ...author, reason: "ディスク障害" } },
    );
    expect(written).toMatchObject({
      result: "updated",
      entry: { attributes: { status: "failed" } },
    });
    expect(written.entry.references).not.toHaveProperty("rack");
    const [latest, first] = await historyOf(world.inventory.ground, id);
    expect(latest).toMatchObject({
      op: "updated",
      actor: "sato",
      reason: "ディスク障害",
      ticket: "OPS-1",
      cause: { kind: "api" },
    });
    expect(latest?.changes.map(({ attribute }) => attribute)).toEqual(["rack", "status"]);
    expect(latest?.changes[1]).toEqual({ attribute: "status", before: "active", after: "failed" });
    expect(first).toMatchObject({ version: 1, op: "created" });
  });
  test("that changes nothing is unchanged", async () => {
    const { id, version } = await find("Device", "web012");
    const before = await rows();
    expect(await world.inventory.patch(id, { status: "failed" }, { author })).toMatchObject({
      result: "unchanged",
      entry: { version },
    });
    expect(await rows()).toBe(before);
  });
  test("for an older version merges what is disjoint and refuses what is not", async () => {
    const { entry } = await world.inventory.create(
      "Device",
      { hostname: "merge1", position: 1 },
      author,
    );
    await world.inventory.patch(entry.id, { position: 2 }, { author, ifVersion: 1 });
    const merged = await world.inventory.patch(
      entry.id,
      { face: "rear" },
      { author, ifVersion: 1 },
    );
    expect(merged.entry).toMatchObject({ version: 3, attributes: { position: 2, face: "rear" } });
    const error = await refusal(
      world.inventory.patch(entry.id, { position: 9 }, { author, ifVersion: 1 }),
    );
    expect(error).toMatchObject({
      code: "INVENTORY_STALE",
      status: 412,
      details: { version: 3, conflicts: [{ attribute: "position", base: 1, theirs: 2, yours: 9 }] },
    });
    expect(
      await refusal(world.inventory.patch(entry.id, { position: 9 }, { author, ifVersion: 77 })),
    ).toMatchObject({ status: 412 });
  });
  test("ten writers of one attribute at one version: one wins, nine are told", async () => {
    const { entry } = await world.inventory.create("Device", { hostname: "ten1" }, author);
    const ends = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        world.inventory.patch(entry.id, { position: n + 1 }, { author, ifVersion: 1 }),
      ),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await world.inventory.get(entry.id)).version).toBe(2);
  });
  test("a reference is held against its own types, also when another attribute refers to that entry", async () => {
    const { id } = await find("Device", "web012");
    const { id: serviceId } = await find("Service", "shop");
    const wrong = world.inventory.patch(id, { rack: serviceId }, { author });
    expect(await refusal(wrong)).toMatchObject({
      details: { errors: [{ path: "rack", message: expect.stringContaining("not a Rack") }] },
    });
    const [made] = await world.upsert({
      type: "Device",
      set: { hostname: "mixed1", service: "shop", rack: serviceId },
    });
    expect(made?.result).toBe("invalid");
  });
  test("names every error, and a taken key with its holder", async () => {
    const { id } = await find("Device", "web012");
    const invalid = await refusal(
      world.inventory.patch(id, { status: "broken", hostname: null }, { author }),
    );
    expect(invalid).toMatchObject({
      status: 422,
      details: {
        errors: [{ path: "status" }, { path: "hostname", message: "hostname is required" }],
      },
    });
    const taken = await refusal(
      world.inventory.create("Device", { hostname: "ＷＥＢ０１２" }, author),
    );
    expect(taken).toMatchObject({
      status: 409,
      details: { conflicts: [{ key: "hostname", value: "web012", entry: { id, name: "web012" } }] },
    });
  });
});

describe("delete and restore", () => {
  test("what is referred to stays, with the list of who refers", async () => {
    const { id } = await find("Service", "shop");
    const error = await refusal(world.inventory.remove(id, { author }));
    expect(error).toMatchObject({
      code: "INVENTORY_REFERENCED",
      details: { referrers: [{ type: "Device", name: "web012", attribute: "service" }] },
    });
  });
  test("cascades and unlinks in one changeset, and comes back", async () => {
    await world.upsert(
      { type: "Device", set: { hostname: "del1", asset_no: "D-1" } },
      { type: "Interface", set: { device: "del1", name: "eth0" } },
      {
        type: "IPAddress",
        set: { address: "10.9.9.9", interface: { device: "del1", name: "eth0" } },
      },
    );
    await world.upsert({ type: "Device", set: { hostname: "del1", primary_ip: "10.9.9.9" } });
    const device = await find("Device", "del1");
    const port = await find("Interface", { device: "del1", name: "eth0" });
    const { entry } = await world.inventory.remove(device.id, { author, ifVersion: 2 });
    expect(entry.deleted_at).not.toBeNull();
    expect((await world.inventory.get(port.id)).deleted_at).not.toBeNull();
    expect((await find("IPAddress", "10.9.9.9")).attributes).not.toHaveProperty("interface");
    expect((await refusal(find("Device", "del1"))).status).toBe(404);
    expect((await world.inventory.search({ text: "d-1" })).entries).toEqual([]);
    expect(
      (await refusal(world.inventory.patch(device.id, { position: 1 }, { author }))).message,
    ).toContain("it was deleted at");

    const restored = await world.inventory.restore(device.id, author);
    expect(restored.entry).toMatchObject({
      version: 4,
      deleted_at: null,
      attributes: { asset_no: "D-1" },
    });
    expect((await find("Device", "del1")).references["primary_ip"]).toMatchObject({
      name: "10.9.9.9",
    });
    expect((await historyOf(world.inventory.ground, device.id)).map(({ op }) => op)).toEqual([
      "restored",
      "deleted",
      "updated",
      "created",
    ]);
    expect((await refusal(world.inventory.restore(device.id, author))).message).toContain(
      "is not deleted",
    );
  });
  test("a restore whose key was given away is refused", async () => {
    const { entry } = await world.inventory.create("Device", { hostname: "gone1" }, author);
    await world.inventory.remove(entry.id, { author });
    await world.inventory.create("Device", { hostname: "gone1" }, author);
    expect(await refusal(world.inventory.restore(entry.id, author))).toMatchObject({ status: 409 });
  });
  test("a reference cannot be made while its target is being deleted", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { entry: rack } = await world.inventory.create(
        "Environment",
        { code: `env${round}` },
        author,
      );
      await Promise.allSettled([
        world.inventory.remove(rack.id, { author }),
        world.inventory.create(
          "Device",
          { hostname: `env-dev${round}`, environment: rack.id },
          author,
        ),
      ]);
    }
    const { rows: dangling } = await sql`
      select 1 from inv.edge g join inv.entry e on e.id = g.dst where e.deleted_at is not null`.execute(
      world.database.db,
    );
    expect(dangling).toEqual([]);
  });
});

test("derived rows are those that the documents alone would give", async () => {
  const { rows: entries } = await sql<{
    id: string;
    type: string;
    doc: Record<string, unknown>;
    deleted: boolean;
    search: string;
  }>`
    select e.id, t.name as type, e.doc, e.deleted_at is not null as deleted, e.search from inv.entry e join inv.type t on t.id = e.type_id`.execute(
    world.database.db,
  );
  const { derive } = await import("../../src/inventory/derive.ts");
  const expected = entries.flatMap(({ id, type, doc, deleted, search }) => {
    const known = world.inventory.type(type);
    const derived = derive(known, doc);
    if (deleted) return [];
    expect(search).toBe(derived.search);
    return [
      ...derived.edges.map(({ attr, ord, dst }) => `edge ${id} ${attr} ${ord} ${dst}`),
      ...derived.keys.map((key) => `key ${id} ${key.key_name} ${key.key_value}`),
      ...derived.index.map(
        (row) => `idx ${id} ${row.attr} ${row.t ?? row.net ?? row.n ?? row.d ?? row.ts}`,
      ),
    ];
  });
  const { rows: stored } = await sql<{ line: string }>`
    select 'edge ' || src || ' ' || attr || ' ' || ord || ' ' || dst as line from inv.edge
    union all select 'key ' || entry_id || ' ' || key_name || ' ' || key_value from inv.key
    union all select 'idx ' || entry_id || ' ' || attr || ' ' || coalesce(t, host(net), n::text, d::text, ts::text) from inv.idx`.execute(
    world.database.db,
  );
  expect(stored.map(({ line }) => line).toSorted()).toEqual(expected.toSorted());
  expect(expected.length).toBeGreaterThan(25);
});
