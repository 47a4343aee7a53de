/** The past: entries and lists as they were, differences, changesets, and taking all of it back. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changesetNamed, changesets } from "../../src/engine/inventory-changesets.ts";
import { difference, entryAt, historyOf } from "../../src/engine/inventory-history.ts";
import { author, refusal, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
});
afterAll(() => world[Symbol.asyncDispose]());

const ground = () => world.inventory.ground;
const make = async (hostname: string, more: Record<string, unknown> = {}) =>
  (await world.inventory.create("Device", { hostname, ...more }, author)).entry;
const set = (id: string, patch: Record<string, unknown>) =>
  world.inventory.patch(id, patch, { author });
const latestChangeset = async (id: string) => (await historyOf(ground(), id))[0]?.changeset ?? "";
const attributes = async (id: string) => (await world.inventory.get(id)).attributes;

describe("an entry's past", () => {
  test("any two versions can be compared, with the names of that time", async () => {
    const rack = await world.inventory.create(
      "Rack",
      { name: "Z-01", room: { site: "TYO7", name: "1F" } },
      author,
    );
    const { id } = await make("past1", { position: 1 });
    await set(id, { rack: rack.entry.id, position: 2 });
    await world.inventory.patch(rack.entry.id, { name: "Z-99" }, { author });
    await set(id, { position: 3, status: "failed" });
    const changed = await difference(ground(), id, { from: 1, to: 3 });
    expect(changed.changes).toEqual([
      { attribute: "position", before: 1, after: 3 },
      { attribute: "rack", before: undefined, after: rack.entry.id },
      { attribute: "status", before: "active", after: "failed" },
    ]);
    expect((await difference(ground(), id, { from: 3, to: 1 })).changes[0]).toEqual({
      attribute: "position",
      before: 3,
      after: 1,
    });
    expect((await difference(ground(), id, { from: 1, to: undefined })).to).toBe(3);
    const [, second] = await historyOf(ground(), id);
    expect(second?.names).toEqual({ [rack.entry.id]: "Z-01" });
    const old = await entryAt(ground(), id, { version: 2 });
    expect(old.references["rack"]).toMatchObject([{ type: "Rack", name: "Z-01" }]);
    expect((await refusal(difference(ground(), id, { from: 9, to: 1 }))).status).toBe(404);
  });

  test("lists are as they were at a moment, deleted entries included and later ones left out", async () => {
    const gone = await make("asof1", { position: 7 });
    const stays = await make("asof2", { position: 8 });
    const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(
      world.database.db,
    );
    const at = rows[0]?.at.toISOString() ?? "";
    // The next millisecond: moments in JSON have no finer ones.
    const moment = new Date(Date.parse(at) + 1).toISOString();
    await sql`select pg_sleep(0.005)`.execute(world.database.db);
    await world.inventory.remove(gone.id, { author });
    await set(stays.id, { position: 9 });
    await make("asof3", { position: 8 });
    const where = { path: "hostname", op: "starts_with", value: "asof" };
    const names = async (query: object) =>
      (await world.inventory.search({ type: "Device", at: moment, where, ...query })).entries.map(
        ({ name, attributes: { position } }) => [name, position],
      );
    expect(await names({})).toEqual([
      ["asof1", 7],
      ["asof2", 8],
    ]);
    expect(
      await names({ where: { and: [where, { path: "position", op: "gt", value: 7 }] } }),
    ).toEqual([["asof2", 8]]);
    expect(await names({ sort: "-position" })).toEqual([
      ["asof2", 8],
      ["asof1", 7],
    ]);
    const path = { path: "rack.name", op: "exists" };
    const refused = await refusal(
      world.inventory.search({ type: "Device", at: moment, where: path }),
    );
    expect(refused.message).toContain("can only be asked of the present");
  });
});

describe("taking back", () => {
  test("an entry goes back to a version, or only some of its attributes do", async () => {
    const { id } = await make("back1", { position: 1, serial: "A" });
    await set(id, { position: 2, serial: "B" });
    await set(id, { position: 3, serial: "C", status: "failed" });
    const part = await world.inventory.revert(
      id,
      { version: 2, attributes: ["serial"] },
      { author },
    );
    expect(part.entry.attributes).toMatchObject({ position: 3, serial: "B", status: "failed" });
    const whole = await world.inventory.revert(id, { version: 1 }, { author });
    expect(whole.entry.attributes).toMatchObject({ position: 1, serial: "A", status: "active" });
    expect(whole.entry.version).toBe(5);
    const again = await world.inventory.revert(id, { version: 1 }, { author });
    expect(again.result).toBe("unchanged");
    await world.inventory.remove(id, { author });
    const restored = await world.inventory.revert(id, { version: 2 }, { author });
    expect(restored).toMatchObject({ result: "restored", entry: { deleted_at: null } });
    expect(restored.entry.attributes).toMatchObject({ serial: "B" });
    const wrong = world.inventory.revert(id, { version: 2, attributes: ["seriel"] }, { author });
    expect((await refusal(wrong)).message).toContain("did you mean serial?");
    expect((await refusal(world.inventory.revert(id, { version: 99 }, { author }))).status).toBe(
      400,
    );
  });

  test("a changeset goes back as a whole: what it made, changed and deleted", async () => {
    const changed = await make("cs1", { position: 1 });
    const deleted = await make("cs2");
    const results = await world.upsert(
      { type: "Device", set: { hostname: "cs1", position: 5 } },
      { type: "Device", set: { hostname: "cs3" } },
    );
    const made = results[1]?.id ?? "";
    const id = await latestChangeset(made);
    await world.inventory.remove(deleted.id, { author });
    // A later change of another attribute stays.
    await set(changed.id, { serial: "later" });
    expect(await changesetNamed(ground(), id)).toMatchObject({ size: 2, reverted_by: null });
    const { changes } = await world.inventory.revertChangeset(id, author);
    expect(changes).toBe(2);
    expect(await attributes(changed.id)).toMatchObject({ position: 1, serial: "later" });
    expect((await world.inventory.get(made)).deleted_at).not.toBeNull();
    const { changesets: latest } = await changesets(ground(), { limit: 1 });
    expect(latest[0]).toMatchObject({ reverts: id, actor: "sato" });
    expect((await changesetNamed(ground(), id)).reverted_by).toBe(latest[0]?.id);
    // Taking the revert back does it again.
    await world.inventory.revertChangeset(latest[0]?.id ?? "", author);
    expect(await attributes(changed.id)).toMatchObject({ position: 5, serial: "later" });
    expect((await world.inventory.get(made)).deleted_at).toBeNull();
    await world.inventory.revertChangeset(await latestChangeset(deleted.id), author);
    expect((await world.inventory.get(deleted.id)).deleted_at).toBeNull();
  });

  test("what is in the way is listed, and nothing is changed", async () => {
    const one = await make("way1", { position: 1 });
    await world.upsert(
      { type: "Device", set: { hostname: "way1", position: 2 } },
      { type: "Device", set: { hostname: "way2" } },
      { type: "Rack", set: { name: "W-01", room: { site: "TYO7", name: "1F" } } },
    );
    const id = await latestChangeset(one.id);
    await set(one.id, { position: 3 });
    await make("way3", { rack: { name: "W-01", room: { site: "TYO7", name: "1F" } } });
    const refused = await refusal(world.inventory.revertChangeset(id, author));
    expect(refused.status).toBe(409);
    expect(refused.details["conflicts"]).toMatchObject([
      { name: "way1", conflicts: [{ attribute: "position", theirs: 3, yours: 1 }] },
      {
        name: expect.stringContaining("W-01") as string,
        because: expect.stringContaining("way3") as string,
      },
    ]);
    expect(await attributes(one.id)).toMatchObject({ position: 3 });
    const unknown = world.inventory.revertChangeset("018f0000-0000-7000-8000-000000000000", author);
    expect((await refusal(unknown)).status).toBe(404);
  });
});
