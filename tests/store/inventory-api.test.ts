import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inventoryDoor, type InventoryDoor } from "./inventory-door.ts";
import { site } from "./inventory-site.ts";

let door: InventoryDoor;
beforeAll(async () => {
  door = await inventoryDoor();
  await door.world.upsert(...site);
});
afterAll(() => door[Symbol.asyncDispose]());

const call: InventoryDoor["call"] = (...asked) => door.call(...asked);
const create: InventoryDoor["create"] = (hostname) => door.create(hostname);

describe("types", () => {
  test("are listed with labels and counts, and shown with their attributes", async () => {
    const { body } = await call("GET", "/types");
    expect(body["types"]).toContainEqual(
      expect.objectContaining({
        name: "Person",
        label: { ja: "担当者", en: "Person" },
        entries: 3,
      }),
    );
    const device = await call("GET", "/types/Device");
    expect(device.body["attributes"]).toContainEqual(
      expect.objectContaining({
        name: "rack",
        type: "ref",
        to: ["Rack"],
        label: { ja: "ラック", en: "Rack" },
      }),
    );
    expect(await call("GET", "/types/Devise")).toMatchObject({
      status: 404,
      body: { code: "INVENTORY_TYPE_UNKNOWN", nearest: "Device" },
    });
  });
});

describe("entries", () => {
  test("are created with a place and an ETag, and read with If-None-Match", async () => {
    const made = await call("POST", "/entries", {
      type: "Device",
      attributes: { hostname: "api1", service: "shop" },
      reason: "新規",
      ticket: "OPS-3",
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        result: "created",
        entry: { name: "api1", version: 1, references: { service: { name: "shop" } } },
      },
    });
    expect(made.headers.get("etag")).toBe('"1"');
    const place = made.headers.get("location") ?? "";
    expect(await call("GET", place)).toMatchObject({ status: 200, body: { name: "api1" } });
    expect(
      (
        await call("GET", place, undefined, {
          "If-None-Match": '"1"',
          "Cache-Control": "max-age=0",
        })
      ).status,
    ).toBe(304);
    const { body } = await call("GET", `${place}/history`);
    expect(body).toMatchObject({
      revisions: [{ actor: "tanaka", reason: "新規", ticket: "OPS-3", op: "created" }],
    });
  });
  test("are patched; If-Match refuses what was changed meanwhile and merges the rest", async () => {
    const place = `/entries/${await create("api2")}`;
    const first = await call(
      "PATCH",
      place,
      { attributes: { position: 3 } },
      { "If-Match": '"1"' },
    );
    expect([first.status, first.headers.get("etag")]).toEqual([200, '"2"']);
    const merge = await call(
      "PATCH",
      place,
      { face: "rear" },
      {
        "If-Match": '"1"',
        "Content-Type": "application/merge-patch+json",
        "X-Raicho-Reason": encodeURIComponent("向きの修正"),
      },
    );
    expect(merge).toMatchObject({
      status: 200,
      body: { result: "updated", entry: { attributes: { position: 3, face: "rear" } } },
    });
    const late = await call("PATCH", place, { attributes: { position: 4 } }, { "If-Match": '"1"' });
    expect(late).toMatchObject({
      status: 412,
      body: {
        code: "INVENTORY_STALE",
        version: 3,
        conflicts: [{ attribute: "position", theirs: 3, yours: 4 }],
      },
    });
    expect(late.headers.get("content-type")).toContain("application/problem+json");
    expect((await call("GET", `${place}/history?limit=1`)).body).toMatchObject({
      revisions: [{ version: 3, reason: "向きの修正" }],
    });
    expect((await call("PATCH", place, { attributes: { face: "rear" } })).body).toMatchObject({
      result: "unchanged",
    });
    expect((await call("PATCH", place, { attributes: {} }, { "If-Match": "7" })).status).toBe(400);
  });
  test("are deleted and restored", async () => {
    const place = `/entries/${await create("api3")}`;
    expect(await call("DELETE", place, undefined, { "If-Match": '"9"' })).toMatchObject({
      status: 412,
    });
    expect(await call("DELETE", place)).toMatchObject({ status: 200, body: { result: "deleted" } });
    expect(await call("PATCH", place, { attributes: { position: 1 } })).toMatchObject({
      status: 404,
    });
    expect(await call("POST", `${place}/restore`, { reason: "誤り" })).toMatchObject({
      status: 200,
      body: { entry: { version: 3 } },
    });
  });
  test("that are not valid come back with every error", async () => {
    const { status, body } = await call("POST", "/entries", {
      type: "Device",
      attributes: { position: "high", rack: "R9", hostnme: "x" },
    });
    expect(status).toBe(422);
    expect((body["errors"] as { path: string }[]).map(({ path }) => path)).toEqual([
      "position",
      "rack",
      "hostnme",
      "hostname",
    ]);
    expect(await call("POST", "/entries", { attributes: {} })).toMatchObject({
      status: 400,
      body: { detail: "type is missing; expected the name of a type" },
    });
    expect(
      await call("POST", "/entries", { type: "Device", attributes: { hostname: "web012" } }),
    ).toMatchObject({ status: 409, body: { code: "INVENTORY_KEY_TAKEN" } });
    expect(await call("GET", "/entries/7")).toMatchObject({
      status: 400,
      body: { detail: '"7" is not an id of an entry; expected a UUID' },
    });
    expect(await call("GET", "/entries/0190a1b2-0000-7000-8000-000000000001")).toMatchObject({
      status: 404,
    });
  });
});

