import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  evolution,
  fittedDocument,
  renamedDocument,
  sameStructure,
  stepsBetween,
} from "../../src/inventory/evolve.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { compiled } from "./types.ts";

const definition = (text: string): JsonObject =>
  parse(`type: T\nattributes:\n${text}`) as JsonObject;
const before = definition(`
  name: {type: string, label: Name}
  size: {type: string}
  old: {type: string}
  gone: {type: string}
`);
const after = definition(`
  name: {type: string, label: {ja: 名前, en: Name}, aliases: [名前]}
  size: {type: integer, required: true, default: 1, index: range}
  fresh: {type: string, renamed_from: old}
  more: {type: integer, computed: "size + 1"}
`);

describe("between two versions of a type", () => {
  test("words for people alone change nothing that is stored", () => {
    expect(
      sameStructure(
        before,
        definition(
          "  name: {type: string}\n  size: {type: string}\n  old: {type: string}\n  gone: {type: string}",
        ),
      ),
    ).toBe(true);
    expect(sameStructure(before, after)).toBe(false);
    const values = (list: string) => definition(`  a: {type: enum, values: ${list}}`);
    expect(sameStructure(values("[x, y]"), values("{x: X, y: Y}"))).toBe(true);
    expect(sameStructure(values("{x: X, y: Y}"), values("{y: Y, x: X}"))).toBe(true);
    expect(sameStructure(values("[x, y]"), values("[x, z]"))).toBe(false);
  });
  test("attributes are renamed, removed and converted", () => {
    const how = evolution(before, after);
    expect([...how.renamed]).toEqual([["old", "fresh"]]);
    expect(how.removed).toEqual(["gone"]);
    expect(renamedDocument({ old: "a", gone: "b", name: "c", note: "n" }, how)).toEqual({
      fresh: "a",
      name: "c",
      note: "n",
    });
    expect(renamedDocument({ old: "a", fresh: "mine" }, how)).toEqual({ fresh: "mine" });
    const converted = definition("  size: {type: integer, convert: 'value * 1024'}");
    expect([...evolution(after, converted).converted]).toEqual([["size", "value * 1024"]]);
    expect([...evolution(converted, converted).converted]).toEqual([]);
  });
  test("the steps are told in words", () => {
    expect(stepsBetween(before, after)).toEqual([
      "rename old to fresh",
      "remove gone",
      "make size integer, it was string",
      "require size",
      "index size",
      "add more",
    ]);
  });
});

const box = (attributes: string, keys: string): JsonObject => ({
  ...definition(attributes),
  keys: parse(keys) as unknown,
});

test("what is allowed, and what is unique, is told too", () => {
  const was = box(
    `
  colour: {type: enum, values: [red, green, blue]}
  home: {type: ref, to: [Site]}
  code: {type: string, required: true, max: 5}
  many: {type: array, items: {type: enum, values: {a: A, b: B}}}`,
    "[[code], [colour, home]]",
  );
  const is = box(
    `
  colour: {type: enum, values: [red, green, black]}
  home: {type: ref, to: [Site, Rack]}
  code: {type: string, pattern: "[A-Z]+"}
  many: {type: array, items: {type: enum, values: {a: A}}}`,
    "[{attributes: [code]}, [home]]",
  );
  expect(stepsBetween(was, is)).toEqual([
    "take blue from colour",
    "allow black as colour",
    "let home refer to Rack, Site, it was Site",
    "require code no more",
    "change pattern, max of code",
    "take b from many",
    "make home unique",
    "let colour and home be there more than once",
  ]);
});

describe("values", () => {
  const { types } = compiled(`
type: T
attributes:
  name: {type: string}
  n: {type: integer}
  f: {type: decimal}
  b: {type: boolean}
  d: {type: date}
  t: {type: datetime}
  m: {type: money}
  e: {type: enum, values: {up: {ja: 稼働, en: Running}}}
  many: {type: array, items: {type: integer}}
  one: {type: string}
  needed: {type: string, required: true, default: x}
`);
  const type = types.get("T");
  test.each([
    [{ n: "42" }, { n: 42 }],
    [{ n: "1,024" }, { n: 1024 }],
    [{ n: "４２" }, { n: 42 }],
    [{ n: "abc" }, { n: "abc" }],
    [{ n: "1.5" }, { n: "1.5" }],
    [{ f: "1.5" }, { f: 1.5 }],
    [{ b: "Yes" }, { b: true }],
    [{ b: 0 }, { b: false }],
    [{ d: "2023/10/1" }, { d: "2023-10-01" }],
    [{ d: "2023-10-01T12:00:00.000Z" }, { d: "2023-10-01" }],
    [{ t: "2023-10-01" }, { t: "2023-10-01T00:00:00.000Z" }],
    [{ m: "1,200.50" }, { m: "1200.50" }],
    [{ e: "稼働" }, { e: "up" }],
    [{ e: "running" }, { e: "up" }],
    [{ many: "7" }, { many: [7] }],
    [{ one: ["a"] }, { one: "a" }],
    [{ one: 5 }, { one: "5" }],
    [{ one: ["a", "b"] }, { one: '["a","b"]' }],
  ])("%j become %j", (given, wanted) => {
    if (type === undefined) throw new Error("no type");
    expect(fittedDocument(given, type)).toEqual({ ...wanted, needed: "x" });
  });
});
