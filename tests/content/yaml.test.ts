import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseYaml } from "../../src/content/yaml.ts";
import { Float } from "../../src/expressions/python/values.ts";

/** What PyYAML 6.0 answered for `v: <text>`; "refused" = it raised an error. */
const scalars: ReadonlyArray<readonly [text: string, value: unknown]> = [
  ["yes", true],
  ["No", false],
  ["on", true],
  ["OFF", false],
  ["y", "y"],
  ["N", "N"],
  ["tRue", "tRue"],
  ["~", null],
  ["", null],
  ["NULL", null],
  ["nULL", "nULL"],
  ["0", 0],
  ["-0", -0 + 0],
  ["08", "08"],
  ["010", 8],
  ["0777", 511],
  ["0o17", "0o17"],
  ["0x1F", 31],
  ["0b101", 5],
  ["1_000", 1000],
  ["+5", 5],
  ["1__2", 12],
  ["_1", "_1"],
  ["1:30", 90],
  ["190:20:30", 685_230],
  ["-1:30", -90],
  ["0:30", "0:30"],
  ["01:30", "01:30"],
  ["1:60", "1:60"],
  ["12:30:45", 45_045],
  ["00:11:22:33:44:55", "00:11:22:33:44:55"],
  ["192.168.0.1:80", "192.168.0.1:80"],
  ["1.0", 1],
  [".5", 0.5],
  ["-.5", "-.5"],
  ["1.", 1],
  ["1e3", "1e3"],
  ["1.5e3", "1.5e3"],
  ["1.5e+3", 1500],
  ["1.5E-3", 0.0015],
  ["1:30.5", 90.5],
  [".inf", Number.POSITIVE_INFINITY],
  ["-.INF", Number.NEGATIVE_INFINITY],
  [".nan", Number.NaN],
  [".NaN", Number.NaN],
  ["1.2.3", "1.2.3"],
  ["10.0.0.1", "10.0.0.1"],
  ["v1.0", "v1.0"],
  ["2026-01-02", "2026-01-02"],
  ["2026-1-2", "2026-1-2"],
  ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"],
  ["2026-01-02 03:04:05", "2026-01-02T03:04:05"],
  ["2026-01-02 03:04:05.5 +9", "2026-01-02T03:04:05.500000+09:00"],
  ["2026-01-02t3:04:05.123456789-05:30", "2026-01-02T03:04:05.123456-05:30"],
  ["2026-13-45", "refused"],
  ["=", "refused"],
  ["<<", "refused"],
  ["0x_", "refused"],
  ["'yes'", "yes"],
  ['"5"', "5"],
  ["!!str 5", "5"],
  ["!!int '5'", 5],
  ["!!float 3", 3],
  ["!!bool yes", true],
  ["!!null x", null],
  ["!foo x", "refused"],
  ["!!python/object:os.system x", "refused"],
  ["!!binary aGk=", "aGk="],
];

function valueOf(text: string): unknown {
  const { value, faults } = parseYaml(`v: ${text}`);
  if (faults.some(({ severity }) => severity === "error")) return "refused";
  return (value as { v: unknown }).v;
}

