import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImportFile } from "../../src/engine/inventory-import-file.ts";
import { Imports } from "../../src/engine/inventory-imports.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { exportEntries, type ExportGround } from "../../src/engine/inventory-export.ts";
import type { SearchQuery } from "../../src/engine/inventory-search.ts";
import { readSheets } from "../../src/sheets/read-file.ts";
import { writeSheets } from "../../src/sheets/write-file.ts";
import { loadRows } from "../../src/store/inventory/imports.ts";
import { claimsOf } from "../../src/store/inventory/claims.ts";
import { author, refusal, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
let imports: Imports;
beforeAll(async () => {
  world = await testInventory();
  imports = new Imports(world.inventory, readSheets, author.actor);
});
afterAll(() => world[Symbol.asyncDispose]());

function sheet(source: string, text: string, more: Partial<ImportFile> = {}): ImportFile {
  const content = Buffer.from(text).toString("base64");
  return {
    name: `${source}.csv`,
    content,
    source,
    type: undefined,
    sheet: undefined,
    columns: {},
    asOf: undefined,
    ...more,
  };
}

const options = { authority: undefined, newest: false };
const stage = (...files: readonly ImportFile[]) => imports.stage(files, { options, author });
const commit = (id: string, skipErrors = false) => imports.commit(id, { author, skipErrors });
const actions = async (id: string): Promise<readonly JsonObject[]> =>
  (await loadRows(world.database.db, id, { limit: 100 })).map(({ action, plan }) => ({
    action,
    ...plan,
  }));
const attribute = async (type: string, name: string, attr: string): Promise<unknown> =>
  (await world.inventory.find(type, name)).attributes[attr];
const statesOf = async (type: string, name: string, attr: string): Promise<JsonObject> => {
  const { id } = await world.inventory.find(type, name);
  return Object.fromEntries(
    (await claimsOf(world.database.db, [id], [attr])).map(({ source, state }) => [source, state]),
  );
};

const contracts = (date: string): string => `契約番号,サポート期限\nC-1,${date}\n`;

const nothingElse = { text: undefined, sort: undefined, columns: undefined, source: undefined };

describe("imports", () => {
  test("a sheet whose rows need each other is staged without a trace, and committed as one changeset", async () => {
    const staged = await stage(
      sheet("sites", "コード,住所\nTYO7,東京都港区\n", { type: "Site" }),
      sheet("rooms", "name,site\n1F,TYO7\n", { type: "Room" }),
      sheet("racks", "name,room,units\nA-07,TYO7/1F,42\nA-08,TYO7/1F,四十二\n", {
        type: "Rack",
        columns: { コード: "code" },
      }),
    );
    expect(staged).toMatchObject({ state: "staged", summary: { rows: 4, create: 3, error: 1 } });
    const bad = (await actions(staged.id)).find(({ action }) => action === "error");
    expect(bad?.["problems"]).toMatchObject([
      { cell: "C3", value: "四十二", expected: "a whole number" },
    ]);
    await refusal(world.inventory.find("Site", "TYO7"));
    expect((await refusal(commit(staged.id))).code).toBe("INVENTORY_IMPORT_STATE");
    const done = await commit(staged.id, true);
    expect(done).toMatchObject({ state: "committed", result: { created: 3, failed: [] } });
    expect(await attribute("Rack", "A-07", "units")).toBe(42);
  });

  test("three sheets that contradict each other become one store, and the same sheets again raise nothing", async () => {
    const files = [
      sheet("ops-sheet", contracts("2023/10/1")),
      sheet("admin-sheet", contracts("令和2年10月1日")),
      sheet("ledger", "契約番号,SLA\nC-1,24x7\n", { type: "SupportContract" }),
    ];
    const staged = await stage(...files);
    expect(staged["conflicts"]).toEqual([
      expect.objectContaining({
        entry: "C-1",
        attribute: "end",
        decided: null,
        sides: [
          { sources: ["ops-sheet"], value: "2023-10-01", places: ["ops-sheet.csv B2"] },
          { sources: ["admin-sheet"], value: "2020-10-01", places: ["admin-sheet.csv B2"] },
        ],
      }),
    ]);
    const decided = await imports.decide(staged.id, [
      { type: "SupportContract", entry: "C-1", attribute: "end", take: "admin-sheet" },
    ]);
    expect(decided).toMatchObject({ summary: { undecided: 0 } });
    await commit(staged.id);
    expect(await attribute("SupportContract", "C-1", "end")).toBe("2020-10-01");
    expect(await attribute("SupportContract", "C-1", "sla")).toBe("24x7");
    expect(await statesOf("SupportContract", "C-1", "end")).toEqual({
      "ops-sheet": "rejected",
      "admin-sheet": "agreed",
    });
    for (const again of [files, files.slice(0, 1)]) {
      const second = await stage(...again);
      expect(second).toMatchObject({
        summary: { unchanged: again.length, conflicts: 0 },
        conflicts: [],
      });
      expect(await commit(second.id)).toMatchObject({ result: { changes: 0 }, changeset: null });
    }
    expect((await world.inventory.find("SupportContract", "C-1")).version).toBe(1);
  });

  test("sheets one after the other: the second contradicts the first, the rest of its row comes in", async () => {
    await commit((await stage(sheet("one", "ホスト名,購入日\nseq1,2020/1/1\n"))).id);
    const staged = await stage(sheet("two", "ホスト名,購入日,資産番号\nseq1,2021/1/1,R-1\n"));
    expect(staged).toMatchObject({ summary: { conflict: 1, undecided: 1 } });
    await commit(staged.id);
    const { attributes } = await world.inventory.find("Device", "seq1");
    expect(attributes).toMatchObject({ purchased: "2020-01-01", asset_no: "R-1" });
    expect(await statesOf("Device", "seq1", "purchased")).toEqual({
      one: "agreed",
      two: "conflict",
    });
    // A corrected sheet is no conflict any more.
    await commit((await stage(sheet("two", "ホスト名,購入日\nseq1,2020/1/1\n"))).id);
    expect(await statesOf("Device", "seq1", "purchased")).toEqual({ one: "agreed", two: "agreed" });
  });

  test("what a person corrected by hand is not overwritten by the old sheet; a newer sheet asks", async () => {
    const text = "ホスト名,備考\nhand1,a\n";
    await commit((await stage(sheet("s", text, { type: "Device" }))).id);
    const { id } = await world.inventory.find("Device", "hand1");
    await world.inventory.patch(id, { note: "by hand" }, { author });
    expect(await statesOf("Device", "hand1", "note")).toEqual({ s: "drift" });
    const again = await stage(sheet("s", text, { type: "Device" }));
    expect(again).toMatchObject({ summary: { unchanged: 1, conflicts: 0 } });
    await commit(again.id);
    expect(await attribute("Device", "hand1", "note")).toBe("by hand");
    const newer = await stage(sheet("s", "ホスト名,備考\nhand1,b\n", { type: "Device" }));
    expect(newer).toMatchObject({ summary: { conflict: 1 } });
    // A sheet that changes what it alone said before is no conflict.
    await commit((await stage(sheet("s2", "ホスト名,資産番号\nhand1,R-8\n"))).id);
    const moved = await stage(sheet("s2", "ホスト名,資産番号\nhand1,R-9\n"));
    expect(moved).toMatchObject({ summary: { update: 1, conflicts: 0 } });
  });

  test("an order of sources, or the newest sheet, decides", async () => {
    const a = sheet("a", "ホスト名,備考\nord1,from a\n", {
      type: "Device",
      asOf: "2026-01-01T00:00:00.000Z",
    });
    const b = sheet("b", "ホスト名,備考\nord1,from b\n", {
      type: "Device",
      asOf: "2026-02-01T00:00:00.000Z",
    });
    const byOrder = await imports.stage([a, b], {
      options: { authority: ["a", "b"], newest: false },
      author,
    });
    expect(byOrder).toMatchObject({
      summary: { undecided: 0 },
      conflicts: [{ decided: "authority: a, b" }],
    });
    const byDate = await imports.stage([a, b], {
      options: { authority: undefined, newest: true },
      author,
    });
    await commit(byDate.id);
    expect(await attribute("Device", "ord1", "note")).toBe("from b");
  });

  test("rows about one entry are found by any of its keys; a sheet that contradicts itself is told so", async () => {
    const staged = await stage(
      sheet("hosts", "ホスト名,シリアル\nkey1,SN-1\n"),
      sheet("serials", "シリアル,資産番号\nSN-1,R-77\n", { type: "Device" }),
      sheet("twice", "ホスト名,備考\nkey2,x\nkey2,y\n", { type: "Device" }),
    );
    expect((await actions(staged.id)).map(({ action }) => action)).toEqual([
      "create",
      "create",
      "error",
      "error",
    ]);
    await commit(staged.id, true);
    expect(await attribute("Device", "key1", "asset_no")).toBe("R-77");
  });

  test("references that mean nothing name the nearest; ambiguous rows and unknown ids are refused", async () => {
    await commit((await stage(sheet("k", "ホスト名,シリアル\namb1,A1\namb2,A2\n"))).id);
    const staged = await stage(
      sheet("k", "ホスト名,シリアル,ラック\namb1,A2,\nnew1,,A-O7\n"),
      sheet("ids", "id,備考\n01980000-0000-7000-8000-000000000000,x\n", { type: "Device" }),
    );
    const problems = (await actions(staged.id)).map((row) => row["problems"]);
    expect(problems).toMatchObject([
      [{ message: "the row names several entries: amb1 and amb2" }],
      [{ cell: "C3", nearest: "A-07" }],
      [{ attribute: "id" }],
    ]);
  });

  test("a plan that the store overtook is shown again, and an import is taken back as a whole", async () => {
    const staged = await stage(
      sheet("late", "ホスト名,備考\nseq1,late\nlate1,x\n", { type: "Device" }),
    );
    await world.upsert({ type: "Device", set: { hostname: "seq1", position: 9 } });
    expect((await refusal(commit(staged.id))).code).toBe("INVENTORY_IMPORT_STATE");
    await commit(staged.id);
    expect(await attribute("Device", "seq1", "note")).toBe("late");
    expect(await imports.revert(staged.id, author)).toMatchObject({ state: "reverted" });
    expect(await attribute("Device", "seq1", "note")).toBeUndefined();
    await refusal(world.inventory.find("Device", "late1"));
    expect((await refusal(imports.discard(staged.id))).code).toBe("INVENTORY_IMPORT_STATE");
  });

  test.each(["csv", "xlsx"] as const)(
    "what is exported as %s comes back as it was",
    async (format) => {
      await world.upsert(
        { type: "Site", set: { code: "TYO7" } },
        { type: "Room", set: { name: "1F", site: "TYO7" } },
        { type: "Room", set: { name: "2F", site: "TYO7" } },
        { type: "Rack", set: { name: "B-01", room: { site: "TYO7", name: "2F" } } },
        { type: "Rack", set: { name: "B-01", room: { site: "TYO7", name: "1F" } } },
        {
          type: "Device",
          set: {
            hostname: "rt1",
            note: '=HYPERLINK("x")\n2行目',
            aliases: ["a1", "a2"],
            tags: ["x, y", "z"],
            rack: { name: "B-01", room: { site: "TYO7", name: "2F" } },
            purchased: "2020-10-01",
            serial: "000123",
            status: "failed",
          },
        },
      );
      const sheets = { read: readSheets, write: writeSheets };
      const ground = Object.create(world.inventory, {
        sheets: { value: sheets },
        search: { value: (query: SearchQuery) => world.inventory.search(query) },
        ground: { value: world.inventory.ground },
      }) as ExportGround;
      const wish = {
        type: "Device",
        where: { hostname: "rt1" },
        ...nothingElse,
        language: "ja",
        encoding: "utf-8",
      } as const;
      const { content, rows } = await exportEntries(ground, { ...wish, format });
      expect(rows).toBe(1);
      const [read] = await readSheets({ name: "x", content });
      const cells = read?.rows[1] ?? [];
      expect(cells).toContain("TYO7/2F/B-01");
      expect(cells).toContain(`'=HYPERLINK("x")
2行目`);
      const before = await world.inventory.find("Device", "rt1");
      const staged = await stage(sheet(`export-${format}`, "", { content, type: "Device" }));
      expect(staged).toMatchObject({ summary: { rows: 1, unchanged: 1 } });
      await commit(staged.id);
      expect(await world.inventory.find("Device", "rt1")).toEqual(before);
      // The same sheet makes the same entry again where there is none.
      await world.inventory.remove(before.id, { author });
      const fresh = await stage(sheet(`export-${format}`, "", { content, type: "Device" }));
      await commit(fresh.id);
      const made = await world.inventory.find("Device", "rt1");
      expect(made.attributes).toEqual(before.attributes);
      await world.inventory.remove(made.id, { author });
    },
  );

  test("columns that were named once are remembered for the source", async () => {
    await commit(
      (
        await stage(
          sheet("odd", "機械,メモ\nodd1,x\n", {
            type: "Device",
            columns: { 機械: "hostname", メモ: "note" },
          }),
        )
      ).id,
    );
    const again = await stage(sheet("odd", "機械,メモ\nodd1,y\n", { type: "Device" }));
    expect(again).toMatchObject({ summary: { update: 1 } });
  });

  test("twelve thousand rows", async () => {
    const lines = Array.from(
      { length: 12_000 },
      (_, n) => `bulk${n},B-${n},${2000 + (n % 20)}/4/1`,
    );
    const staged = await stage(sheet("bulk", `ホスト名,資産番号,購入日\n${lines.join("\n")}\n`));
    expect(staged).toMatchObject({ summary: { create: 12_000, error: 0 } });
    expect(await commit(staged.id)).toMatchObject({ result: { created: 12_000, failed: [] } });
    const again = await stage(sheet("bulk", `ホスト名,資産番号,購入日\n${lines.join("\n")}\n`));
    expect(again).toMatchObject({ summary: { unchanged: 12_000 } });
  }, 300_000);

  test("files that are none are refused in words", async () => {
    expect(await refusal(stage(sheet("x", "あ,い\n1,2\n")))).toMatchObject({
      code: "INVENTORY_SHEET_REFUSED",
    });
    expect(await refusal(stage({ ...sheet("x", ""), content: "" }))).toMatchObject({
      code: "INVENTORY_SHEET_REFUSED",
    });
    expect(await refusal(stage(sheet("no/name", "ホスト名\nx\n")))).toMatchObject({
      code: "INVENTORY_REQUEST",
    });
    expect(await refusal(imports.view("01980000-0000-7000-8000-000000000000"))).toMatchObject({
      code: "INVENTORY_IMPORT_UNKNOWN",
    });
  });
});
