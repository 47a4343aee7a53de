import { describe, expect, test } from "vitest";
import { applyJsonPatch, namedIn, readJsonPatch } from "../../src/inventory/json-patch.ts";
import { InventoryError } from "../../src/inventory/problem.ts";
import type { JsonObject } from "../../src/model/json.ts";

const done = (document: JsonObject, patch: unknown): JsonObject =>
  applyJsonPatch(document, readJsonPatch(patch));
function refusal(work: () => unknown): InventoryError {
  try {
    work();
  } catch (error) {
    if (error instanceof InventoryError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the examples of RFC 6902, appendix A", () => {
  test.each<[string, JsonObject, unknown, JsonObject]>([
    [
      "A.1",
      { foo: "bar" },
      [{ op: "add", path: "/baz", value: "qux" }],
      { baz: "qux", foo: "bar" },
    ],
    [
      "A.2",
      { foo: ["bar", "baz"] },
      [{ op: "add", path: "/foo/1", value: "qux" }],
      { foo: ["bar", "qux", "baz"] },
    ],
    ["A.3", { baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
    [
      "A.4",
      { foo: ["bar", "qux", "baz"] },
      [{ op: "remove", path: "/foo/1" }],
      { foo: ["bar", "baz"] },
    ],
    [
      "A.5",
      { baz: "qux", foo: "bar" },
      [{ op: "replace", path: "/baz", value: "boo" }],
      { baz: "boo", foo: "bar" },
    ],
    [
      "A.6",
      { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
      [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
      { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
    ],
    [
      "A.7",
      { foo: ["all", "grass", "cows", "eat"] },
      [{ op: "move", from: "/foo/1", path: "/foo/3" }],
      { foo: ["all", "cows", "eat", "grass"] },
    ],
    [
      "A.8",
      { baz: "qux", foo: ["a", 2, "c"] },
      [
        { op: "test", path: "/baz", value: "qux" },
        { op: "test", path: "/foo/1", value: 2 },
      ],
      { baz: "qux", foo: ["a", 2, "c"] },
    ],
    [
      "A.10",
      { foo: "bar" },
      [{ op: "add", path: "/child", value: { grandchild: {} } }],
      { foo: "bar", child: { grandchild: {} } },
    ],
    [
      "A.11",
      { foo: "bar" },
      [{ op: "add", path: "/baz", value: "qux", xyz: 123 }],
      { foo: "bar", baz: "qux" },
    ],
    ["A.14", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
    [
      "A.16",
      { foo: ["bar"] },
      [{ op: "add", path: "/foo/-", value: ["abc", "def"] }],
      { foo: ["bar", ["abc", "def"]] },
    ],
    ["copy", { a: [1, 2] }, [{ op: "copy", from: "/a/0", path: "/a/-" }], { a: [1, 2, 1] }],
    ["null is a value", { a: null }, [{ op: "test", path: "/a", value: null }], { a: null }],
  ])("%s", (_name, document, patch, expected) => {
    const before = structuredClone(document);
    expect(done(document, patch)).toEqual(expected);
    expect(document).toEqual(before);
  });
});

describe("what does not fit is refused, and says where and what is there", () => {
  test.each<[string, unknown, string, unknown]>([
    [
      "A.9 a test that fails",
      [{ op: "test", path: "/baz", value: "bar" }],
      'Operation 0 (test /baz): it is "qux"; expected "bar".',
      "qux",
    ],
    [
      "A.12 no parent",
      [{ op: "add", path: "/none/bat", value: 1 }],
      'Operation 0 (add /none/bat): there is nothing at "none".',
      null,
    ],
    [
      "A.15 no number is a text",
      [{ op: "test", path: "/n", value: "10" }],
      'Operation 0 (test /n): it is 10; expected "10".',
      10,
    ],
    [
      "nothing to replace",
      [{ op: "replace", path: "/none", value: 1 }],
      "Operation 0 (replace /none): there is nothing at /none to replace.",
      null,
    ],
    [
      "nothing to remove",
      [{ op: "remove", path: "/list/7" }],
      "Operation 0 (remove /list/7): there is nothing at /list/7 to remove.",
      null,
    ],
    [
      "no such element",
      [{ op: "replace", path: "/list/-", value: 1 }],
      "Operation 0 (replace /list/-): there is nothing at /list/- to replace.",
      null,
    ],
    [
      "beyond the end",
      [{ op: "add", path: "/list/4", value: 1 }],
      "Operation 0 (add /list/4): the list has 3 elements.",
      3,
    ],
    [
      "a word as an index",
      [{ op: "remove", path: "/list/x" }],
      'Operation 0 (remove /list/x): "x" is no place in a list; expected 0, 1, 2 … or -.',
      null,
    ],
    [
      "a leading zero",
      [{ op: "remove", path: "/list/01" }],
      'Operation 0 (remove /list/01): "01" is no place in a list; expected 0, 1, 2 … or -.',
      null,
    ],
    [
      "into itself",
      [{ op: "move", from: "/list", path: "/list/0" }],
      "Operation 0 (move /list/0): a value cannot be moved into itself.",
      null,
    ],
    [
      "from nowhere",
      [{ op: "copy", from: "/none", path: "/m" }],
      "Operation 0 (copy /m): there is nothing at /none.",
      null,
    ],
    [
      "of the prototype",
      [{ op: "test", path: "/constructor", value: 1 }],
      "Operation 0 (test /constructor): there is nothing; expected 1.",
      null,
    ],
    [
      "a member of a text",
      [{ op: "add", path: "/baz/x", value: 1 }],
      'Operation 0 (add /baz/x): "qux" has no member "x".',
      null,
    ],
  ])("%s", (_name, patch, message, found) => {
    const document = { baz: "qux", n: 10, list: ["a", "b", "c"] };
    const error = refusal(() => done(document, patch));
    expect([error.code, error.message, error.details["found"]]).toEqual([
      "INVENTORY_PATCH",
      message,
      found,
    ]);
    expect(document).toEqual({ baz: "qux", n: 10, list: ["a", "b", "c"] });
  });
  test("the place of the operation is told", () => {
    const patch = [
      { op: "add", path: "/a", value: 1 },
      { op: "test", path: "/a", value: 2 },
    ];
    expect(refusal(() => done({}, patch)).details).toEqual({
      operation: 1,
      op: "test",
      path: "/a",
      value: 2,
      found: 1,
    });
  });
});

test.each<[unknown, string]>([
  [
    { op: "add" },
    'a JSON Patch is a list of at most 1000 operations such as {"op": "replace", "path": "/status", "value": "retired"}',
  ],
  [[7], "[0] is 7; expected an operation"],
  [[{ op: "replce", path: "/a", value: 1 }], '[0].op is "replce"; did you mean replace?'],
  [[{ op: "set", path: "/a" }], '[0].op is "set"; expected add, remove, replace, move, copy, test'],
  [[{ op: "add", path: "/a" }], "[0].value is missing; add needs one (null is a value)"],
  [
    [{ op: "remove" }],
    '[0].path is missing; expected a pointer to an attribute, as "/status" or "/tags/0"',
  ],
  [
    [{ op: "remove", path: "" }],
    '[0].path is ""; expected a pointer to an attribute, as "/status" or "/tags/0"',
  ],
  [
    [{ op: "remove", path: "/a~2" }],
    '[0].path is "/a~2"; expected a pointer to an attribute, as "/status" or "/tags/0"',
  ],
  [
    [{ op: "copy", path: "/a" }],
    '[0].from is missing; expected a pointer to an attribute, as "/status" or "/tags/0"',
  ],
])("%j is no JSON Patch", (given, message) => {
  const error = refusal(() => readJsonPatch(given));
  expect([error.code, error.message]).toEqual(["INVENTORY_REQUEST", message]);
});

test("the attributes that a patch names are those of its tests and sources too", () => {
  const patch = readJsonPatch([
    { op: "test", path: "/a/0", value: 1 },
    { op: "move", from: "/b/x", path: "/c" },
    { op: "remove", path: "/a" },
  ]);
  expect(namedIn(patch)).toEqual(["a", "c", "b"]);
});
