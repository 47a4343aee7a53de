import { describe, expect, test } from "vitest";
import { compileTypes, typeFaults } from "../../src/inventory/compile.ts";
import { bundledTypes, compiled, declaration } from "./types.ts";

const messages = (...texts: readonly string[]): readonly string[] =>
  compiled(...texts).problems.map(({ path, message }) => `${path}: ${message}`);
const device = (attributes: string, rest = ""): string =>
  `type: Device\nattributes:\n  name: {type: string}\n${attributes}${rest}`;

describe("a type", () => {
  test("has labels, keys, defaults and the common attributes", () => {
    const { types, problems } = compiled(
      `
type: Rack
label: {ja: ラック}
title: "{code}"
attributes:
  code: {type: string, required: true, index: lookup, aliases: [ラック番号]}
  units: {type: integer, default: 42, min: 1, max: 100}
  end: {type: date, expiry: [90, 30]}
  near: {type: array, items: {type: ref, to: [Rack], on_delete: unlink}}
  state: {type: enum, values: {up: {ja: 稼働, en: Up}, down: }}
keys: [[code], {attributes: [code, units], unless: shared}]
`.replace("keys:", "  shared: {type: boolean}\nkeys:"),
    );
    expect(problems).toEqual([]);
    const rack = types.get("Rack");
    expect(rack?.label).toEqual({ ja: "ラック", en: "Rack" });
    expect([...(rack?.attributes.keys() ?? [])]).toEqual([
      "code",
      "units",
      "end",
      "near",
      "state",
      "shared",
      "tags",
      "note",
    ]);
    expect(rack?.keys).toEqual([
      { name: "code", attributes: ["code"], unless: undefined },
      { name: "code+units", attributes: ["code", "units"], unless: "shared" },
    ]);
    expect(rack?.attributes.get("end")).toMatchObject({ index: "range", expiry: [90, 30] });
    expect(rack?.attributes.get("near")).toMatchObject({
      array: true,
      element: { type: "ref", to: ["Rack"], onDelete: "unlink" },
    });
    expect(rack?.attributes.get("state")?.element.values.get("down")).toEqual({
      ja: "down",
      en: "down",
    });
  });
  test("without a title needs a name", () => {
    const { types } = compiled("type: Note\nattributes: {}");
    expect(types.get("Note")?.attributes.get("name")?.required).toBe(true);
    expect(types.get("Note")?.title).toBe("{name}");
  });
});

const faults: ReadonlyArray<[what: string, text: string, message: string]> = [
  [
    "a misspelled key",
    "type: A\nlabels: x\nattributes: {}",
    "labels: unknown key labels; did you mean label?",
  ],
  [
    "a misspelled attribute type",
    device("  a: {type: sting}\n"),
    "attributes.a.type: expected one of string, text, integer, decimal, boolean, date, datetime, duration, enum, url, email, fqdn, ip, cidr, mac, money, json, secret_ref, ref, named_ref, array; did you mean string?",
  ],
  [
    "a misspelled attribute key",
    device("  a: {type: string, requird: true}\n"),
    "attributes.a.requird: unknown key requird; did you mean required?",
  ],
  [
    "an unknown target",
    device("  a: {type: ref, to: [Devise]}\n"),
    "attributes.a.to: no type Devise; did you mean Device?",
  ],
  [
    "a key over nothing",
    device("", "keys: [[nmae]]"),
    "keys[0]: no attribute nmae; did you mean name?",
  ],
  [
    "a key over a list",
    device("  a: {type: array, items: {type: string}}\n", "keys: [[a]]"),
    "keys[0]: a cannot be part of a key: it is not a single plain value",
  ],
  [
    "a title over nothing",
    device("", 'title: "{nam}"'),
    "title: no attribute nam; did you mean name?",
  ],
  [
    "an index that cannot be",
    device("  a: {type: string, index: range}\n"),
    "attributes.a.index: string has index: lookup, not range",
  ],
  [
    "a default that is not valid",
    device("  a: {type: integer, default: many}\n"),
    "attributes.a.default: expected a whole number",
  ],
  [
    "an enum without values",
    device("  a: {type: enum}\n"),
    "attributes.a.values: an enum has values, and nothing else has",
  ],
  [
    "a broken pattern",
    device("  a: {type: string, pattern: '('}\n"),
    "attributes.a.pattern: Invalid regular expression: /^(?:()$/u: Unterminated group",
  ],
  [
    "a redefined common attribute",
    device("  tags: {type: string}\n"),
    "attributes.tags: every type has tags already",
  ],
  [
    "an expiry of no date",
    device("  a: {type: string, expiry: [1]}\n"),
    "attributes.a.expiry: string does not expire; only date and datetime do",
  ],
  [
    "a scope that is no reference",
    device("  a: {type: ip, index: network, scope: name}\n"),
    "attributes.a.scope: name is not a single reference",
  ],
  [
    "a host role without index",
    device("", "host: {names: [name]}"),
    "host.names: name needs index: lookup to be found by its text",
  ],
  ["no mapping", "- a", ": an entity type is a mapping with `type` and `attributes`"],
  [
    "no name",
    "attributes: {}",
    "type: a type needs a name of letters, digits and underscores, as `Device`",
  ],
  [
    "an attribute in capitals",
    device("  A: {type: string}\n"),
    "attributes.A: an attribute's name is lower case letters, digits and underscores",
  ],
];

describe("faults", () => {
  test.each(faults)("%s is reported with its place", (_, text, message) => {
    expect(messages(text)).toContain(message);
  });
  test("are reported all at once, and do not hide other types", () => {
    const { types, problems } = compiled(
      device("  a: {type: sting}\n  b: {type: strin}\n"),
      "type: Good\nattributes: {}",
    );
    expect(problems).toHaveLength(2);
    expect([...types.keys()]).toEqual(["Device", "Good"]);
  });
  test("two types of one name name both files", () => {
    const { problems } = compileTypes([declaration("a", device("")), declaration("b", device(""))]);
    expect(problems).toEqual([
      expect.objectContaining({
        message: "type Device is already declared in /packs/test/types/a.yaml",
      }),
    ]);
  });
});

test("faults for code frames point into the document", () => {
  const file = declaration(
    "a",
    device("  a: {type: array, items: {type: sting}}\n", "keys: [[nmae]]"),
  );
  expect(typeFaults([file]).map(({ path }) => path)).toEqual([
    "/attributes/a/items/type",
    "/keys/0",
  ]);
  expect(typeFaults([file])[0]?.declaration).toBe(file);
});

test("the shipped library compiles, with Japanese and English labels everywhere", () => {
  const types = bundledTypes();
  expect(types.size).toBeGreaterThanOrEqual(25);
  for (const type of types.values())
    for (const { name, label } of type.attributes.values()) {
      expect(label.ja, `${type.name}.${name}`).not.toBe(name);
      expect(label.en, `${type.name}.${name}`).not.toBe(name);
    }
});
