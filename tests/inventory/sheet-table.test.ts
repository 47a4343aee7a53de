import { describe, expect, test } from "vitest";
import type { KnownType } from "../../src/inventory/catalogue.ts";
import { fitOf } from "../../src/inventory/sheet-heads.ts";
import { problemAt, readTable, type TableOptions } from "../../src/inventory/sheet-table.ts";
import type { Grid } from "../../src/model/grid.ts";
import { bundledTypes } from "./types.ts";

function known(name: string): KnownType {
  const type = bundledTypes().get(name);
  if (type === undefined) throw new Error(name);
  return { ...type, id: 1, schemaVersion: 1, definitions: new Map() };
}

const options: TableOptions = { mapping: {}, timeZone: "Asia/Tokyo" };

function table(grid: Partial<Grid>, type = "Device", given = options) {
  const reading = readTable({ name: "Sheet1", rows: [], merged: [], ...grid }, known(type), given);
  if ("problem" in reading) throw new Error(reading.problem);
  return reading.table;
}

describe("tables", () => {
  test("headings below a title, in any writing, and what they do not know", () => {
    const { columns, unread, records } = table({
      rows: [
        ["機器一覧", null, null],
        [null, null, null],
        ["ﾎｽﾄ名", "シリアル番号", "ラクック"],
        ["web1", "S1", "A-01"],
        [null, "", null],
        ["web2", 12345, null],
      ],
    });
    expect(columns.map(({ path }) => path)).toEqual([["hostname"], ["serial"]]);
    expect(unread).toEqual([{ heading: "ラクック", nearest: "ラック" }]);
    expect(records).toEqual([
      {
        row: 4,
        id: undefined,
        set: { hostname: "web1", serial: "S1" },
        cells: { hostname: "A4", serial: "B4" },
        problems: [],
      },
      {
        row: 6,
        id: undefined,
        set: { hostname: "web2", serial: "12345" },
        cells: { hostname: "A6", serial: "B6" },
        problems: [],
      },
    ]);
  });

  test("two rows of headings, the upper ones merged", () => {
    const { columns, records } = table(
      {
        rows: [
          ["機器", null, "資産", null],
          ["ホスト名", "シリアル", "番号", "購入日"],
          ["web1", "S1", "A1", { day: "2020-10-01" }],
        ],
        merged: [
          { top: 0, left: 0, bottom: 0, right: 1 },
          { top: 0, left: 2, bottom: 0, right: 3 },
        ],
      },
      "Device",
      { ...options, mapping: { "資産 番号": "asset_no" } },
    );
    expect(columns.map(({ attribute }) => attribute.name)).toEqual([
      "hostname",
      "serial",
      "asset_no",
      "purchased",
    ]);
    expect(records[0]?.set).toEqual({
      hostname: "web1",
      serial: "S1",
      asset_no: "A1",
      purchased: "2020-10-01",
    });
  });

  test("a heading merged over two rows, and a cell merged over several", () => {
    const { records } = table({
      rows: [
        ["ラック", "ホスト名"],
        [null, null],
        ["A-01", "web1"],
        [null, "web2"],
        ["A-02", "web3"],
      ],
      merged: [
        { top: 0, left: 0, bottom: 1, right: 0 },
        { top: 0, left: 1, bottom: 1, right: 1 },
        { top: 2, left: 0, bottom: 3, right: 0 },
      ],
    });
    expect(records.map(({ set }) => set["rack"])).toEqual(["A-01", "A-01", "A-02"]);
  });

  test("columns may be parts of the key of a reference", () => {
    const { records } = table({
      rows: [
        ["ホスト名", "rack.room.site", "rack.room.name", "rack.name"],
        ["web1", "TYO7", "1F", "A-07"],
      ],
    });
    expect(records[0]?.set["rack"]).toEqual({ room: { site: "TYO7", name: "1F" }, name: "A-07" });
  });

  test("a mapping names columns, and silences some", () => {
    const mapping = { 機械: "hostname", メモ: "" };
    const { columns, unread } = table(
      {
        rows: [
          ["機械", "メモ", "謎"],
          ["web1", "x", "y"],
        ],
      },
      "Device",
      { ...options, mapping },
    );
    expect(columns.map(({ attribute }) => attribute.name)).toEqual(["hostname"]);
    expect(unread.map(({ heading }) => heading)).toEqual(["謎"]);
  });

  test("problems say where they stand, and hide no other", () => {
    const { records } = table({
      rows: [
        ["ホスト名", "状態", "購入日"],
        ["web1", "稼動中", { error: "#REF!" }],
      ],
    });
    expect(records[0]?.problems).toMatchObject([
      { cell: "B2", heading: "状態", value: "稼動中", nearest: "稼働中" },
      { cell: "C2", attribute: "purchased", message: "the cell's formula failed: #REF!" },
    ]);
  });

  test("a problem of an attribute is told of its cell", () => {
    const read = table({
      rows: [
        ["ホスト名", "ラック"],
        ["web1", "A-99"],
      ],
    });
    const [record] = read.records;
    if (record === undefined) throw new Error("no record");
    const problem = {
      path: "rack",
      message: 'there is no Rack "A-99"',
      expected: "a Rack",
      nearest: "A-09",
    };
    expect(problemAt(record, read, problem)).toEqual({
      cell: "B2",
      heading: "ラック",
      attribute: "rack",
      value: "A-99",
      message: 'there is no Rack "A-99"',
      expected: "a Rack",
      nearest: "A-09",
    });
    expect(problemAt(record, read, { path: "kind[0]", message: "x" })).toMatchObject({ cell: "" });
  });

  test("a column given twice, and a sheet without headings, are refused with words", () => {
    const given = { name: "S", merged: [] };
    expect(
      readTable(
        {
          ...given,
          rows: [
            ["ホスト名", "サーバ名"],
            ["a", "b"],
          ],
        },
        known("Device"),
        options,
      ),
    ).toEqual({ problem: expect.stringContaining("two columns are hostname") });
    expect(readTable({ ...given, rows: [["あ", "い"]] }, known("Device"), options)).toEqual({
      problem: expect.stringContaining("names an attribute of Device"),
    });
  });

  test("a sheet fits the type that understands most of its columns", () => {
    const grid: Grid = {
      name: "Rack",
      merged: [],
      rows: [
        ["name", "room", "units"],
        ["A", "1F", 42],
      ],
    };
    expect(fitOf(grid, known("Rack"), {})).toBe(3.5);
    expect(fitOf(grid, known("Site"), {})).toBeLessThan(3);
    expect(fitOf({ ...grid, rows: [["あ"]] }, known("Rack"), {})).toBe(0);
  });

  test("a column id says which entry is meant", () => {
    const { records, unread } = table({
      rows: [
        ["ID", "ホスト名"],
        ["019-x", "web1"],
      ],
    });
    expect(records[0]?.id).toBe("019-x");
    expect(unread).toEqual([]);
  });
});
