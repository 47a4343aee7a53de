import { describe, expect, test } from "vitest";

import { parseYaml } from "../../src/content/yaml.ts";
import { inspectWorkflow, isFaulty, type Spot } from "../../src/workflows/inspect.ts";
import { inspectContents, listForApi, listInspection } from "../../src/workflows/inspect-list.ts";
import { cpuMs } from "../support/cpu.ts";

function inspect(text: string, context: readonly string[] = []) {
  const yaml = parseYaml(text, "python");
  const place = ({ path, part, offset }: Spot) =>
    offset === undefined ? yaml.place(path, part) : yaml.placeInText(path, offset);
  return inspectWorkflow(yaml.value, { context, place });
}

/** `line:column message` of everything that is wrong. */
function told(text: string, context: readonly string[] = []): string[] {
  const inspection = inspect(text, context);
  return Object.values(inspection)
    .flat()
    .map(({ line, column, message }) => `${line}:${column} ${message}`);
}

const one = "version: 1.0\ntasks:\n  t1:\n    action: core.noop\n";

test("a sound workflow has no errors", () => {
  const inspection = inspect(`${one}    next:\n      - publish: a=1\n`);
  expect(isFaulty(inspection)).toBe(false);
  expect(inspection).toEqual({ syntax: [], semantics: [], expressions: [], context: [] });
});

/** Recorded from jsonschema 4.26 and Orquesta 1.6, with the places added. */
const cases: ReadonlyArray<readonly [text: string, ...told: string[]]> = [
  [
    `${one}version: []\n`.replace("version: 1.0\n", ""),
    "4:10 [] is not valid under any of the given schemas",
    "4:10 [] is not one of ['1.0', 1.0]",
  ],
  [`${one}    delay: 1.0\n`, "5:12 1.0 is not valid under any of the given schemas"],
  [
    `${one}tags: [1, a, 1.0]\n`,
    "5:8 1 is not of type 'string'",
    "5:14 1.0 is not of type 'string'",
    "5:7 [1, 'a', 1.0] has non-unique elements",
  ],
  [`${one}tags: [true, 1]\n`, "5:8 True is not of type 'string'", "5:14 1 is not of type 'string'"],
  [
    `${one}input: ["it's \\"so\\"", {a: [x\\y]}, {}]\n`,
    "5:36 {} is not valid under any of the given schemas",
  ],
  [`${one}vars: {"a\\\\b": "it's"}\n`, `5:7 {'a\\b': "it's"} is not of type 'array'`],
  [`${one}foo: 1\nbar: 2\n`, "5:1 Additional properties are not allowed ('bar', 'foo' were unexpected)"],
  [`${one}    retry: {}\n`, "5:12 'count' is a required property"],
  [
    `${one}    with: x in y\n`,
    String.raw`5:11 'x in y' does not match '^(\s+)?({{.*?}}|<%.*?%>)(\s+)?$|^(\s+)?((\w+,\s?|\s+)+)?(\w+)\s+in\s+({{.*?}}|<%.*?%>)(\s+)?$'`,
  ],
  [`${one}    with: x in <$ [1, 2] $>\n`],
  ["tasks:\n  a b: {action: x.y}\n", String.raw`2:3 'a b' does not match '^\w+$'`],
  ["tasks:\n  noop: {action: x.y}\n", '2:3 The task name "noop" is reserved with special function.'],
  [
    "tasks:\n  a:\n    with: <% list() %>\n",
    "2:3 The action property is required for with items task.",
  ],
  [
    `${one}    next:\n      - do: [t1, t2]\n  t0: {action: a.b, next: [{do: 't1,  t3'}]}\n`,
    '7:39 The task "t3" is not defined.',
    '6:18 The task "t2" is not defined.',
  ],
  [
    `${one}    input:\n      k <% ctx().a %>: {m: ['x <% ctx().b %>', '{{ ctx("c") }}']}\n`,
    '6:7 Variable "a" is referenced before assignment.',
    '6:41 Variable "b" is referenced before assignment.',
    '6:57 Variable "c" is referenced before assignment.',
  ],
  [`${one}output: [{a: <% ctx('__b') %>}]\n`,
    '5:22 Variable "__b" that is prefixed with double underscores is considered a private variable and cannot be referenced.',
    '5:22 Variable "__b" is referenced before assignment.',
  ],
  [`${one}output:\n  - a: <$ b.c $>\n`, '6:11 Variable "b" is referenced before assignment.'],
  [`${one}    input:\n      m: |\n        x\n        {{ 1 + }}\n`, "8:16 unexpected 'end of print statement'", "8:15 unexpected 'end of template'"],
];

