import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { Inventory } from "../../src/engine/inventory.ts";
import { migrations, misfits } from "../../src/engine/inventory-migration-view.ts";
import { ownerSettings } from "../../src/inventory/owner.ts";
import { compiled } from "../inventory/types.ts";
import { eventually } from "../support/eventually.ts";
import { answer, author, refusal, testInventory, type TestInventory } from "./inventory-site.ts";

const typesOf = (...texts: readonly string[]) => {
  const { types, problems } = compiled(...texts);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return types;
};
const box = (attributes: string, rest = "keys: [[name]]"): string => `
type: Box
attributes:
  name: {type: string, required: true}
${attributes}
${rest}`;
const first = box("  size: {type: string}\n  colour: {type: string}\n  old: {type: string}");

const holder = (attribute: string) => `
type: Holder
attributes:
  name: {type: string, required: true}
  box: ${attribute}
keys: [[name]]`;

interface State {
  readonly state: string;
  readonly total: number;
  readonly done: number;
  readonly changed: number;
  readonly unfit: number;
}
const states = async ({ database }: TestInventory): Promise<readonly State[]> =>
  (
    await sql<State>`select state, total, done, changed, unfit from inv.type_migration order by type_id, schema_version`.execute(
      database.db,
    )
  ).rows;
const finished = (world: TestInventory) =>
  eventually("all migrations are finished", async () => {
    const all = await states(world);
    return all.length > 0 && all.every(({ state }) => state !== "running") ? all : undefined;
  });

