import { describe, expect, test } from "vitest";
import { ExpressionError, type Ask, type Question } from "../../src/expressions/context.ts";
import { compiled, original } from "./jsonata-endings.ts";
import { compileJsonata, isCompiled } from "../../src/expressions/jsonata/compile.ts";
import { evaluateJsonata, type JsonataInput } from "../../src/expressions/jsonata/evaluate.ts";

const payload = {
  trigger: {
    host: "web01",
    severity: 3,
    ratio: 0.1,
    up: true,
    none: null,
    empty: "",
    list: [1, 2, 3],
    names: ["a", "b"],
    one: [7],
    no: [],
    nested: [[1, 2], [3]],
    deep: [[[1]], [[2, 3]]],
    body: { host: "web01.example", tags: { env: "prod", "a-b": 1 } },
    items: [
      { name: "x", n: 1, tags: ["p", "q"], sub: { k: 1 } },
      { name: "y", n: 2, tags: [], sub: { k: 2 } },
      { name: "z", n: 3 },
    ],
    single: [{ name: "x", n: 1, tags: ["p"], more: [{ v: [5] }] }],
    matrix: [{ rows: [{ cells: [1, 2] }, { cells: [3] }] }, { rows: [{ cells: [] }] }],
    "odd key": 5,
    japanese: "障害𠮷野家",
  },
};

const inProcess: readonly string[] = [
  'trigger.host = "web01"',
  'trigger.host = "web01" and trigger.severity > 2',
  'trigger.host in ["web01", "web02"]',
  "trigger.severity in trigger.list",
  "trigger.body.tags.env",
  "trigger.body.tags.`a-b` + 1",
  "trigger.`odd key` * 2",
  "$.trigger.host",
  "$$.trigger.host & '!'",
  "trigger.items.name",
  "trigger.items.tags",
  "trigger.items.sub.k",
  "trigger.items.nope",
  "trigger.single.name",
  "trigger.single.tags",
  "trigger.single.more.v",
  "trigger.single.more",
  "trigger.matrix.rows.cells",
  "trigger.one",
  "trigger.no",
  "trigger.no.x",
  "trigger.nested",
  "trigger.deep",
  "trigger.list[0]",
  "trigger.list[-1]",
  "trigger.list[9]",
  "trigger.items[0].name",
  "trigger.items[n = 2].name",
  "trigger.items[n > 1].name",
  "trigger.items[n > 1][0].name",
  "trigger.items[name in ['x','z']].n",
  "trigger.items[tags]",
  "trigger.items[sub.k = $$.trigger.items[1].sub.k].name",
  "(trigger.items.n)[1]",
  "trigger.host[0]",
  "trigger.host[1]",
  "trigger.nope[0]",
  "trigger.items.(name & ':' & n)",
  "trigger.items.{'k': name, 'v': n}",
  "trigger.items.$uppercase(name)",
  "trigger.items.name.$uppercase()",
  "$count(trigger.items)",
  "$count(trigger.nope)",
  "$count(trigger.host)",
  "$sum(trigger.items.n)",
  "$sum(trigger.no)",
  "$max(trigger.list)",
  "$min(trigger.list)",
  "$average(trigger.list)",
  "$exists(trigger.none)",
  "$exists(trigger.nope)",
  "$not(trigger.up)",
  "$not(trigger.nope)",
  "$boolean(trigger.no)",
  "$boolean(trigger.nested)",
  "$contains(trigger.host, 'web')",
  "$lowercase('ABC') = 'abc'",
  "$length(trigger.japanese)",
  "$substring(trigger.japanese, 2, 1)",
  "$substring(trigger.host, -2)",
  "$substring(trigger.host, -9, 3)",
  "$substringBefore(trigger.body.host, '.')",
  "$substringAfter(trigger.body.host, '.')",
  "$split(trigger.body.host, '.')",
  "$join(trigger.names, '-')",
  "$join(trigger.items.name)",
  "$trim('  a   b ')",
  "$string(trigger.ratio + 0.2)",
  "$string(trigger.body)",
  "$string(trigger.none)",
  "$number('12.50')",
  "$number(trigger.up)",
  "$round(2.5)",
  "$round(3.5)",
  "$round(-0.4)",
  "$abs(-3)",
  "$floor(1.7) + $ceil(1.2)",
  "$type(trigger.list)",
  "$type(trigger.none)",
  "$keys(trigger.body)",
  "$lookup(trigger, 'host')",
  "$append(trigger.list, 4)",
  "$append(trigger.no, trigger.one)",
  "trigger.host ~> $uppercase()",
  "trigger.host ~> $contains('w')",
  "trigger.up ? 'yes' : 'no'",
  "trigger.nope ? 'yes'",
  "trigger.nope ?? 'default'",
  "trigger.empty ?: 'default'",
  "($x := trigger.severity; $y := $x + 1; $x * $y)",
  "($x := 1; ($x := 2; $x); $x)",
  "{'host': trigger.host, 'missing': trigger.nope, 'list': [trigger.list, 4]}",
  "[trigger.host, trigger.list, [trigger.list], trigger.nope]",
  "[trigger.one]",
  "-trigger.severity",
  "trigger.severity % 2",
  "trigger.list = [1,2,3]",
  "trigger.body = {'tags': trigger.body.tags, 'host': trigger.body.host}",
  "trigger.none = null",
  "trigger.nope = null",
  "trigger.nope != 1",
  "trigger.host != 'x'",
  "trigger.nope > 1",
  "trigger.host > 1",
  "trigger.up > 1",
  "trigger.host + 1",
  "1 + trigger.host",
  "-trigger.host",
  "$unknown",
  "null",
  "'a' & 1 & true & null & [1, 2.5]",
  "trigger.body[host = 'web01.example'].tags.env",
  "trigger.items[n=1 or n=3].name",
  "$exists(trigger.items[name = 'y'])",
];

