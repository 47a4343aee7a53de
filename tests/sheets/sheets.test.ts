import { strToU8, unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { cellAddress, type Cell, type Grid } from "../../src/model/grid.ts";
import { sheetWork } from "../../src/sheets/work.ts";

function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString("base64");
}

async function read(bytes: Uint8Array | string, encoding?: string): Promise<readonly Grid[]> {
  const done = await sheetWork({ read: { name: "file", content: base64(bytes), encoding } });
  if (!("grids" in done)) throw new Error("nothing was read");
  return done.grids;
}

async function rows(bytes: Uint8Array | string, encoding?: string): Promise<Grid["rows"]> {
  return (await read(bytes, encoding))[0]?.rows ?? [];
}

async function written(format: "csv" | "xlsx", grids: readonly Grid[]): Promise<Buffer> {
  const done = await sheetWork({ write: { format, grids } });
  return Buffer.from("content" in done ? done.content : "", "base64");
}

const grid = (given: readonly (readonly Cell[])[], name = "機器"): Grid => ({
  name,
  rows: given,
  merged: [],
});

/** ホスト名,備考 / web1,①㈱ in CP932. */
const cp932 = Buffer.from("837a8358836796bc2c94f58d6c0d0a776562312c8740878a0d0a", "hex");

describe("text tables", () => {
  test.each<[string, Uint8Array | string, readonly (readonly string[])[]]>([
    [
      "UTF-8",
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a byte order mark",
      "\uFEFFa,b\r\n1,2\r\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "CP932 with signs of Windows",
      cp932,
      [
        ["ホスト名", "備考"],
        ["web1", "①㈱"],
      ],
    ],
    [
      "UTF-16",
      Buffer.from("\uFEFFa\tb\n1\t2", "utf16le"),
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ["EUC-JP", Buffer.from("a5dba5b9a5c8ccbe2c61", "hex"), [["ホスト名", "a"]]],
    ["quotes, separators and lines inside", 'a,"b,""c""\nd"\n', [["a", 'b,"c"\nd']]],
    [
      "semicolons",
      "a;b;c\n1,5;2;3",
      [
        ["a", "b", "c"],
        ["1,5", "2", "3"],
      ],
    ],
    ["rows of different lengths", "a,b\n1\n1,2,3", [["a", "b"], ["1"], ["1", "2", "3"]]],
  ])("%s", async (_, bytes, wanted) => {
    expect(await rows(bytes)).toEqual(wanted);
  });

  test("an encoding may be named", async () => {
    expect(await rows(cp932, "CP932")).toEqual([
      ["ホスト名", "備考"],
      ["web1", "①㈱"],
    ]);
    await expect(read(cp932, "utf-8")).rejects.toThrow("not text in utf-8");
    await expect(read(cp932, "klingon")).rejects.toThrow("expected one of utf-8");
  });

  test("an empty line keeps the numbers of the rows right", async () => {
    expect(await rows("a,b\n\n1,2\n")).toHaveLength(3);
  });
});

describe("workbooks", () => {
  test("come back as they were written", async () => {
    const given = grid([
      ["ホスト名", "購入日", "数"],
      ["web1", { day: "2020-10-01" }, 1.5],
      ["00123", null, true],
      ["'=1+1", { day: "1999-12-31" }, 0],
    ]);
    const bytes = await written("xlsx", [given, grid([["a"], ["b"]], "a/b")]);
    const back = await read(bytes);
    expect(back[0]).toEqual(given);
    expect(back[1]).toMatchObject({ name: "a_b", rows: [["a"], ["b"]] });
  });

  test("a CSV comes back as it was written, for Excel with a byte order mark", async () => {
    const bytes = await written("csv", [
      grid([
        ["名", "b"],
        ['x, "y"\nz', { day: "2020-10-01" }],
      ]),
    ]);
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(await rows(bytes)).toEqual([
      ["名", "b"],
      ['x, "y"\nz', "2020-10-01"],
    ]);
  });

  test("merged cells, failed formulas and hidden sheets are seen", async () => {
    const parts = unzipSync(
      await written("xlsx", [
        grid([
          ["保守", null],
          ["x", "y"],
        ]),
        grid([["z"]], "裏"),
      ]),
    );
    const path = "xl/worksheets/sheet1.xml";
    const sheet = Buffer.from(parts[path] ?? []).toString("utf8");
    parts[path] = strToU8(
      sheet.replace(
        "</sheetData>",
        '<row r="3"><c r="A3" t="str"><f>A1</f><v>ok</v></c><c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row><row r="4"><c r="A4"><f>6+7</f><v></v></c><c r="B4" t="str"><f>""</f><v></v></c></row><row r="5"><c r="A5"><f>6+7</f></c><c r="B5"><f t="shared" si="0"/><v>0</v></c></row></sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>',
      ),
    );
    const list = Buffer.from(parts["xl/workbook.xml"] ?? []).toString("utf8");
    parts["xl/workbook.xml"] = strToU8(list.replace('name="裏"', 'name="裏" state="hidden"'));
    const [first, ...others] = await read(zipSync(parts));
    expect(others).toEqual([]);
    expect(first?.rows[2]).toEqual(["ok", { error: "#DIV/0!" }]);
    const unsaved = {
      error: "the file has no result of it; save it once in a spreadsheet program",
    };
    expect(first?.rows.slice(3)).toEqual([
      [unsaved, null],
      [unsaved, 0],
    ]);
    expect(first?.merged).toEqual([{ top: 0, left: 0, bottom: 0, right: 1 }]);
  });

  test("a large one", async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => [`web${index}`, index, "東京"]);
    const back = await rows(await written("xlsx", [grid([["ホスト名", "n", "site"], ...many])]));
    expect(back).toHaveLength(12_001);
    expect(back[12_000]).toEqual(["web11999", 11_999, "東京"]);
  });
});

