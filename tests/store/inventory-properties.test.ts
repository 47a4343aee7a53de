/**
 * Whatever is done to the inventory, in whatever way and order: taking all of it back gives the state before, and the write path keeps the indexes
 * that a reindex would make.
 */
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { decideChange, proposeChange } from "../../src/engine/inventory-changes.ts";
import { decideDrift, drifts, readDriftQuery } from "../../src/engine/inventory-drift.ts";
import { Imports } from "../../src/engine/inventory-imports.ts";
import { observeAll, readReport } from "../../src/engine/inventory-observe.ts";
import { readChange } from "../../src/inventory/change-request.ts";
import { InventoryError } from "../../src/inventory/problem.ts";
import { compileSources } from "../../src/inventory/sources.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { readSheets } from "../../src/sheets/read-file.ts";
import { bundledTypes, compiled, declaration } from "../inventory/types.ts";
import { eventually } from "../support/eventually.ts";
import { migrations } from "../../src/engine/inventory-migration-view.ts";
import { author, site, testInventory, type TestInventory } from "./inventory-site.ts";
import { changesetsSince, reindexAll, revertAll, stateOf } from "./inventory-state.ts";

const declared = "[{ source: taker, policy: adopt }, { source: asker, policy: propose }]";
const room = { site: "TYO7", name: "1F" };
const hosts = ["p0", "p1", "p2", "p3"];

let world: TestInventory;
beforeAll(async () => {
  const types = bundledTypes();
  world = await testInventory(() => undefined, types);
  const files = (parse(declared) as readonly JsonObject[]).map((document, index) => ({
    ...declaration(`source${index}`, "{}"),
    kind: "inventory-source" as const,
    document,
  }));
  await world.inventory.reload(types, compileSources(files, types).sources);
  await world.upsert(
    ...site,
    ...["R0", "R1"].map((name) => ({ type: "Rack", set: { name, room } })),
    { type: "Device", set: { hostname: "p0", position: 3, note: "始め" } },
  );
}, 60_000);
afterAll(() => world[Symbol.asyncDispose]());

const host = fc.constantFrom(...hosts);
const set = fc.record(
  {
    position: fc.integer({ min: 1, max: 9 }),
    serial: fc.constantFrom("s1", "s2", "s3"),
    note: fc.constantFrom("六本木の機器", "plain", "="),
    rack: fc.constantFrom(...["R0", "R1"].map((name) => ({ name, room }))),
    purchased: fc.constantFrom("2020-10-01", "2023-10-01"),
  },
  { requiredKeys: [] },
);
const flat = fc.record(
  {
    position: fc.integer({ min: 1, max: 9 }),
    serial: fc.constantFrom("s1", "s2"),
    note: fc.constantFrom("x", "y"),
  },
  { minKeys: 1, requiredKeys: [] } as object,
);
const rows = fc.uniqueArray(fc.record({ hostname: host, set: flat }), {
  minLength: 1,
  maxLength: 3,
  selector: ({ hostname }) => hostname,
});

type Deed = () => Promise<unknown>;
const entryOf = async (hostname: string): Promise<string> => {
  const { entries } = await world.inventory.search({ type: "Device", where: { hostname } });
  return entries[0]?.id ?? "";
};
let gone: string[] = [];

const writes = fc.record({ hostname: host, set }).map(({ hostname, set: values }): Deed => {
  return () => world.upsert({ type: "Device", set: { hostname, ...values } });
});
const patches = fc.record({ hostname: host, serial: fc.constantFrom("s1", "s3", null) }).map(
  ({ hostname, serial }): Deed =>
    async () =>
      world.inventory.patch(await entryOf(hostname), { serial }, { author }),
);
const removals = host.map((hostname): Deed => async () => {
  const id = await entryOf(hostname);
  await world.inventory.remove(id, { author });
  gone.push(id);
});
const restores = fc.nat({ max: 3 }).map((index): Deed => {
  return () => world.inventory.restore(gone.at(-1 - index) ?? "", author);
});
const imports = fc
  .record({ rows, source: fc.constantFrom("ops", "admin") })
  .map(({ rows: list, source }): Deed => async () => {
    const columns = ["hostname", "position", "serial", "note"];
    const lines = list.map(({ hostname, set: values }) =>
      columns.map((name) => ({ hostname, ...values })[name as "note"] ?? "").join(),
    );
    const content = Buffer.from([columns.join(), ...lines, ""].join("\n")).toString("base64");
    const file = { name: `${source}.csv`, content, source, type: "Device" };
    const about = { sheet: undefined, columns: {}, asOf: undefined };
    const service = new Imports(world.inventory, readSheets, author.actor);
    const options = { authority: undefined, newest: false };
    const staged = await service.stage([{ ...file, ...about }], { options, author });
    await service.commit(staged.id, { author, skipErrors: true });
  });
const changeRequests = fc
  .record({ rows, remove: fc.option(host) })
  .map(({ rows: list, remove }): Deed => async () => {
    const items: JsonObject[] = [];
    for (const { hostname, set: attributes } of list) {
      const id = await entryOf(hostname);
      if (hostname === remove && id !== "") items.push({ op: "delete", type: "Device", id });
      else if (id !== "") items.push({ op: "update", type: "Device", id, attributes });
      else items.push({ op: "create", type: "Device", attributes: { hostname, ...attributes } });
    }
    const wanted = readChange({ title: "planned", items });
    const { id } = await proposeChange(world.inventory, wanted, author);
    const wish = { verb: "approve", comment: undefined, author } as const;
    await decideChange(world.inventory, String(id), wish);
  });