const byTheOriginal: readonly string[] = [
  "$map(trigger.list, function($v) { $v + 1 })",
  "$contains(trigger.host, /web\\d+/)",
  "trigger.items^(>n).name",
  "trigger.items{name: n}",
  "trigger.*",
  "trigger.**.k",
  "[1..3]",
  "trigger.one[]",
  "trigger ~> | $ | {'a': 1} |",
  "$sort(trigger.list)",
  "trigger.items@$i.{'a': $i.n}",
  "$uppercase(1)",
  "$sum(trigger.names)",
  "{'a': 1, 'a': 2}",
];

describe("compiled JSONata", () => {
  test.for(inProcess)("answers as the original: %s", async (source) => {
    const ended = compiled(source, payload);
    expect(ended).not.toHaveProperty("asked");
    expect(ended).toEqual(await original(source, payload));
  });

  test.for(byTheOriginal)("is left to the original: %s", (source) => {
    const ended = compiled(source, payload);
    expect(ended).toMatchObject({ asked: { kind: "evaluate", language: "jsonata", source } });
  });

  test("what the child answers is what the expression gives", () => {
    const variables = {};
    const source = "$map([1], function($v) { $v })";
    const expression = compileJsonata(source);
    expect(expression.evaluate({ variables, ask: () => ({ value: 7 }) })).toBe(7);
    const error = { code: "D1012", message: "too slow" };
    expect(() => expression.evaluate({ variables, ask: () => ({ error }) })).toThrow("too slow");
  });

  test("most of the language's plain part runs in process", () => {
    expect(inProcess.filter((source) => !isCompiled(source))).toEqual([]);
  });
});

describe("the original in a child", () => {
  test("gives JSON only", async () => {
    const functions = await evaluateJsonata("{'f': $uppercase, 'g': function(){1}, 'a': 1}", {
      root: {},
      calls: [],
    });
    expect(functions).toEqual({ value: { a: 1 } });
    const answer = await evaluateJsonata("{'__proto__': {'polluted': true}, 'a': 1}", {
      root: {},
      calls: [],
    });
    expect(Object.keys((answer as { value: object }).value)).toEqual(["a"]);
  });

  test("uses the decision's clock and values that were asked before", async () => {
    const source = "$map([1], function($v) { $result().code & $v & $now() & $millis() })";
    const asked: Question[] = [];
    const ask: Ask = (question) => {
      asked.push(question);
      return question.kind === "now" ? "2026-01-02T03:04:05.000Z" : { value: undefined };
    };
    compileJsonata(source).evaluate({
      variables: {},
      ask,
      workflow: { result: { code: "c" }, taskStatus: () => undefined, task: () => undefined },
    });
    const question = asked.find(({ kind }) => kind === "evaluate");
    const { input } = question as { input: JsonataInput };
    expect(await evaluateJsonata(source, input)).toEqual({
      value: "c12026-01-02T03:04:05.000Z1767323045000",
    });
  });
});

describe("refusals", () => {
  test.for([
    ["trigger.a +", 11, "Unexpected end of expression"],
    ["a b", 2, 'Syntax error: "b"'],
    ["$eval('1')", 0, "$eval is not allowed here"],
    ["a".repeat(10_241), 0, "at most 10240"],
    [`${"(".repeat(5000)}1${")".repeat(5000)}`, 0, "nested too deeply"],
  ] as const)("%s", ([source, offset, message]) => {
    let caught: unknown;
    try {
      compileJsonata(source);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ExpressionError);
    expect((caught as ExpressionError).message).toContain(message);
    expect((caught as ExpressionError).offset).toBe(offset);
  });

  test("work beyond the bounds moves to the child", () => {
    const list = Array.from({ length: 1000 }, (_, n) => ({ n }));
    const ended = compiled("list[n in $$.list.n]", { list });
    expect(ended).toHaveProperty("asked");
  });
});

test("names read from the root are listed with their place", () => {
  const { variables } = compileJsonata("trigger.a = $.other and $count(items[x].y) > $$.n");
  expect(variables).toEqual([
    { name: "trigger", offset: 0 },
    { name: "other", offset: 14 },
    { name: "items", offset: 31 },
    { name: "n", offset: 48 },
  ]);
});
