/** Patches through the door: JSON Patch, and which version they are made for. */
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
const tested = (service: string) => [
  { op: "test", path: "/service", value: service },
  { op: "remove", path: "/service" },
];

describe("entries", () => {
  test("take a JSON Patch, done as a whole or not at all", async () => {
    const place = `/entries/${await create("api2p")}`;
    const bare = { "Content-Type": "application/json-patch+json" };
    const first = await call(
      "PATCH",
      place,
      [
        { op: "test", path: "/hostname", value: "api2p" },
        { op: "add", path: "/position", value: 3 },
      ],
      { ...bare, "If-Match": '"1"' },
    );
    expect(first).toMatchObject({
      status: 200,
      body: { result: "updated", entry: { version: 2, attributes: { position: 3 } } },
    });
    const failed = await call("PATCH", place, {
      operations: [
        { op: "add", path: "/face", value: "rear" },
        { op: "test", path: "/position", value: 4 },
      ],
      reason: "umbau",
    });
    expect(failed).toMatchObject({
      status: 409,
      body: { code: "INVENTORY_PATCH", operation: 1, op: "test", path: "/position", found: 3 },
    });
    expect((await call("GET", place)).body).toMatchObject({ version: 2 });
    const merged = await call("PATCH", place, [{ op: "add", path: "/face", value: "rear" }], {
      ...bare,
      "If-Match": '"1"',
    });
    expect(merged).toMatchObject({
      status: 200,
      body: { entry: { attributes: { position: 3, face: "rear" } } },
    });
    // What was relied on has changed since, though the change itself would fit.
    const relied = [
      { op: "test", path: "/hostname", value: "api2p" },
      { op: "copy", from: "/hostname", path: "/serial" },
    ];
    await call("PATCH", place, { attributes: { hostname: "api2q" } });
    expect(await call("PATCH", place, relied, { ...bare, "If-Match": '"1"' })).toMatchObject({
      status: 412,
      body: { conflicts: [{ attribute: "hostname", base: "api2p", theirs: "api2q" }] },
    });
    expect(
      await call("PATCH", place, [{ op: "add", path: "/positon", value: 3 }], bare),
    ).toMatchObject({ status: 422, body: { errors: [{ path: "positon", nearest: "position" }] } });
    expect(
      await call("PATCH", place, { attributes: { face: "front" }, operations: [] }),
    ).toMatchObject({ status: 400 });
  });
  test("a test of a JSON Patch compares what is meant, however it is written", async () => {
    const made = await call("POST", "/entries", {
      type: "Device",
      attributes: { hostname: "api2r", service: "shop" },
    });
    const place = made.headers.get("location") ?? "";
    const headers = { "Content-Type": "application/json-patch+json" };
    expect((await call("PATCH", place, tested("no such service"), headers)).status).toBe(409);
    expect((await call("PATCH", place, tested("shop"), headers)).body).toMatchObject({
      result: "updated",
    });
  });
  test.each([
    ["*", 200],
    ['"1", "2"', 200],
    ['"1"', 412],
    ['W/"2"', 412],
    ['"abc"', 412],
    ['"99"', 412],
    ["2", 400],
    ['"2', 400],
  ])("If-Match %s answers %i", async (tag, status) => {
    const place = `/entries/${await create(`tag${Math.random().toString(36).slice(2)}`)}`;
    await call("PATCH", place, { attributes: { position: 3 } });
    const late = await call("PATCH", place, { attributes: { position: 4 } }, { "If-Match": tag });
    expect(late.status).toBe(status);
  });
});