test.each(cases)("%j", (text, ...expected) => {
  expect(told(text)).toEqual(expected);
});

test("names that are given may be read", () => {
  const text = `${one}    input: {u: <% ctx().st2.user %>, v: <% ctx(x) %>}\n`;
  expect(told(text, ["st2"])).toEqual(['5:48 Variable "x" is referenced before assignment.']);
});

describe("the list of the API", () => {
  const document = parseYaml(
    `${one}    foo: 1\n    next: [{when: <% 1 + %>, do: t9}]\n  t2: {action: nope}\n  t3: {action: core.nope}\n  t4: {action: core.echo massage=1}\n  t5: {action: <% ctx(x) %>}\n`,
    "python",
  ).value;
  const known = {
    "core.noop": {},
    "core.echo": { message: { required: true }, tries: { required: true, default: 1 } },
  };
  const contents = inspectContents(document, (ref) =>
    ref === "core.noop" || ref === "core.echo" ? known[ref] : undefined,
  );

  test("tells what is wrong with the actions that are called", () => {
    expect(contents.map(({ message, spec_path: path }) => [path, message])).toEqual([
      ["tasks.t2.action", 'The action reference "nope" is not formatted correctly.'],
      ["tasks.t3.action", 'The action "core.nope" is not registered in the database.'],
      ["tasks.t4.input", 'Action "core.echo" is missing required input "message".'],
      ["tasks.t4.input.massage", 'Action "core.echo" has unexpected input "massage".'],
    ]);
    expect(contents[3]?.schema_path).toBe(
      String.raw`properties.tasks.patternProperties.^\w+$.properties.input.patternProperties.^\w+$`,
    );
  });

  test("is in the order of types and schema paths", () => {
    const list = listForApi(inspectWorkflow(document), contents);
    expect(list.map(({ type }) => type)).toEqual([
      "content",
      "content",
      "content",
      "content",
      "context",
      "expression",
      "semantic",
      "syntax",
    ]);
    expect(listInspection(inspectWorkflow(document)).map(({ type }) => type)).toEqual([
      "syntax",
      "semantic",
      "expression",
      "context",
    ]);
  });
});

/** `t0` to `t<count - 1>`. */
function tasks(
  count: number,
  next: (index: number) => readonly unknown[],
): Record<string, unknown> {
  return Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `t${index}`,
        { action: "core.noop", ...(index < count - 1 ? { next: next(index) } : {}) },
      ]),
    );
}

function timed(document: unknown): [errors: number, milliseconds: number] {
    let errors = 0;
    const milliseconds = cpuMs(() => {
      errors = Object.values(inspectWorkflow(document)).flat().length;
    });
    return [errors, milliseconds];
}


describe("large and unkind workflows", () => {
  test("a chain of 5,000 tasks that all publish", () => {
    const chain = tasks(5000, (index) => [
      { publish: [{ [`v${index}`]: `<% ctx().v${index - 1} %>` }], do: `t${index + 1}` },
    ]);
    const [errors, milliseconds] = timed({ tasks: chain });
    expect(errors).toBe(1);
    expect(milliseconds).toBeLessThan(5000);
  });

  test("splits of splits, joins of joins", () => {
    const splits = tasks(1000, (index) => [
      { do: [`t${index + 1}`, `t${Math.min(index + 2, 999)}`] },
    ]);
    const joins = Object.fromEntries(
      Object.entries(splits).map(([name, task]) => [
        name,
        Object.assign({}, task, { join: "all" }),
      ]),
    );
    for (const each of [splits, joins]) {
      const [, milliseconds] = timed({ tasks: { ...each, t0: splits["t0"] } });
      expect(milliseconds).toBeLessThan(8000);
    }
  });

  test.each([null, [], "x", 1, { tasks: [] }, { tasks: { a: 1, b: null, c: { next: [1], with: 2, retry: 3 } } }])(
    "%j is told, not thrown",
    (document) => {
      expect(isFaulty(inspectWorkflow(document))).toBe(true);
    },
  );
});