describe("finding", () => {
  test("by words, filters and pages", async () => {
    expect((await call("GET", `/entries?q=${encodeURIComponent("六本")}`)).body).toMatchObject({
      entries: [{ name: "TYO7" }],
    });
    expect(
      (await call("GET", "/entries?type=Device&service=shop&status=active&q=r12345")).body,
    ).toMatchObject({ entries: [{ name: "web012" }] });
    const first = await call("GET", "/entries?type=Person&limit=2");
    const second = await call(
      "GET",
      `/entries?type=Person&limit=2&after=${String(first.body["next"])}`,
    );
    expect([first, second].map(({ body }) => (body["entries"] as unknown[]).length)).toEqual([
      2, 1,
    ]);
    expect(second.body).not.toHaveProperty("next");
    expect(
      (await call("POST", "/search", { type: "Device", where: { aliases: "www-a" } })).body,
    ).toMatchObject({ entries: [{ name: "web012" }] });
    expect(await call("GET", "/entries?type=Device&statis=x")).toMatchObject({
      status: 400,
      body: { nearest: "status" },
    });
    expect(await call("GET", "/entries?limit=many")).toMatchObject({ status: 400 });
    expect(await call("GET", "/entries?limit=1001")).toMatchObject({ status: 400 });
  });
  test("hosts and owners", async () => {
    expect((await call("GET", "/hosts?q=WEB012.example.jp")).body).toMatchObject({
      found: true,
      host: { name: "web012" },
    });
    expect((await call("GET", "/owners?host=web012")).body).toMatchObject({
      kind: "team",
      leader: { login: "suzuki" },
    });
  });
});

test("upsert takes many items and answers each", async () => {
  const items = [
    { type: "Role", set: { code: "db" } },
    { type: "Role", set: { code: "db" } },
    { type: "Role", set: {} },
  ];
  expect(await call("POST", "/upsert", { items, source: "sheet-1" })).toMatchObject({
    status: 200,
    body: { results: [{ result: "created" }, { result: "unchanged" }, { result: "invalid" }] },
  });
  expect(await call("POST", "/upsert", { items: {} })).toMatchObject({ status: 400 });
  expect(await call("POST", "/upsert", { items: [{ type: "Role", match: 3 }] })).toMatchObject({
    status: 400,
    body: { detail: "items[0].match: expected a list of attribute names or of lists of them" },
  });
});