const book = (): Promise<Buffer> => written("xlsx", [grid([["a"], ["b"]])]);

/** Makes the directory of a zip say that each of its files has so many bytes. */
function sayUnpacked(bytes: Uint8Array, size: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length - 46; at += 1)
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, size, true);
}

describe("what is refused", () => {
  test("macros", async () => {
    const parts = unzipSync(await book());
    const bytes = zipSync({ ...parts, "xl/vbaProject.bin": new Uint8Array(10) });
    await expect(read(bytes)).rejects.toThrow("contains macros");
  });

  test("a bomb, before it is unpacked", async () => {
    const bytes = await book();
    sayUnpacked(bytes, 410_000_000);
    await expect(read(bytes)).rejects.toThrow("unpacks to more than 400 MB");
  });

  test("a bomb that says it is small", async () => {
    const parts = unzipSync(await book());
    const bytes = zipSync({ ...parts, "xl/worksheets/sheet1.xml": new Uint8Array(9_000_000) });
    sayUnpacked(bytes, 10);
    await expect(read(bytes)).rejects.toThrow("broken workbook");
  });

  test.each<[string, () => Promise<Uint8Array> | Uint8Array, string]>([
    ["a broken zip", async () => (await book()).subarray(0, 500), "broken workbook"],
    ["a zip that is no workbook", () => zipSync({ "a.txt": strToU8("x") }), "broken workbook"],
    ["an old or encrypted workbook", () => Buffer.from("d0cf11e0a1b11ae1", "hex"), "password"],
    ["an empty file", () => new Uint8Array(), "is empty"],
    ["something else", () => Buffer.from("89504e470d0a1a0a0000000d", "hex"), "no text"],
    ["broken quotes", () => Buffer.from('a,b\n"x,1\n'), "no sound CSV"],
    ["too wide a sheet", () => Buffer.from(",".repeat(1200)), "columns; at most 1000"],
  ])("%s", async (_, bytes, words) => {
    await expect(read(await bytes())).rejects.toThrow(words);
  });

  test("an entity that names itself is text, not a bomb", async () => {
    const parts = unzipSync(await book());
    const path = "xl/sharedStrings.xml";
    const strings = Buffer.from(parts[path] ?? []).toString("utf8");
    parts[path] = strToU8(
      strings
        .replace(/\?>/, '?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>')
        .replace(/>a</, ">&b;<"),
    );
    const outcome = await read(zipSync(parts)).then(
      (grids) => JSON.stringify(grids),
      (error: unknown) => String(error),
    );
    expect(outcome).not.toContain("aaaaaaaa");
  });
});

test("cells are named as spreadsheets name them", () => {
  expect([cellAddress(0, 0), cellAddress(9, 25), cellAddress(0, 26), cellAddress(6, 702)]).toEqual([
    "A1",
    "Z10",
    "AA1",
    "AAA7",
  ]);
});