describe("scalars mean what PyYAML says", () => {
  test.each(scalars)("%s", (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  test("Python's numbers are kept apart where expressions see them", () => {
    const { value } = parseYaml(
      "[1, 1.0, 1.5, 123456789012345678901234567890, 1e+3, 1.0e+3]",
      "python",
    );
    expect(value).toEqual([
      1,
      new Float(1),
      1.5,
      123456789012345678901234567890n,
      "1e+3",
      new Float(1000),
    ]);
  });
});

describe("structure", () => {
  test("merge keys: own keys win, the first of several mappings wins, and order is PyYAML's", () => {
    const { value } = parseYaml(
      "a: &a {x: 1, y: 2}\nb: &b {x: 9, z: 3}\nc:\n  y: 5\n  <<: [*a, *b]\n",
    );
    expect(Object.entries((value as { c: object }).c)).toEqual([
      ["x", 1],
      ["z", 3],
      ["y", 5],
    ]);
  });

  test("a key written twice counts once, with a warning at the second", () => {
    const { value, faults } = parseYaml("a: 1\nb: 2\na: 3\n");
    expect(value).toEqual({ a: 3, b: 2 });
    expect(faults).toEqual([
      {
        severity: "warning",
        message: '"a" is written twice; only the last one counts',
        line: 3,
        column: 1,
      },
    ]);
  });

  test("keys become text; a key that YAML 1.1 takes for a boolean is pointed out", () => {
    const { value, faults } = parseYaml("1: a\non: b\n~: c\n");
    expect(value).toEqual({ 1: "a", true: "b", null: "c" });
    expect(faults.map(({ line, message }) => [line, message])).toEqual([
      [2, "the key on means true in YAML 1.1; quote it if the word is meant"],
    ]);
  });

  test("__proto__ is a key like any other", () => {
    const { value } = parseYaml("__proto__: {polluted: true}\n");
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("a byte order mark and Japanese text pass", () => {
    expect(parseYaml("\uFEFF名前: 監視\n").value).toEqual({ 名前: "監視" });
  });
});

describe("faults", () => {
  const aliases = `a: &a 1\nb: [${"*a, ".repeat(51)}]\n`;
  const bomb = [
    "a: &l0 [x,x,x,x,x,x,x,x,x,x]",
    ...Array.from({ length: 9 }, (_, n) => `b${n}: &l${n + 1} [${`*l${n},`.repeat(5)}]`),
  ].join("\n");
  test.each<[string, string, [number, number], RegExp]>([
    ["a tab", "a:\n\t- x\n", [2, 1], /Tabs/],
    ["an open quote", "a: 'x\n", [2, 1], /quote/i],
    ["two documents", "a: 1\n---\nb: 2\n", [2, 1], /multiple documents/],
    ["an unknown alias", "a: 1\nb: *x\n", [2, 4], /no anchor &x/],
    ["a circle", "a: &a\n  - *a\n", [2, 5], /&a contains itself/],
    ["a list as key", "? [1]\n: 2\n", [1, 3], /key cannot be/],
    ["a merge of a number", "a: 1\n<<: 5\n", [2, 1], /<< takes a mapping/],
    ["a control character", "a: 1\nb: x\u0007\n", [2, 5], /U\+0007/],
    ["an impossible date", "a:\n  b: 2026-02-30\n", [2, 6], /looks like a date/],
    ["too many aliases", aliases, [2, 205], /more than 50 aliases/],
    ["an alias bomb", bomb, [7, 26], /values once aliases/],
    ["too much nesting", `a: ${"[".repeat(60)}${"]".repeat(60)}`, [1, 53], /nested more than 50/],
  ])("%s", (_name, text, [line, column], message) => {
    const { value, faults } = parseYaml(text);
    expect(value).toBeUndefined();
    expect(faults.map((fault) => [fault.severity, fault.line, fault.column])).toEqual([
      ["error", line, column],
    ]);
    expect(faults[0]?.message).toMatch(message);
  });

  test("a large file and deep nesting end quickly", () => {
    expect(parseYaml("a".repeat(1_048_577)).faults[0]?.message).toMatch(/larger than/);
    expect(parseYaml("[".repeat(200_000)).value).toBeUndefined();
    expect(parseYaml("- ".repeat(200_000)).value).toBeUndefined();
  });
});

describe("places", () => {
  const file = parseYaml(
    'a:\n  b: [1, {c: x}]\nm: &m {k: v}\nn:\n  <<: *m\ntext: |\n  one\n  two three\nq: "x y"\n',
  );
  test.each<[readonly (string | number)[], "key" | "value", [number, number]]>([
    [["a"], "key", [1, 1]],
    [["a", "b"], "key", [2, 3]],
    [["a", "b", 1, "c"], "value", [2, 14]],
    [["n", "k"], "value", [3, 11]],
    [["a", "nothing"], "value", [2, 3]],
    [[], "value", [1, 1]],
  ])("%j %s", (path, part, [line, column]) => {
    expect(file.place(path, part)).toEqual({ line, column });
  });

  test("of characters inside text", () => {
    expect(file.placeInText(["text"], 8)).toEqual({ line: 8, column: 7 });
    expect(file.placeInText(["q"], 2)).toEqual({ line: 9, column: 7 });
    expect(file.placeInText(["a", "b", 1, "c"], 0)).toEqual({ line: 2, column: 14 });
  });
});

test("whatever is done to a file, it is read or refused, never more", () => {
  const seed =
    "name: x\nparameters:\n  a: &a {type: string, default: 'y'}\n  b:\n    <<: *a\n    enum: [1, 0x2, 2026-01-01]\nt: |\n  text\n";
  const mutation = fc.record({
    at: fc.nat(seed.length),
    cut: fc.nat(6),
    insert: fc.oneof(
      fc.constantFrom(
        "*a",
        "&a ",
        "<<: ",
        "- ",
        "\t",
        "\n",
        "'",
        '"',
        "{",
        "[",
        "!!int ",
        "? ",
        ": ",
        "|",
        "%YAML",
        "---\n",
        "\u0000",
      ),
      fc.string({ maxLength: 4, unit: "binary" }),
    ),
  });
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      const text = mutations.reduce(
        (all, { at, cut, insert }) => all.slice(0, at) + insert + all.slice(at + cut),
        seed,
      );
      const file = parseYaml(text);
      const { value, faults } = file;
      const errors = faults.filter(({ severity }) => severity === "error");
      expect(errors.length > 0).toBe(value === undefined);
      for (const fault of faults) expect(fault.line >= 1 && fault.column >= 1).toBe(true);
      expect(file.place(["parameters", "b", "enum", 2]).line).toBeGreaterThanOrEqual(1);
    }),
    { numRuns: 500 },
  );
});

describe("quoted text whose lines begin left of where YAML wants them", () => {
  test("is read as PyYAML reads it", () => {
    const text = "a:\n  - b: '{{ x |\n  y ''s\n  }}'\n    c: \"q\n  \\\"z\"\nd: 1\n";
    const file = parseYaml(text);
    expect(file.faults).toEqual([]);
    expect(file.value).toEqual({ a: [{ b: "{{ x | y 's }}", c: 'q "z' }], d: 1 });
    expect(file.place(["d"])).toEqual({ line: 7, column: 4 });
    expect(file.place(["a", 0, "c"], "key")).toEqual({ line: 5, column: 5 });
  });

  test("needs its closing quote all the same", () => {
    const { faults } = parseYaml("a:\n  - b: 'x\ny\n");
    expect(faults.map(({ message }) => message)).toEqual([
      "not valid YAML: Missing closing 'quote",
    ]);
  });
});
