import { describe, expect, test } from "vitest";
import { attributeType } from "../../src/inventory/attribute-types.ts";
import type { Attribute } from "../../src/inventory/definition.ts";
import { headingKey, readCell } from "../../src/inventory/sheet-values.ts";
import { cellOf, guarded } from "../../src/inventory/sheet-writing.ts";
import type { Cell } from "../../src/model/grid.ts";
import { compiled } from "./types.ts";

const { types } = compiled(`
type: Thing
attributes:
  day: { type: date }
  moment: { type: datetime }
  on: { type: boolean }
  units: { type: integer }
  price: { type: money }
  state: { type: enum, values: { active: { ja: 稼働中, en: Active }, retired: { ja: 廃止, en: Retired } } }
  label: { type: string }
  prose: { type: text }
  names: { type: array, items: { type: string } }
  blob: { type: json }
  address: { type: ip }
  master: { type: named_ref }
`);

function attribute(name: string): Attribute {
  const found = types.get("Thing")?.attributes.get(name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** The value in the attribute's own form, or undefined when it is refused. */
function read(name: string, cell: Cell): unknown {
  const about = attribute(name);
  const reading = readCell(cell, about, "Asia/Tokyo");
  if ("wrong" in reading) return undefined;
  if (about.array || name === "master" || reading.value === undefined) return reading.value;
  const parsed = attributeType(about.element.type).parse(reading.value, about.element);
  return "value" in parsed ? parsed.value : undefined;
}

describe("cells", () => {
  test.each<[string, Cell, unknown]>([
    ["day", "2020/10/1", "2020-10-01"],
    ["day", "２０２０／１０／１", "2020-10-01"],
    ["day", "2020年10月1日(木)", "2020-10-01"],
    ["day", "令和2年10月1日", "2020-10-01"],
    ["day", "令和元年5月1日", "2019-05-01"],
    ["day", "R2.10.1", "2020-10-01"],
    ["day", "H31/4/30", "2019-04-30"],
    ["day", "昭和64年1月7日", "1989-01-07"],
    ["day", "2020.10.01", "2020-10-01"],
    ["day", "20201001", "2020-10-01"],
    ["day", "2020-10-01T00:00:00", "2020-10-01"],
    ["day", "2020/10/01 0:00", "2020-10-01"],
    ["day", 44105, "2020-10-01"],
    ["day", "44105", "2020-10-01"],
    ["day", { day: "2020-10-01" }, "2020-10-01"],
    ["day", "2020/2/30", undefined],
    ["day", "2020/10/1 12:34", undefined],
    ["day", "来年", undefined],
    ["day", true, undefined],
    ["day", 3, undefined],
    ["day", { error: "#N/A" }, undefined],
    ["moment", "2020/10/1 9:30", "2020-10-01T00:30:00.000Z"],
    ["moment", "2020年10月1日 9時30分", "2020-10-01T00:30:00.000Z"],
    ["moment", "2020-10-01T00:30:00.123Z", "2020-10-01T00:30:00.123Z"],
    ["moment", "2020-10-01 09:30:15 +09:00", "2020-10-01T00:30:15.000Z"],
    ["moment", { moment: "2020-10-01T09:30:00" }, "2020-10-01T00:30:00.000Z"],
    ["moment", { day: "2020-10-01" }, "2020-09-30T15:00:00.000Z"],
    ["moment", 44105.5, "2020-10-01T03:00:00.000Z"],
    ["moment", "2020/10/1 25:00", undefined],
    ["moment", "2020/13/1 9:00", undefined],
    ["moment", "2020/10/1 noon", undefined],
    ["moment", "2020年10月1日", "2020-09-30T15:00:00.000Z"],
    ["moment", 0.5, undefined],
    ["on", "○", true],
    ["on", "有", true],
    ["on", "TRUE", true],
    ["on", "×", false],
    ["on", "いいえ", false],
    ["on", false, false],
    ["on", "たぶん", undefined],
    ["units", "４２U", 42],
    ["units", "1,234", 1234],
    ["units", "▲5", -5],
    ["units", 7, 7],
    ["units", "many", undefined],
    ["price", "¥1,234,567", "1234567"],
    ["price", "1,200円", "1200"],
    ["price", 1200.5, "1200.5"],
    ["state", "稼働中", "active"],
    ["state", "RETIRED", "retired"],
    ["state", "稼動中", undefined],
    ["label", "Ｒ１２−Ａ　ﾗｯｸ", "R12−A ラック"],
    ["label", "㈱雷鳥（東京）", "(株)雷鳥(東京)"],
    ["prose", "①ケーブルを抜く（１Ｆ）", "①ケーブルを抜く（１Ｆ）"],
    ["names", "ａ、ｂ", ["a", "b"]],
    ["names", "a、b,c", ["a", "b", "c"]],
    ["names", "a\nb, c", ["a", "b, c"]],
    ["names", String.raw`a\,b`, ["a,b"]],
    ["names", 5, ["5"]],
    ["blob", '{"a":1}', { a: 1 }],
    ["blob", "plain", "plain"],
    ["address", "１０．０．０．１", "10.0.0.1"],
    ["master", "db_master=db01", { label: "db_master", ref: "db01" }],
    ["master", "db01", undefined],
    ["names", "", undefined],
    ["day", "   ", undefined],
    ["day", null, undefined],
  ])("%s %j is %j", (name, cell, wanted) => {
    expect(read(name, cell)).toEqual(wanted);
  });

  test("what was typed in full width is told beside the value", () => {
    expect(readCell("Ｒ１２", attribute("label"), "UTC")).toEqual({
      value: "R12",
      written: "Ｒ１２",
    });
    expect(readCell("R12", attribute("label"), "UTC")).toEqual({ value: "R12" });
    const names = { value: ["a", "b"], written: ["ａ", "b"] };
    expect(readCell("ａ,b", attribute("names"), "UTC")).toEqual(names);
  });

  test("an enum that is nearly right names the nearest, in the language of the sheet", () => {
    expect(readCell("稼動中", attribute("state"), "UTC")).toMatchObject({
      nearest: "稼働中",
      expected: "one of active, 稼働中, retired, 廃止",
    });
  });

  test.each<[string, unknown]>([
    ["day", "2020-10-01"],
    ["moment", "2020-10-01T00:30:00.123Z"],
    ["on", false],
    ["units", 42],
    ["price", "1234.50"],
    ["state", "retired"],
    ["names", ["a, b", "c"]],
    ["names", ["a, b"]],
    ["names", ["a"]],
    ["blob", { a: [1, "x"] }],
    ["blob", "text"],
    ["address", "2001:db8::1"],
    ["master", { label: "lb", ref: "web1" }],
  ])("%s %j comes back from its cell as it was", (name, value) => {
    for (const language of ["ja", "en", "name"] as const) {
      const cell = cellOf(value, attribute(name), { name: (id) => id, language });
      expect(read(name, guarded(cell))).toEqual(value);
    }
  });

  test.each(["=1+1", "+81-3-1234", "-5", "@a", "'=x", "'a", "\tx"])(
    "text %j is no formula in a sheet, and the same again afterwards",
    (text) => {
      const cell = guarded(
        cellOf([text], attribute("names"), { name: (id) => id, language: "ja" }),
      );
      expect(cell).not.toMatch(/^[=+\-@\t\r]/);
      expect(read("names", cell)).toEqual([text.trim()]);
    },
  );

  test("headings are the same in any writing", () => {
    expect(headingKey("ﾎｽﾄ名 *")).toBe(headingKey("ホスト名（必須）"));
    expect(headingKey("asset_no")).toBe(headingKey("Asset No"));
  });
});
