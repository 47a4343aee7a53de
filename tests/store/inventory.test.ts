import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InventoryError } from "../../src/inventory/problem.ts";
import { author, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
});
afterAll(() => world[Symbol.asyncDispose]());

const find = (type: string, given: unknown) => world.inventory.find(type, given);
const refusal = async (work: Promise<unknown>): Promise<InventoryError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof InventoryError) return error;
  throw new Error(`expected a refusal, got ${String(error)}`);
};
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
      error: 'There is no entry type "Devise"; did you mean Device?.',
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
  test("twenty callers who create the same entry at once make one", async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        world.upsert({ type: "Device", set: { hostname: "race1" }, set_once: { position: n + 1 } }),
      ),
    );
    const kinds = results.map(([one]) => one?.result).toSorted();
    expect(kinds).toEqual(["created", ...Array.from({ length: 19 }, () => "unchanged")]);
    expect(new Set(results.map(([one]) => one?.id)).size).toBe(1);
  });
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
    const [latest, first] = await world.inventory.history(id);
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
    expect((await world.inventory.history(device.id)).map(({ op }) => op)).toEqual([
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

describe("search", () => {
  test("finds two-character Japanese, full-width and any case", async () => {
    const names = async (text: string) =>
      (await world.inventory.search({ text })).entries.map(({ name }) => name);
    expect(await names("六本")).toEqual(["TYO7"]);
    expect(await names("港区 ｔｙｏ７")).toEqual(["TYO7"]);
    expect(await names("大阪")).toEqual([]);
    expect(await names("r12345")).toEqual(["web012"]);
    expect(await names("100%")).toEqual([]);
  });
  test("filters by values, lists and references; unknown attributes are named", async () => {
    const names = async (where: Record<string, unknown>) =>
      (await world.inventory.search({ type: "Device", where })).entries.map(({ name }) => name);
    expect(await names({ status: "failed" })).toEqual(["web012"]);
    expect(await names({ aliases: "WWW-A" })).toEqual(["web012"]);
    expect(await names({ service: "shop" })).toEqual(["web012"]);
    expect(await names({ service: "nothing" })).toEqual([]);
    expect(await names({ position: "4" })).toEqual(["up1"]);
    expect((await refusal(names({ statis: "x" }))).message).toBe(
      "Device has no attribute statis; did you mean status?",
    );
    expect((await refusal(names({ status: "brokn" }))).status).toBe(400);
  });
  test("pages follow each other without gap or repetition while entries come and go", async () => {
    await using other = await testInventory();
    await other.upsert(
      ...Array.from({ length: 25 }, (_, n) => ({
        type: "Role",
        set: { code: `role${String(n).padStart(2, "0")}` },
      })),
    );
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await other.inventory.search({ type: "Role", limit: 10, after });
      seen.push(...page.entries.map(({ name }) => name));
      after = page.next;
      if (seen.length === 10) await other.upsert({ type: "Role", set: { code: "role00a" } });
    } while (after !== undefined);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `role${String(n).padStart(2, "0")}`));
    expect((await refusal(other.inventory.search({ after: "junk" }))).status).toBe(400);
  });
});

describe("host and owner", () => {
  test.each([
    ["web012", "name"],
    ["ＷＥＢ０１２．", "name"],
    ["www-a", "name"],
    ["web012.example.jp", "short-name"],
    ["Ｒ１２３４５", "asset"],
    ["10.1.2.3", "address"],
    ["web012:9100", "name"],
  ])("%s is found by its %s", async (text, by) => {
    expect(await world.inventory.findHost(text)).toMatchObject({
      found: true,
      host: { name: "web012" },
      matched: { by },
    });
  });
  test("an address leads over its interface to the machine", async () => {
    await world.upsert(
      { type: "VirtualMachine", set: { hostname: "vm1" } },
      { type: "Interface", set: { device: "vm1", name: "ens3" } },
      {
        type: "IPAddress",
        set: { address: "2001:db8::7", interface: { device: "vm1", name: "ens3" } },
      },
    );
    expect(await world.inventory.findHost("2001:0DB8::7")).toMatchObject({
      found: true,
      host: { name: "vm1" },
    });
  });
  test("nothing is guessed", async () => {
    expect(await world.inventory.findHost("web0")).toMatchObject({
      found: false,
      reason: "no host is called web0",
      candidates: [],
    });
    await world.upsert(
      { type: "Device", set: { hostname: "dup.a.jp" } },
      { type: "Device", set: { hostname: "dup.b.jp" } },
    );
    expect(await world.inventory.findHost("dup")).toMatchObject({
      found: false,
      reason: "2 hosts are called dup",
      candidates: [{ name: "dup.a.jp" }, { name: "dup.b.jp" }],
    });
    expect(await world.inventory.findHost("")).toMatchObject({
      found: false,
      reason: "the name is empty",
    });
  });
  test("a team's machine belongs to the team, and its lead decides", async () => {
    expect(await world.inventory.findOwner("web012")).toMatchObject({
      kind: "team",
      via: "service.owner",
      person: null,
      team: { code: "web-team" },
      leader: { login: "suzuki", jira_account: "a-1" },
      leader_via: "team.lead",
    });
  });
  test("a person is named only when the inventory names one", async () => {
    await world.upsert({
      type: "Device",
      set: { hostname: "own1", owner: "tanaka", service: "shop" },
    });
    expect(await world.inventory.findOwner("own1")).toMatchObject({
      kind: "person",
      via: "owner",
      person: { login: "tanaka", jira_account: "a-2" },
      team: { code: "web-team" },
      leader: { login: "suzuki" },
    });
  });
  test("nobody known: the site's leader", async () => {
    await world.upsert({ type: "Device", set: { hostname: "own2" } });
    const leader = { login: "leader", jira_account: "a-9" };
    expect(await world.inventory.findOwner("own2")).toMatchObject({
      kind: "unknown",
      person: null,
      leader,
      leader_via: "default_leader",
    });
    expect(await world.inventory.findOwner("no-such-host")).toMatchObject({
      kind: "unknown",
      host: null,
      leader,
      notes: ["no host is called no-such-host"],
    });
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
  expect(expected.length).toBeGreaterThan(80);
});
