import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changesets } from "../../src/engine/inventory-changesets.ts";
import { suggest } from "../../src/engine/inventory-deploy.ts";
import { readImport } from "../../src/engine/inventory-import-request.ts";
import { Imports } from "../../src/engine/inventory-imports.ts";
import { readInventoryGrant } from "../../src/inventory/grant.ts";
import { readSheets } from "../../src/sheets/read-file.ts";
import { grantedSite, names, type GrantedSite } from "./inventory-granted-site.ts";
import { author, refusal } from "./inventory-site.ts";

let world: GrantedSite;
beforeAll(async () => {
  world = await grantedSite();
});
afterAll(() => world[Symbol.asyncDispose]());
const id = (name: string): string => world.id(name);
const seenBy: GrantedSite["seenBy"] = (...given) => world.seenBy(...given);

describe("a grant on attributes", () => {
  const grant = { types: ["Device"], may: ["read", "write"], attributes: ["status", "service"] };

  test("shows these and the name, as everywhere", async () => {
    const seen = await seenBy("anybody", grant);
    const device = await seen.get(id("db001"));
    expect(device.attributes).toEqual({
      hostname: "db001",
      status: "failed",
      service: expect.any(String),
    });
    // The service may not be read: it is referred to, but has no name.
    expect(device.references).toEqual({
      service: { id: id("ledger"), type: "unknown", name: id("ledger") },
    });
    expect([...seen.known.byName.keys()]).toEqual(["Device"]);
    expect(await seen.counts()).toEqual(new Map([["Device", 3]]));
  });

  test("leaves nothing to guess by search, sort, facets, words and keys", async () => {
    const seen = await seenBy("anybody", grant);
    for (const query of [
      { where: { serial: "TOP-SECRET" } },
      { where: { path: "serial", op: "exists" } },
      { where: { path: "rack.name", op: "eq", value: "A-07" } },
      { where: { path: "service.code", op: "eq", value: "ledger" } },
      { sort: "serial" },
      { select: ["serial"] },
      { facets: ["serial"] },
      { type: "Rack" },
    ])
      expect((await refusal(seen.search(query))).message, JSON.stringify(query)).not.toContain(
        "TOP-SECRET",
      );
    expect(names(await seen.search({ text: "TOP-SECRET" }))).toEqual([]);
    expect(names(await seen.search({ text: "秘密" }))).toEqual([]);
    expect(names(await seen.search({ where: { not: { $text: "TOP-SECRET" } } }))).toHaveLength(3);
    expect(names(await seen.search({ text: "db00" }))).toEqual(["db001"]);
    expect((await refusal(seen.find("Device", "TOP-SECRET"))).status).toBe(404);
    expect((await refusal(seen.find("Device", { serial: "TOP-SECRET" }))).status).toBe(404);
    expect(await seen.findHost("TOP-SECRET")).toMatchObject({ found: false, candidates: [] });
    expect(await seen.findHost("db001")).toMatchObject({ found: true });
    expect(await suggest(seen, { type: ["Device"], text: "TOP" })).toEqual([]);
  });

  test("lets nobody write or probe what may not be read", async () => {
    const seen = await seenBy("anybody", grant);
    const error = await refusal(seen.patch(id("db001"), { serial: "TOP-SECRET" }, { author }));
    const unknown = await refusal(seen.patch(id("db001"), { serail: "x" }, { author }));
    expect([error.code, unknown.code]).toEqual(["INVENTORY_INVALID", "INVENTORY_INVALID"]);
    expect(error.message).toContain("has no attribute serial");
    expect(JSON.stringify([error.details, unknown.details])).not.toContain("asset_no");
    const { result, entry } = await seen.patch(id("db001"), { status: "active" }, { author });
    expect([result, entry.attributes]).toEqual([
      "updated",
      { hostname: "db001", status: "active", service: id("ledger") },
    ]);
    const whole = await world.inventory.get(id("db001"));
    expect(whole.attributes["serial"]).toBe("TOP-SECRET");
  });
});