describe("a changed type", () => {
  test("brings its entries along: renamed, cast, filled, removed and indexed, without events", async () => {
    await using world = await testInventory(() => undefined, typesOf(first));
    await world.upsert(
      { type: "Box", set: { name: "a", size: "10", colour: "red", old: "x" } },
      { type: "Box", set: { name: "b", size: "large" } },
      { type: "Box", set: { name: "c" } },
    );
    const { rows: before } = await sql`select * from inv.event`.execute(world.database.db);
    await world.inventory.reload(
      typesOf(
        box(
          "  size: {type: integer, index: range}\n  paint: {type: string, renamed_from: colour}\n  kind: {type: string, required: true, default: plain}\n  twice: {type: integer, computed: 'size * 2', index: range}",
        ),
      ),
    );
    expect(await finished(world)).toEqual([
      { state: "finished", total: 3, done: 3, changed: 2, unfit: 1 },
    ]);
    const a = await world.inventory.find("Box", "a");
    expect(a.attributes).toEqual({ name: "a", size: 10, paint: "red", kind: "plain", twice: 20 });
    expect(a.version).toBe(2);
    const found = await world.inventory.search({
      type: "Box",
      where: { path: "twice", op: "gt", value: 5 },
    });
    expect(found.entries.map(({ name }) => name)).toEqual(["a"]);
    const { rows: after } = await sql`select * from inv.event`.execute(world.database.db);
    expect(after).toEqual(before);
    expect(await migrations(world.inventory)).toMatchObject([
      {
        type: "Box",
        schema_version: 2,
        state: "finished",
        total: 3,
        done: 3,
        unfit: 1,
        error: null,
      },
    ]);
    const unfit = {
      ground: world.inventory.ground,
      type: (name: string) => world.inventory.type(name),
    };
    expect(await misfits(unfit, "Box")).toMatchObject([
      { name: "b", schema_version: 2, problems: [{ path: "size" }] },
    ]);
    // The misfit is as it was, and listed.
    const { rows: kept } = await sql<{
      problems: unknown;
    }>`select problems from inv.misfit`.execute(world.database.db);
    expect(kept).toMatchObject([{ problems: [{ path: "size" }] }]);
    const b = await world.inventory.find("Box", "b");
    expect(b.attributes).toEqual({ name: "b", size: "large" });
    // Whoever writes it is told, and repairs it by the same write.
    const error = await refusal(world.inventory.patch(b.id, { kind: "odd" }, { author }));
    expect(error.details["errors"]).toMatchObject([{ path: "size" }]);
    const repaired = await world.inventory.patch(b.id, { size: 3 }, { author });
    expect(repaired.entry.attributes).toEqual({ name: "b", size: 3, kind: "plain", twice: 6 });
  });

  test("does not stand in the way of taking back what was done before it", async () => {
    await using world = await testInventory(
      () => undefined,
      typesOf(
        box(
          "  gb: {type: integer}\n  colour: {type: string}\n  size: {type: string}\n  old: {type: string}",
        ),
      ),
    );
    const set = { name: "a", gb: 2, colour: "red", size: "10", old: "x" };
    const { entry } = await world.inventory.create("Box", set, author);
    const changeset = "01980000-0000-7000-8000-00000000abcd";
    await world.inventory.patch(
      entry.id,
      { gb: 4, colour: "blue", size: "12", old: "y" },
      { author: { ...author, changeset } },
    );
    await world.inventory.reload(
      typesOf(
        box(
          "  mb: {type: integer, renamed_from: gb, convert: 'value * 1024'}\n  paint: {type: string, renamed_from: colour}\n  size: {type: integer}\n  kind: {type: string}",
        ),
      ),
    );
    await finished(world);
    const present = { name: "a", mb: 4096, paint: "blue", size: 12 };
    const past = { name: "a", mb: 2048, paint: "red", size: 10 };
    const { id } = entry;
    expect((await world.inventory.get(id)).attributes).toEqual(present);
    // One attribute, then the whole entry, then the changeset: each in words of today.
    const one = await world.inventory.revert(id, { version: 1, attributes: ["paint"] }, { author });
    expect(one.entry.attributes).toEqual({ ...present, paint: "red" });
    await world.inventory.patch(id, { kind: "since" }, { author });
    const whole = await world.inventory.revert(id, { version: 1 }, { author });
    expect(whole.entry.attributes).toEqual(past);
    await world.inventory.patch(
      id,
      { mb: 4096, paint: "blue", size: 12, kind: "later" },
      { author },
    );
    expect(await world.inventory.revertChangeset(changeset, author)).toEqual({ changes: 1 });
    expect((await world.inventory.get(id)).attributes).toEqual({ ...past, kind: "later" });
  });

  test("in its labels alone makes no new version", async () => {
    await using world = await testInventory(() => undefined, typesOf(first));
    await world.inventory.reload(
      typesOf(first.replace("type: Box", "type: Box\nlabel: {ja: 箱, en: Box}")),
    );
    expect(await states(world)).toEqual([]);
    expect(world.inventory.type("Box")).toMatchObject({ schemaVersion: 1, label: { ja: "箱" } });
  });

  test("converts by a formula once, through several versions, and what somebody writes meanwhile counts", async () => {
    await using world = await testInventory(() => undefined, typesOf(box("  gb: {type: integer}")));
    await world.upsert(...["a", "b"].map((name) => ({ type: "Box", set: { name, gb: 2 } })));
    await world.inventory.reload(
      typesOf(box("  mb: {type: integer, renamed_from: gb, convert: 'value * 1024'}")),
    );
    await world.inventory.reload(
      typesOf(
        box(
          "  mb: {type: integer, renamed_from: gb, convert: 'value * 1024'}\n  unit: {type: string, required: true, default: MB}",
        ),
      ),
    );
    await finished(world);
    expect((await world.inventory.find("Box", "a")).attributes).toEqual({
      name: "a",
      mb: 2048,
      unit: "MB",
    });
    // As the entries are when somebody writes one before its turn comes.
    await sql`update inv.entry set schema_version = 1, doc = doc - 'mb' - 'unit' || '{"gb": 2}'`.execute(
      world.database.db,
    );
    const [a, b] = await Promise.all(["a", "b"].map((name) => world.inventory.find("Box", name)));
    await world.inventory.patch(a?.id ?? "", { note: "seen" }, { author });
    await world.inventory.patch(b?.id ?? "", { mb: 5 }, { author });
    expect((await world.inventory.get(a?.id ?? "")).attributes).toMatchObject({
      mb: 2048,
      unit: "MB",
    });
    expect((await world.inventory.get(b?.id ?? "")).attributes).toEqual({
      name: "b",
      mb: 5,
      unit: "MB",
    });
  });

  test("with a new key names the entries that share it", async () => {
    await using world = await testInventory(() => undefined, typesOf(first));
    await world.upsert(
      ...["a", "b", "c"].map((name) => ({
        type: "Box",
        set: { name, colour: name === "c" ? "red" : "blue" },
      })),
    );
    await world.inventory.reload(
      typesOf(first.replace("keys: [[name]]", "keys: [[name], [colour]]")),
    );
    expect(await finished(world)).toMatchObject([{ done: 3, unfit: 1 }]);
    expect((await world.inventory.find("Box", "red")).name).toBe("c");
    expect((await world.inventory.find("Box", "blue")).name).toBe("a");
  });

  test("makes text of references and references of text", async () => {
    await using world = await testInventory(
      () => undefined,
      typesOf(first, holder("{type: string}")),
    );
    await world.upsert(
      { type: "Box", set: { name: "a" } },
      { type: "Holder", set: { name: "h", box: "a" } },
    );
    await world.inventory.reload(typesOf(first, holder("{type: ref, to: [Box]}")));
    await finished(world);
    expect((await world.inventory.find("Holder", "h")).references["box"]).toMatchObject({
      name: "a",
    });
    await world.inventory.reload(typesOf(first, holder("{type: string}")));
    await finished(world);
    expect((await world.inventory.find("Holder", "h")).attributes["box"]).toBe("a");
  });

  test("that refers to something else names the entries whose references do not fit", async () => {
    const other = "type: Shelf\nattributes:\n  name: {type: string}\nkeys: [[name]]";
    await using world = await testInventory(
      () => undefined,
      typesOf(first, other, holder("{type: ref, to: [Box, Shelf]}")),
    );
    await world.upsert(
      { type: "Box", set: { name: "a" } },
      { type: "Shelf", set: { name: "s" } },
      { type: "Holder", set: { name: "h", box: { name: "a" } } },
      { type: "Holder", set: { name: "i", box: "s" } },
    );
    await world.inventory.reload(typesOf(first, other, holder("{type: ref, to: [Shelf]}")));
    expect(await finished(world)).toMatchObject([{ done: 2, unfit: 1 }]);
    const { ground } = world.inventory;
    const type = (name: string) => world.inventory.type(name);
    expect(await misfits({ ground, type }, "Holder")).toMatchObject([
      { name: "h", problems: [{ path: "box", expected: "a Shelf by id, name or key" }] },
    ]);
    // The next write has to set it right, and may.
    const { id } = await world.inventory.find("Holder", "h");
    expect((await refusal(world.inventory.patch(id, { note: "x" }, { author }))).code).toBe(
      "INVENTORY_INVALID",
    );
    await world.inventory.patch(id, { box: "s" }, { author });
  });

  test("of another name keeps its entries", async () => {
    await using world = await testInventory(() => undefined, typesOf(first));
    await world.upsert({ type: "Box", set: { name: "a" } });
    await world.inventory.reload(
      typesOf(first.replace("type: Box", "type: Crate\nrenamed_from: Box")),
    );
    expect((await world.inventory.find("Crate", "a")).type).toBe("Crate");
  });

  test("goes on where a killed process stopped, in another one", async () => {
    await using world = await testInventory(() => undefined, typesOf(first));
    const names = Array.from({ length: 1200 }, (_, n) => `box${n}`);
    await world.upsert(...names.map((name) => ({ type: "Box", set: { name, size: "1" } })));
    const types = typesOf(
      first.replace("size: {type: string}", "size: {type: integer, index: range}"),
    );
    // As a process leaves it that did one piece and died.
    await world.inventory.reload(types);
    await finished(world);
    await sql`update inv.type_migration set state = 'running', finished_at = null, done = 500, changed = 500,
      after = (select id from inv.entry order by id offset 499 limit 1)`.execute(world.database.db);
    await sql`update inv.entry set schema_version = 1, doc = doc || '{"size": "1"}'
      where id > (select after from inv.type_migration)`.execute(world.database.db);
    await Inventory.open({
      database: world.database,
      types,
      owners: ownerSettings({}),
      timeZone: "Asia/Tokyo",
      answer,
    });
    expect(await finished(world)).toMatchObject([{ state: "finished", done: 1200, changed: 1200 }]);
    const { rows } =
      await sql`select 1 from inv.entry where schema_version < 2 or jsonb_typeof(doc->'size') <> 'number'`.execute(
        world.database.db,
      );
    expect(rows).toEqual([]);
  });
});
