import { describe, expect, test } from "vitest";
import { catalogue } from "../../src/inventory/catalogue.ts";
import { expanded, followed, formula } from "../../src/inventory/formula.ts";
import { compiled } from "./types.ts";

const rack = `
type: Rack
attributes:
  name: {type: string, required: true}
  units: {type: integer}
  near: {type: array, items: {type: ref, to: [Rack]}}
`;
const device = (rest: string): string => `
type: Device
attributes:
  name: {type: string, required: true}
  rack: {type: ref, to: [Rack]}
  start: {type: date}
  end: {type: date}
${rest}`;
const faults = (rest: string): readonly string[] =>
  compiled(rack, device(rest)).problems.map(({ path, message }) => `${path}: ${message}`);

describe("computed attributes", () => {
  test("come in an order in which each finds what it uses", () => {
    const { types, problems } = compiled(
      rack,
      device(`
  c: {type: integer, computed: "a + b", index: range}
  b: {type: integer, computed: "a * 2"}
  a: {type: integer, computed: "rack.units"}
  age: {type: integer, computed: "$toMillis($now())"}
`),
    );
    expect(problems).toEqual([]);
    expect(types.get("Device")?.computedOrder).toEqual(["a", "b", "c", "age"]);
    expect(types.get("Device")?.attributes.get("age")?.computed?.stored).toBe(false);
    expect(types.get("Device")?.attributes.get("c")?.computed?.stored).toBe(true);
  });

  test.each([
    ["  a: {type: integer, computed: 'rack.unitz'}", "did you mean units?"],
    ["  a: {type: integer, computed: 'rck.units'}", "did you mean rack?"],
    ["  a: {type: integer, computed: 'start.day'}", "start (in start.day) is no reference"],
    ["  a: {type: integer, computed: 'rack.('}", "attributes.a.computed: is no JSONata"],
    [
      "  a: {type: integer, computed: 'b'}\n  b: {type: integer, computed: 'a'}",
      "needs itself: a → b → a",
    ],
    ["  a: {type: integer, computed: '1', required: true}", "required does not go with computed"],
    ["  a: {type: integer, computed: '1', default: 3}", "default does not go with computed"],
    ["  a: {type: ref, to: [Rack], computed: 'rack'}", "a ref cannot be computed"],
    ["  a: {type: integer, computed: '$millis()', stored: true}", "cannot be stored"],
    [
      "  a: {type: integer, computed: '1', stored: false, index: range}",
      "index needs stored: true",
    ],
    ["  a: {type: integer, stored: true}", "stored belongs to computed attributes"],
    ["  a: {type: integer, computed: '1', stored: false}\nkeys: [[a]]", "it is not stored"],
    ["  a: {type: integer, computed: '1', stored: false}\ntitle: '{a}'", "a is not stored"],
    [
      "  a: {type: integer, computed: '1', stored: false}\n  b: {type: integer, computed: 'a'}",
      "here only what is stored can stand",
    ],
    ["  a: {type: integer, renamed_from: start}", "start is still there"],
  ])("%s is refused", (rest, message) => {
    expect(faults(rest).join("\n")).toContain(message);
  });
});

describe("assertions", () => {
  test("have a message in both languages and may name an attribute", () => {
    const { types, problems } = compiled(
      rack,
      device(
        "validate: [{assert: 'start <= end', message: {ja: 開始日が終了日より後です, en: It ends first}, attribute: end}]",
      ),
    );
    expect(problems).toEqual([]);
    expect(types.get("Device")?.assertions).toMatchObject([
      { message: { ja: "開始日が終了日より後です", en: "It ends first" }, attribute: "end" },
    ]);
  });
  test.each([
    ["validate: [{assert: 'start <='}]", "is no JSONata"],
    ["validate: [{assert: 'start <= ende', message: x}]", "did you mean end?"],
    ["validate: [{assert: 'true'}]", "validate[0].message: expected text"],
    ["validate: [{assert: 'true', message: x, attribute: ende}]", "did you mean end?"],
    ["validate: [{asert: 'true', message: x}]", "did you mean assert?"],
    ["validate: {assert: 'true'}", "validate: expected a list"],
  ])("%s is refused", (rest, message) => {
    expect(faults(rest).join("\n")).toContain(message);
  });
});

describe("views", () => {
  test("are columns of a table or groups of a form", () => {
    const { types, problems } = compiled(
      rack,
      device(`
views:
  table: {label: {ja: 一覧, en: Table}, columns: [name, rack.units, updated_at, "<Device.rack"]}
  form: {groups: [{label: {ja: 期間, en: Period}, attributes: [start, end]}, [rack]]}
`),
    );
    expect(problems).toEqual([]);
    expect(types.get("Device")?.views).toEqual([
      {
        name: "table",
        label: { ja: "一覧", en: "Table" },
        columns: ["name", "rack.units", "updated_at", "<Device.rack"],
      },
      {
        name: "form",
        label: { ja: "form", en: "form" },
        groups: [
          { label: { ja: "期間", en: "Period" }, attributes: ["start", "end"] },
          { label: { ja: "", en: "" }, attributes: ["rack"] },
        ],
      },
    ]);
  });
  test.each([
    ["views: {t: {columns: [rack.unts]}}", "did you mean units?"],
    ["views: {t: {groups: [{attributes: [strt]}]}}", "did you mean start?"],
    ["views: {t: {}}", "a view has either columns (a table) or groups (a form)"],
    ["views: {t: {columns: [name], colums: [name]}}", "did you mean columns?"],
  ])("%s is refused", (rest, message) => {
    expect(faults(rest).join("\n")).toContain(message);
  });
});

describe("formulas", () => {
  const { types } = compiled(rack, device("  twice: {type: integer, computed: 'rack.near.units'}"));
  const type = types.get("Device");
  const ids = ["1", "2", "3"].map((n) => `00000000-0000-7000-8000-00000000000${n}`);
  const found = new Map([
    [
      ids[0] ?? "",
      { id: ids[0] ?? "", type: "Rack", name: "R1", document: { units: 42, near: [ids[1]] } },
    ],
    [
      ids[1] ?? "",
      { id: ids[1] ?? "", type: "Rack", name: "R2", document: { units: 20, near: [ids[0]] } },
    ],
  ]);
  test("see references as what they name, as far as their names go", () => {
    if (type === undefined) throw new Error("no type");
    const document = { name: "web1", rack: ids[0] };
    const names = formula("rack.near.units").names;
    expect(followed(type, document, names)).toEqual([ids[0]]);
    const seen = { id: ids[2] ?? "", type: "Device", name: "web1", document };
    const whole = expanded(seen, names, { types, found }, 2);
    expect(whole).toMatchObject({ rack: { name: "R1", near: [{ name: "R2", near: [ids[0]] }] } });
    expect(expanded(seen, new Set(), { types, found })["rack"]).toBe(ids[0]);
    expect(formula("rack.near.units").evaluate(whole, () => undefined)).toBe(20);
  });
  test("say whose changes alter them", () => {
    const known = catalogue(types, new Map(), () => Promise.resolve(undefined));
    expect([...known.watched.keys()]).toEqual(["Rack"]);
    expect([...(known.watched.get("Rack") ?? [])].toSorted()).toEqual([
      "name",
      "near",
      "rack",
      "units",
    ]);
  });
});
