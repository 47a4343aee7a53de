import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readPlainYaml } from "../../src/content/yaml-plain.ts";
import { parseWhole } from "../../src/content/yaml-whole.ts";
import { parseYaml } from "../../src/content/yaml.ts";

describe("the short way of reading", () => {
  const pieces = [
    "key: ",
    "name:",
    "- ",
    "  ",
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "\n\n",
    " # why",
    "# alone\n",
    ": ",
    "'",
    '"',
    "|",
    ">-",
    "|+\n   ",
    "text",
    "more text",
    "12",
    "08",
    "yes",
    "~",
    "2026-01-02",
    "it''s",
    "[a, 1, yes]",
    "[",
    "{}",
    '\\"',
    "\\n",
    "<<",
    "@",
    "&a",
    "*a",
    "---",
    "---\n",
    "...",
    "%",
    "?",
    "\t",
    "\u00a0",
    "\u0085",
    "\u00e9",
    "=",
    "`x`",
    "!x",
    "true: ",
    '"q": ',
    "'q': ",
  ];
  const written = fc
    .array(fc.constantFrom(...pieces), { maxLength: 14 })
    .map((all) => all.join(""));

  test("means what the whole grammar means, where it takes a text at all", () => {
    let taken = 0;
    fc.assert(
      fc.property(written, fc.constantFrom("plain" as const, "python" as const), (text, style) => {
        const read = readPlainYaml(text, style);
        if (read === undefined) return;
        taken += 1;
        const whole = parseWhole(text, style);
        expect(whole.faults).toEqual([]);
        expect(read.value).toEqual(whole.value);
        expect(read.place).toEqual(whole.place([]));
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test.each([
    ["a: 1\nb:\n- x\n- y: z\n  w: 'it''s'\n", { a: 1, b: ["x", { y: "z", w: "it's" }] }],
    ["# first\n---\n  a: |\n    one\n     two\n\n    three\n\n", { a: "one\n two\n\nthree\n" }],
    [
      "a: >-\n  one\n  two\n\n  three\nb: [x, 010, no]\n",
      { a: "one two\nthree", b: ["x", 8, false] },
    ],
    ['a: "one\n  two\n\n  three"\nb:\n', { a: "one two\nthree", b: null }],
    ["- - 1\n  - plain\n    text\n- {} # why\n", [[1, "plain text"], {}]],
  ])("takes %j", (text, value) => {
    expect(readPlainYaml(text, "plain")?.value).toEqual(value);
    expect(parseWhole(text, "plain").value).toEqual(value);
  });

  test.each([
    "a: &x 1",
    "a: 1\na: 2",
    "yes: 1",
    "a: b: c",
    "a: [x, [y]]",
    "a: 1\n---\nb: 2",
    "a:\t1",
    "a: {{ x }}",
    "a",
  ])("leaves %j to the whole grammar", (text) =>
    expect(readPlainYaml(text, "plain")).toBeUndefined(),
  );

  test("places are found by parsing the text after all", () => {
    const file = parseYaml("a: 1\nb:\n  - x\n  - y\n");
    expect(file.place(["b", 1])).toEqual({ line: 4, column: 5 });
    expect(file.place(["b"], "key")).toEqual({ line: 2, column: 1 });
    expect(file.place([])).toEqual({ line: 1, column: 1 });
  });
});