describe("a grant on rows", () => {
  test("tells nothing of a version that was not in them, and changes nothing on its ground", async () => {
    const { entry } = await world.inventory.create(
      "Device",
      { hostname: "moved1", status: "failed", serial: "THEIRS" },
      author,
    );
    const own = { status: "active", serial: "OURS" };
    await world.inventory.patch(entry.id, own, { author });
    const seen = await seenBy("anybody", {
      types: ["Device"],
      may: ["read", "write"],
      where: { status: "active" },
    });
    for (const edit of [
      { serial: "MINE" },
      [{ op: "test", path: ["serial"], from: [], value: "THEIRS" }],
    ] as const) {
      const error = await refusal(seen.patch(entry.id, edit, { author, ifVersion: 1 }));
      expect(error).toMatchObject({ code: "INVENTORY_STALE", details: { conflicts: [] } });
      expect(JSON.stringify([error.message, error.details])).not.toContain("THEIRS");
    }
    const later = await seen.patch(entry.id, { serial: "MINE" }, { author, ifVersion: 2 });
    expect(later.result).toBe("updated");
  });
});

describe("grants", () => {
  test("on single entries, by name, key or id", async () => {
    const seen = await seenBy("anybody", {
      types: ["Device"],
      may: ["read"],
      entries: ["web013", { serial: "TOP-SECRET" }],
    });
    expect(names(await seen.search({}))).toEqual(["db001", "web013"]);
  });
  test("that except an attribute", async () => {
    const seen = await seenBy("anybody", {
      types: ["*"],
      may: ["read"],
      except: ["serial", "note"],
    });
    expect((await seen.get(id("db001"))).attributes).toMatchObject({
      status: "active",
      rack: id("A-07"),
    });
    expect(JSON.stringify(await seen.get(id("db001")))).not.toMatch(/TOP-SECRET|秘密/);
    expect(names(await seen.search({ text: "秘密" }))).toEqual([]);
    expect(names(await seen.search({ text: "六本木" }))).toEqual(["TYO7"]);
  });
  test("that would hide the name of an entry are void", async () => {
    const seen = await seenBy("anybody", {
      types: ["Device"],
      may: ["read"],
      except: ["hostname"],
    });
    expect([...seen.known.byName.keys()]).toEqual([]);
  });
  test("of reading alone let nobody write, delete, create, restore or take back", async () => {
    const seen = await seenBy("anybody", { types: ["*"], may: ["read"] });
    const device = id("db001");
    const [latest] = (await changesets(seen.ground, { limit: 1 })).changesets;
    const refusals = [
      refusal(seen.patch(device, { status: "retired" }, { author })),
      refusal(seen.remove(device, { author })),
      refusal(seen.create("Device", { hostname: "x" }, author)),
      refusal(seen.revert(device, { version: 1 }, { author })),
      refusal(seen.revertChangeset(latest?.id ?? "", author)),
      refusal(seen.allocate("VLAN", "nowhere", { count: 1, size: undefined, set: {}, author })),
      refusal(seen.available("VLAN", "nowhere", { count: 1, size: undefined })),
    ];
    expect((await Promise.all(refusals)).map(({ code }) => code)).toEqual(
      refusals.map(() => "INVENTORY_DENIED"),
    );
    const [result] = await seen.upsert(
      [
        {
          type: "Device",
          match: undefined,
          set: { hostname: "db001", status: "retired" },
          setOnce: {},
          add: {},
        },
      ],
      author,
    );
    expect(result).toMatchObject({ result: "invalid" });
  });
  test("let nobody import over what others own", async () => {
    const seen = await seenBy("anybody", { types: ["*"], may: ["read", "write", "create"] });
    const imports = new Imports(seen, readSheets, author.actor);
    const text = "hostname,status\ndb001,active\n";
    const given = { files: [{ name: "ops.csv", source: "ops-sheet", type: "Device", text }] };
    const { files, options } = readImport({ ...given, override: true });
    const error = await refusal(imports.stage(files, { options, author }));
    expect(error.code).toBe("INVENTORY_DENIED");
    const plain = readImport(given);
    await imports.stage(plain.files, { options: plain.options, author });
  });
  test.each([
    [{ types: ["Device"], may: ["raed"] }, "did you mean read?"],
    [{ types: [], may: ["read"] }, "types: expected"],
    [{ types: ["Device"], may: ["read"], wehre: {} }, "did you mean where?"],
    [{ types: ["Device"], may: ["read"], where: { path: "a", op: "eqq" } }, "is no operator"],
    ["read", "is not a grant"],
  ])("that make no sense are refused: %j", (given, message) => {
    expect(JSON.stringify(readInventoryGrant(given))).toContain(message);
  });
});
