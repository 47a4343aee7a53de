import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CliError } from "../../src/cli/cli.ts";
import { readParameters } from "../../src/cli/parameters.ts";

const workingDirectory = mkdtempSync(join(tmpdir(), "raicho-parameters-"));
writeFileSync(join(workingDirectory, "note.txt"), "ディスク\n");
writeFileSync(join(workingDirectory, "list.json"), '[{"a":1}]');

const schemas = {
  text: { type: "string" },
  count: { type: "integer" },
  ratio: { type: "number" },
  sure: { type: "boolean" },
  names: { type: "array" },
  ports: { type: "array", items: { type: "integer" } },
  pairs: { type: "array", items: { type: "object", properties: { n: { type: "integer" } } } },
  options: { type: "object", properties: { deep: { type: "boolean" } } },
  maybe: { type: ["integer", "null"] },
  untyped: {},
};

function read(...words: string[]): unknown {
  return readParameters(words, { ref: "p.a", schemas }, { workingDirectory, autoDict: false });
}

test.each([
  ["text=a=b c", { text: "a=b c" }],
  ["text=", { text: "" }],
  ["text=123", { text: "123" }],
  ["count=-7", { count: -7 }],
  ["count={{ config_context.n }}", { count: "{{ config_context.n }}" }],
  ["ratio=1.5e3", { ratio: 1500 }],
  ["sure=Yes", { sure: true }],
  ["sure=0", { sure: false }],
  ["names=a, b,c", { names: ["a", "b", "c"] }],
  ["names=", { names: [] }],
  [String.raw`names=a\,b,c`, { names: ["a,b", "c"] }],
  ['names=["a",1]', { names: ["a", 1] }],
  ["ports=80,443", { ports: [80, 443] }],
  ["pairs=n:1,m:x", { pairs: [{ n: 1, m: "x" }] }],
  ['pairs={"n":1},{"n":2}', { pairs: [{ n: 1 }, { n: 2 }] }],
  ["options=deep=yes,k:v", { options: { deep: true, k: "v" } }],
  ['options={"a":[1]}', { options: { a: [1] } }],
  ["maybe=null", { maybe: null }],
  ["maybe=3", { maybe: 3 }],
  ["untyped=7", { untyped: "7" }],
  ["@text=note.txt", { text: "ディスク\n" }],
  ["@names=list.json", { names: [{ a: 1 }] }],
])("%s is read by the schema", (word, expected) => {
  expect(read(word)).toEqual(expected);
});

test.each([
  ["count=1.5", 'parameter "count": expected a whole number, got "1.5"'],
  ["ratio=x", 'parameter "ratio": expected a number, got "x"'],
  ["sure=maybe", 'parameter "sure": expected true or false, got "maybe"'],
  ["ports=80,x", 'parameter "ports[1]": expected a whole number, got "x"'],
  [
    "options=deep",
    'parameter "options": expected an object, as JSON or as "key=value,key2=value2", got "deep"',
  ],
  ["cuont=1", 'action "p.a" has no parameter "cuont"; did you mean "count"?'],
  ["@text=absent.txt", "absent.txt cannot be read"],
  ["word", '"word": expected name=value, or @name=path for the content of a file'],
])("%s is refused with the reason", (word, message) => {
  expect(() => read(word)).toThrow(CliError);
  expect(() => read(word)).toThrow(message);
});

test("what is no name=value is the command line of actions that take one", () => {
  const parts = {
    ref: "core.local",
    schemas: { cmd: { type: "string" }, timeout: { type: "integer" } },
  };
  const options = { workingDirectory, autoDict: false };
  expect(readParameters(["timeout=5", "ls", "-l", "a=b"], parts, options)).toEqual({
    timeout: 5,
    cmd: "ls -l a=b",
  });
});

test("lists of key:value become objects when asked", () => {
  const options = { workingDirectory, autoDict: true };
  const words = ["names=a:1,b:2"];
  expect(readParameters(words, { ref: "p.a", schemas }, options)).toEqual({
    names: [{ a: "1", b: "2" }],
  });
});
