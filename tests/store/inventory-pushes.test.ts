/** What rules wrote into a service, and what the service says then. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { observeAll, readReport } from "../../src/engine/inventory-observe.ts";
import { notePushes, readPushes } from "../../src/engine/inventory-pushes.ts";
import { compileSources } from "../../src/inventory/sources.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { bundledTypes, declaration } from "../inventory/types.ts";
import { author, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  const types = bundledTypes();
  const document = { source: "taker", policy: "adopt" };
  const file = { ...declaration("taker", "{}"), kind: "inventory-source" as const, document };
  await world.inventory.reload(types, compileSources([file], types).sources);
});
afterAll(() => world[Symbol.asyncDispose]());

let tick = 0;
const role = (code: string, set: JsonObject = {}) => ({ type: "Role", set: { code, ...set } });
const news = async (): Promise<readonly unknown[]> =>
  (await sql`select trigger, payload from inv.signal`.execute(world.database.db)).rows;
const soon = (): string => {
  tick += 1;
  return new Date(Date.UTC(2026, 3, 1) + tick * 60_000).toISOString();
};
const pushed = (title: string | null) =>
  notePushes(
    world.inventory,
    readPushes({ source: "taker", items: [role("e1", { title })], pushed_at: soon() }),
    author,
  );
const said = async (title: string) => {
  const at = soon();
  const body = { source: "taker", items: [role("e1", { title })], observed_at: at };
  const { results } = await observeAll(world.inventory, readReport(body, at), author);
  return results.map(({ states }) => states);
};
const write = async (title: string) =>
  world.inventory.patch((await world.inventory.find("Role", "e1")).id, { title }, { author });
const titleNow = async () => (await world.inventory.find("Role", "e1")).attributes["title"];

describe("what we wrote into a service", () => {
  test("is no news when it comes back, also when the document went on meanwhile", async () => {
    await world.upsert(role("e1", { title: "one" }));
    expect(await pushed("one")).toMatchObject([{ result: "noted", name: "e1" }]);
    expect(await said("ＯＮＥ")).toEqual([{ title: "agreed" }]);
    await write("two");
    // The push of "two" is still on its way: taking over "one" would undo it.
    expect(await said("one")).toEqual([{ title: "holding" }]);
    expect(await titleNow()).toBe("two");
    await pushed("two");
    expect(await said("two")).toEqual([{ title: "agreed" }]);
    expect(await news()).toEqual([]);
    // Now somebody put the old value back there by hand.
    expect(await said("one")).toEqual([{ title: "agreed" }]);
    expect(await titleNow()).toBe("one");
  });

  test("counts more than a reading from before it", async () => {
    await write("three");
    const early = soon();
    await pushed("three");
    const items = [role("e1", { title: "one" })];
    const body = { source: "taker", items, observed_at: early };
    await observeAll(world.inventory, readReport(body, early), author);
    expect(await titleNow()).toBe("three");
  });

  test("is told of what there is not, and of what is wrong", async () => {
    const items = [role("nobody", { title: "x" }), { type: "Role", set: { code: "e1", title: 7 } }];
    const results = await notePushes(
      world.inventory,
      readPushes({ source: "taker", items }),
      author,
    );
    expect(results).toMatchObject([{ result: "unknown" }, { result: "invalid" }]);
    expect(() => readPushes({ source: "taker", items, pushed_at: "yesterday" })).toThrow(
      "expected 2026-04-01T09:00:00+09:00",
    );
  });
});