const reports = fc
  .record({
    rows,
    source: fc.constantFrom("taker", "asker"),
    decision: fc.constantFrom("approve", "reject", "enforce"),
  })
  .map(({ rows: list, source, decision }): Deed => async () => {
    const items = list.map(({ hostname, set: values }) => ({
      type: "Device",
      set: { hostname, ...values },
    }));
    await observeAll(
      world.inventory,
      readReport({ source, items }, new Date().toISOString()),
      author,
    );
    const open = await drifts(world.inventory, readDriftQuery({ source: "asker" }));
    for (const { id } of open.drifts)
      await decideDrift(world.inventory, String(id), {
        decision,
        comment: undefined,
        author,
      });
  });

/** What cannot be done is refused and leaves nothing behind. */
async function attempt(deed: Deed): Promise<void> {
  await deed().catch((error: unknown) => {
    if (!(error instanceof InventoryError)) throw error;
  });
}

test("taking back all changesets in reverse gives the state before, and reindex finds nothing to mend", async () => {
  const deeds = fc.oneof(writes, patches, removals, restores, imports, changeRequests, reports);
  await fc.assert(
    fc.asyncProperty(fc.array(deeds, { minLength: 1, maxLength: 7 }), async (list) => {
      gone = [];
      const before = await stateOf(world);
      const [last] = await changesetsSince(world, undefined);
      for (const deed of list) await attempt(deed);
      expect(await reindexAll(world)).toMatchObject({ mended: 0, doubles: [] });
      await revertAll(world, await changesetsSince(world, last));
      expect(await stateOf(world)).toEqual(before);
      expect(await reindexAll(world)).toMatchObject({ mended: 0, doubles: [] });
    }),
    { numRuns: 20 },
  );
}, 120_000);

const box = (attributes: string): string => `
type: Box
attributes:
  name: {type: string, required: true}
${attributes}
keys: [[name]]`;
const versions = [
  box("  size: {type: string}\n  colour: {type: string, index: lookup}"),
  box("  size: {type: integer, index: range}\n  paint: {type: string, renamed_from: colour}"),
  box(
    "  size: {type: string}\n  colour: {type: string}\n  kind: {type: string, required: true, default: plain}",
  ),
].map((text) => compiled(text).types);

const boxDeed = fc.record({
  what: fc.constantFrom("write", "write", "remove", "restore", "type", "type"),
  name: fc.constantFrom("a", "b"),
  size: fc.integer({ min: 1, max: 9 }),
  shade: fc.constantFrom("red", "blue"),
  version: fc.nat({ max: versions.length - 1 }),
});

test("so it is when types changed in between: put back first, then what followed them", async () => {
  await using other = await testInventory(() => undefined, versions[0]);
  await other.upsert({ type: "Box", set: { name: "a", size: "1", colour: "red" } });
  let version = 0;
  const turn = async (next: number): Promise<void> => {
    version = next;
    await other.inventory.reload(versions[next] ?? compiled().types);
    await eventually("all entries follow the type", async () => {
      const all = await migrations(other.inventory);
      return all.every(({ state }) => state === "finished" || state === "superseded");
    });
  };
  type BoxDeed = typeof boxDeed extends fc.Arbitrary<infer One> ? One : never;
  const act = async ({ what, name, size, shade, version: next }: BoxDeed): Promise<void> => {
    if (what === "type") return turn(next === version ? (version + 1) % versions.length : next);
    const id = await idOf(other, name);
    const values = version === 1 ? { size, paint: shade } : { size: String(size), colour: shade };
    const work = {
      write: () => other.upsert({ type: "Box", set: { name, ...values } }),
      remove: () => other.inventory.remove(id, { author }),
      restore: () => other.inventory.restore(id, author),
    };
    return attempt(work[what as "write"]);
  };
  await fc.assert(
    fc.asyncProperty(fc.array(boxDeed, { minLength: 2, maxLength: 6 }), async (list) => {
      const before = await stateOf(other);
      const undo: (() => Promise<void>)[] = [];
      for (const one of list) {
        const was = version;
        const [last] = await changesetsSince(other, undefined);
        await act(one);
        const made = await changesetsSince(other, last);
        undo.push(async () => {
          if (one.what === "type") await turn(was);
          await revertAll(other, made);
        });
      }
      expect(await reindexAll(other)).toMatchObject({ mended: 0, doubles: [] });
      for (const back of undo.toReversed()) await back();
      expect(await stateOf(other)).toEqual(before);
      expect(await reindexAll(other)).toMatchObject({ mended: 0, doubles: [] });
    }),
    { numRuns: 10 },
  );
}, 120_000);

/** The last entry of that name, also a deleted one. */
async function idOf({ database }: TestInventory, name: string): Promise<string> {
  const { rows: found } = await sql<{ id: string }>`
    select id from inv.entry where name = ${name} order by id desc limit 1`.execute(database.db);
  return found[0]?.id ?? "";
}
