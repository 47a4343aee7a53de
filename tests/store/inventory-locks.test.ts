/** Edits of attributes that another source owns: by hand, by programs, by spreadsheets, by proposed changes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimsAbout } from "../../src/engine/inventory-drift.ts";
import { readImport } from "../../src/engine/inventory-import-request.ts";
import { Imports } from "../../src/engine/inventory-imports.ts";
import { observeAll, readReport } from "../../src/engine/inventory-observe.ts";
import { compileSources } from "../../src/inventory/sources.ts";
import { readUpsertItem } from "../../src/inventory/upsert.ts";
import { isObject, type JsonObject } from "../../src/model/json.ts";
import { readSheets } from "../../src/sheets/read-file.ts";
import { bundledTypes, declaration } from "../inventory/types.ts";
import { author, refusal, testInventory, type TestInventory } from "./inventory-site.ts";

const declared: readonly JsonObject[] = [
  {
    source: "dcim",
    policy: "report",
    policies: [{ type: "Device", attributes: ["position"], policy: "adopt" }],
  },
  {
    source: "ledger",
    policy: "report",
    edits: "refuse",
    policies: [{ type: "Device", attributes: ["asset_no"], policy: "adopt" }],
  },
];

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  const types = bundledTypes();
  const files = declared.map((document, index) => ({
    ...declaration(`source${index}`, "{}"),
    kind: "inventory-source" as const,
    document,
  }));
  const { sources, problems } = compileSources(files, types);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  await world.inventory.reload(types, sources);
});
afterAll(() => world[Symbol.asyncDispose]());

let tick = 0;
const report = async (source: string, set: JsonObject): Promise<void> => {
  tick += 1;
  const at = new Date(Date.UTC(2026, 3, 1) + tick * 60_000).toISOString();
  const body = { source, items: [{ type: "Device", set }], observed_at: at };
  await observeAll(world.inventory, readReport(body, at), author);
};
/** A device of which dcim says the position and ledger the asset number. */
const owned = async (hostname: string): Promise<string> => {
  const { entry } = await world.inventory.create("Device", { hostname }, author);
  await report("dcim", { hostname, position: 7 });
  await report("ledger", { hostname, asset_no: `A-${hostname}` });
  return entry.id;
};
const value = async (id: string, name: string): Promise<unknown> =>
  (await world.inventory.get(id)).attributes[name];
const state = async (id: string, name: string): Promise<unknown> => {
  const { attributes } = await claimsAbout(world.inventory, id);
  const about = isObject(attributes) ? attributes[name] : undefined;
  const claims: unknown = isObject(about) ? about["claims"] : undefined;
  return Array.isArray(claims) && isObject(claims[0]) ? claims[0]["state"] : undefined;
};

test("an edit of what a source owns is told, and its next report takes it back", async () => {
  const id = await owned("lock1");
  const written = await world.inventory.patch(id, { position: 8, face: "rear" }, { author });
  expect(written).toMatchObject({
    result: "updated",
    locked: [
      { attribute: "position", locked_by: "dcim", edits: "warn", policy: "adopt", value: 7 },
    ],
  });
  expect(await state(id, "position")).toBe("drift");
  await report("dcim", { hostname: "lock1", position: 7 });
  expect(await value(id, "position")).toBe(7);
  // To say what it says, and what it does not speak of, is nobody's business.
  expect(
    await world.inventory.patch(id, { position: 7, face: "front" }, { author }),
  ).not.toHaveProperty("locked");
  const bySource = { author: { ...author, source: "dcim" } };
  expect(await world.inventory.patch(id, { position: 9 }, bySource)).not.toHaveProperty("locked");
});

test("an owner that lets nobody edit is heeded: nothing of the edit is written", async () => {
  const id = await owned("lock2");
  const error = await refusal(
    world.inventory.patch(id, { asset_no: "mine", face: "rear" }, { author }),
  );
  expect([error.code, error.message]).toEqual([
    "INVENTORY_LOCKED",
    'lock2 stays as it is: asset_no is owned by ledger, which says "A-lock2". Change it there, or override it.',
  ]);
  expect(error.details).toMatchObject({ locked: [{ attribute: "asset_no", locked_by: "ledger" }] });
  expect(await value(id, "face")).toBeUndefined();
  const [result, other] = await world.upsert(
    { type: "Device", set: { hostname: "lock2", asset_no: "mine" } },
    { type: "Device", set: { hostname: "lock2", position: 3 } },
  );
  expect(result).toMatchObject({
    result: "conflict",
    details: { locked: [{ locked_by: "ledger" }] },
  });
  expect(other).toMatchObject({ result: "updated", locked: [{ locked_by: "dcim" }] });
});

