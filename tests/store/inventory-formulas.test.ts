import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noCause } from "../../src/inventory/cause.ts";
import { compiled } from "../inventory/types.ts";
import { eventually } from "../support/eventually.ts";
import { author, refusal, testInventory, type TestInventory } from "./inventory-site.ts";

const rack = `
type: Rack
attributes:
  name: {type: string, required: true}
  units: {type: integer, default: 42}
  site: {type: string}
keys: [[name]]
`;
const device = `
type: Device
attributes:
  name: {type: string, required: true}
  rack: {type: ref, to: [Rack], on_delete: unlink}
  uses: {type: array, items: {type: ref, to: [Device], on_delete: unlink}}
  start: {type: date}
  end: {type: date}
  place: {type: string, computed: "rack ? rack.site & '/' & rack.name & '/' & name", index: lookup}
  room: {type: integer, computed: "rack.units * 2", index: range}
  sorted: {type: string, computed: "$join($sort(uses.name), ',')"}
  doubled: {type: integer, computed: "room * 2"}
  asked: {type: string, computed: "$now()"}
keys: [[name]]
validate:
  - {assert: "start <= end", message: {ja: 開始日が終了日より後です, en: It ends before it starts}, attribute: end}
  - {assert: "$count(uses) < 3", message: {ja: 多すぎます, en: It uses too many}}
`;

let world: TestInventory;
beforeAll(async () => {
  const { types, problems } = compiled(rack, device);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  world = await testInventory(() => undefined, types);
  await world.upsert({ type: "Rack", set: { name: "R1", site: "東京" } });
});
afterAll(() => world[Symbol.asyncDispose]());

const create = async (set: Record<string, unknown>) =>
  (await world.inventory.create("Device", set, author)).entry;
const get = (name: string) => world.inventory.find("Device", name);
const found = async (where: unknown): Promise<readonly string[]> =>
  (await world.inventory.search({ type: "Device", where })).entries.map(({ name }) => name);