test("who overrides decides against the owner's word: the same word does not come back, another one does", async () => {
  const id = await owned("lock3");
  const overriding = { author: { ...author, override: true } };
  const written = await world.inventory.patch(id, { asset_no: "mine", position: 8 }, overriding);
  expect(written).toMatchObject({
    result: "updated",
    locked: [
      { locked_by: "ledger" },
      { locked_by: "dcim", message: "dcim owns position and says 7; that is overridden now" },
    ],
  });
  expect([await state(id, "asset_no"), await state(id, "position")]).toEqual([
    "rejected",
    "rejected",
  ]);
  await report("dcim", { hostname: "lock3", position: 7 });
  expect(await value(id, "position")).toBe(8);
  expect(await world.inventory.patch(id, { position: 9 }, { author })).not.toHaveProperty("locked");
  await report("dcim", { hostname: "lock3", position: 5 });
  expect(await value(id, "position")).toBe(5);
});

test("a revert over what the owner says since is an edit like others", async () => {
  const id = await owned("lock4");
  const before = await world.inventory.get(id);
  await world.inventory.patch(id, { asset_no: "mine4" }, { author: { ...author, override: true } });
  await report("ledger", { hostname: "lock4", asset_no: "A-lock4-b" });
  const to = { version: before.version, attributes: ["asset_no"] };
  expect((await refusal(world.inventory.revert(id, to, { author }))).code).toBe("INVENTORY_LOCKED");
});

test("spreadsheets show what others own, and stop at what its owner refuses", async () => {
  await owned("lock5");
  const imports = new Imports(world.inventory, readSheets, author.actor);
  const staged = async (more: JsonObject) => {
    const text = "hostname,asset_no,position\nlock5,mine5,8\n";
    const file = { name: "ops.csv", source: "ops-sheet", type: "Device", text };
    const { files, options } = readImport({ files: [file], ...more });
    return imports.stage(files, { options, author });
  };
  const { id } = await staged({});
  const plan = await imports.decide(id, [
    { type: "Device", attribute: "position", take: "ops-sheet" },
    { type: "Device", attribute: "asset_no", take: "ops-sheet" },
  ]);
  expect(plan).toMatchObject({
    summary: { error: 1 },
    conflicts: [{ locked_by: "ledger" }, { locked_by: "dcim" }],
  });
  const { rows } = await imports.rows(id, {});
  expect(rows).toMatchObject([
    {
      action: "error",
      problems: [
        {
          cell: "B2",
          heading: "asset_no",
          attribute: "asset_no",
          value: "mine5",
          message: 'asset_no is owned by ledger, which says "A-lock5"',
          expected: '"A-lock5", or an import that overrides ledger',
        },
      ],
    },
  ]);
  const { id: second } = await staged({ override: true });
  const overriding = await imports.decide(second, [
    { type: "Device", attribute: "asset_no", take: "ops-sheet" },
  ]);
  expect(overriding).toMatchObject({ summary: { error: 0, locked: 1, undecided: 1 } });
  const done = await imports.commit(second, { author, skipErrors: false });
  expect(done).toMatchObject({ result: { updated: 1 } });
});

test("an order of sources that an import brings along decides contradictions, but makes nobody the owner", async () => {
  const entry = await owned("lock8");
  const imports = new Imports(world.inventory, readSheets, author.actor);
  const staged = async (more: JsonObject) => {
    const text = "hostname,asset_no,position\nlock8,mine8,8\n";
    const file = { name: "ops.csv", source: "ops-sheet", type: "Device", text };
    const { files, options } = readImport({ files: [file], ...more });
    return imports.stage(files, { options, author });
  };
  const authority = ["ops-sheet", "ledger", "dcim"];
  const refused = await staged({ authority });
  expect(refused).toMatchObject({
    summary: { error: 1, locked: 0 },
    conflicts: [
      { attribute: "asset_no", locked_by: "ledger", decided: "authority: ops-sheet, ledger, dcim" },
      { attribute: "position", locked_by: "dcim", decided: "authority: ops-sheet, ledger, dcim" },
    ],
  });
  expect(await value(entry, "asset_no")).toBe("A-lock8");
  const { id, summary } = await staged({ authority, override: true });
  expect(summary).toMatchObject({ error: 0, locked: 2, undecided: 0 });
  await imports.commit(id, { author, skipErrors: false });
  expect([await value(entry, "asset_no"), await value(entry, "position")]).toEqual(["mine8", 8]);
});

test("items of one call are judged each by itself", async () => {
  await owned("lock6");
  const items = [
    { type: "Device", set: { hostname: "lock6", asset_no: "A-lock6", position: 7 } },
    { type: "Device", set: { hostname: "lock7", asset_no: "A-lock7" } },
  ].map((item, index) => readUpsertItem(item, `items[${index}]`));
  const results = await world.inventory.upsert(items, author);
  expect(results.map(({ result, locked }) => [result, locked])).toEqual([
    ["unchanged", undefined],
    ["created", undefined],
  ]);
});