describe("computed attributes", () => {
  test("are made of the entry and what it refers to, stored, indexed and searched", async () => {
    const entry = await create({ name: "web1", rack: "R1" });
    expect(entry.attributes).toMatchObject({ place: "東京/R1/web1", room: 84, doubled: 168 });
    expect(await found({ path: "room", op: "gt", value: 80 })).toContain("web1");
    expect(await found({ place: "東京/R1/web1" })).toEqual(["web1"]);
    const words = await world.inventory.search({ text: "東京/R1" });
    expect(words.entries.map(({ name }) => name)).toContain("web1");
  });
  test("that are not stored are made when somebody reads", async () => {
    const { id, attributes, version } = await create({ name: "clock" });
    expect(attributes["asked"]).toBe("2026-04-01T00:00:00.000Z");
    const { rows } = await sql<{
      doc: unknown;
    }>`select doc from inv.entry where id = ${id}`.execute(world.database.db);
    expect(rows[0]?.doc).not.toHaveProperty("asked");
    expect((await world.inventory.patch(id, { asked: null }, { author })).entry.version).toBe(
      version,
    );
    const error = await refusal(world.inventory.search({ type: "Device", where: { asked: "x" } }));
    expect(error.message).toContain("queries need stored: true");
  });
  test("cannot be written, but what was read may be sent back", async () => {
    const error = await refusal(create({ name: "no", room: 5 }));
    expect(error.details["errors"]).toMatchObject([
      { path: "room", message: "room is computed and cannot be written" },
    ]);
    const { id, attributes } = await create({ name: "back", rack: "R1" });
    expect((await world.inventory.patch(id, attributes, { author })).result).toBe("unchanged");
    const wrong = await refusal(world.inventory.patch(id, { room: 1 }, { author }));
    expect(wrong.code).toBe("INVENTORY_INVALID");
    const [upserted] = await world.upsert({ type: "Device", set: { name: "back", room: 1 } });
    expect(upserted?.error).toContain("room is computed");
  });
  test("follow what they read, in history and index, and what follows from that too", async () => {
    await world.upsert({ type: "Rack", set: { name: "R2", site: "大阪" } });
    const { id } = await create({ name: "moving", rack: "R2" });
    const events = async (): Promise<number> =>
      (
        await sql<{
          n: number;
        }>`select count(*)::int as n from inv.event where entry_id = ${id}`.execute(
          world.database.db,
        )
      ).rows[0]?.n ?? 0;
    const before = await events();
    const cause = { ...noCause, ruleChain: ["x.rule@1"], depth: 2 };
    await world.inventory.patch(
      (await world.inventory.find("Rack", "R2")).id,
      { units: 10, site: "名古屋" },
      { author: { ...author, cause } },
    );
    const entry = await get("moving");
    expect(entry.attributes).toMatchObject({ place: "名古屋/R2/moving", room: 20, doubled: 40 });
    expect(entry.version).toBe(2);
    expect(await events()).toBe(before + 1);
    expect(await found({ path: "room", op: "lt", value: 30 })).toContain("moving");
    const { rows } = await sql<{ origin_kind: string; rule_chain: string[]; depth: number }>`
      select c.origin_kind, c.rule_chain, c.depth from inv.revision r join inv.changeset c on c.id = r.changeset_id
      where r.entry_id = ${id} and r.version = 2`.execute(world.database.db);
    expect(rows).toEqual([{ origin_kind: "system", rule_chain: ["x.rule@1"], depth: 2 }]);
    // What no formula reads makes no work.
    await world.inventory.patch(
      (await world.inventory.find("Rack", "R2")).id,
      { note: "x" },
      { author },
    );
    expect((await get("moving")).version).toBe(2);
  });
  test("of lists and of entries of the same type", async () => {
    const a = await create({ name: "a1" });
    await create({ name: "a2" });
    await create({ name: "user", uses: ["a2", "a1"] });
    expect((await get("user")).attributes["sorted"]).toBe("a1,a2");
    await world.inventory.patch(a.id, { name: "a9" }, { author });
    expect((await get("user")).attributes["sorted"]).toBe("a2,a9");
  });
  test("of many readers are done in pieces, and what a killed process left is taken up", async () => {
    await world.upsert({ type: "Rack", set: { name: "R3", site: "福岡" } });
    await world.upsert(
      ...Array.from({ length: 450 }, (_, n) => ({
        type: "Device",
        set: { name: `many${n}`, rack: "R3" },
      })),
    );
    const { id } = await world.inventory.find("Rack", "R3");
    await world.inventory.patch(id, { units: 7 }, { author });
    const done = async (units: number): Promise<boolean> =>
      (
        await world.inventory.search({
          type: "Device",
          where: { rack: "R3", room: units * 2 },
          count: true,
        })
      ).count?.value === 450;
    const patience = { seconds: 90, everyMs: 250 };
    await eventually("computed with 7 units", () => done(7), patience);
    // As if the process had died after the commit.
    await sql`update inv.entry set doc = doc || '{"units": 8}' where id = ${id}`.execute(
      world.database.db,
    );
    await sql`insert into inv.stale (entry_id, cause) values (${id}, '{}')`.execute(
      world.database.db,
    );
    await create({ name: "next" });
    await world.inventory.patch((await get("a2")).id, { note: "knock" }, { author });
    await eventually("computed with 8 units", () => done(8), patience);
    const { rows } = await sql`select * from inv.stale`.execute(world.database.db);
    expect(rows).toEqual([]);
  }, 240_000);
  test("come back right when an entry is reverted", async () => {
    const { id } = await create({ name: "rev", rack: "R1" });
    await world.inventory.patch(id, { rack: null }, { author });
    expect((await get("rev")).attributes).not.toHaveProperty("place");
    await world.inventory.revert(id, { version: 1 }, { author });
    expect((await get("rev")).attributes["place"]).toBe("東京/R1/rev");
  });
});

describe("assertions", () => {
  test("refuse an entry with the type's own words in both languages", async () => {
    const error = await refusal(create({ name: "w", start: "2026-05-01", end: "2026-04-01" }));
    expect(error.details["errors"]).toEqual([
      {
        path: "end",
        message: "It ends before it starts",
        messages: { ja: "開始日が終了日より後です", en: "It ends before it starts" },
        expected: "start <= end",
      },
    ]);
  });
  test("hold where nothing is to be compared", async () => {
    expect((await create({ name: "open", start: "2026-05-01" })).version).toBe(1);
  });
  test("that fail to evaluate say so", async () => {
    const { types } = compiled(
      "type: T\nattributes: {n: {type: string}}\nvalidate: [{assert: '$number(n) > 1', message: x}]\ntitle: '{n}'",
    );
    await using other = await testInventory(() => undefined, types);
    const error = await refusal(other.inventory.create("T", { n: "abc" }, author));
    expect(error.message).toContain("cannot be evaluated");
  });
});
