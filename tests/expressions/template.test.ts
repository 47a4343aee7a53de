import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ExpressionError,
  Unanswered,
  type EvaluationContext,
} from "../../src/expressions/context.ts";
import { checkTemplate, compileTemplate, languageOf } from "../../src/expressions/template.ts";

function context(variables: Readonly<Record<string, unknown>>): EvaluationContext {
  return {
    variables,
    ask: (question) => {
      throw new Unanswered(question);
    },
    workflow: {
      result: { code: 0 },
      status: "succeeded",
      taskId: "t",
      route: 0,
      taskStatus: () => undefined,
      task: () => undefined,
    },
  };
}

function evaluate(value: unknown, variables: Readonly<Record<string, unknown>> = {}): unknown {
  return compileTemplate(value).evaluate(context(variables));
}

describe("the language of a text", () => {
  test.for<[text: string, language: string | undefined]>([
    ["plain", undefined],
    ["a < b and {c}", undefined],
    ["{{ a }}", "jinja"],
    ["{% if a %}{% endif %}", "jinja"],
    ["<% a %>", "yaql"],
    ["<$ a $>", "jsonata"],
    ["x <$ a $> y", "jsonata"],
    ['<$ {"a": {"b": 1}} $>', "jsonata"],
    ["<$ {{%.a: 1}} $>", "jsonata"],
    ["{{ a }} <% b %>", "jinja"],
    ["<% b %> <$ c $>", "yaql"],
    ["{{ '<$ a $>' }}", "jinja"],
    ["{{ a\n}}", undefined],
    ["<$ a\n+ b $>", "jsonata"],
    ["<% a", undefined],
  ])("%j is %s", ([text, language]) => {
    expect(languageOf(text)).toBe(language);
  });
});

describe("compileTemplate", () => {
  const data = {
    n: 5,
    f: 1.5,
    t: true,
    nil: null,
    s: "text",
    list: [1, "a"],
    dict: { a: { b: 1 } },
  };

  test.for<[template: unknown, expected: unknown]>([
    ["plain", "plain"],
    [7, 7],
    ["<% ctx().n %>", 5],
    ["{{ ctx().n }}", 5],
    ["<$ n $>", 5],
    ["{{ ctx().dict }}", data.dict],
    ["<$ dict.a $>", { b: 1 }],
    ["<$ nope $>", null],
    ["n=<% ctx().n %>, <% ctx().list %>", "n=5, [1, 'a']"],
    ["n={{ ctx().n }} {{ ctx().t }} {{ ctx().nil }}", "n=5 True None"],
    ["n=<$ n $> <$ list $> <$ s $> <$ nope $>.", 'n=5 [1,"a"] text .'],
    ["{% for x in ctx().list %}<{{ x }}>{% endfor %}", "<1><a>"],
    ["<% result().code %>", 0],
    ["<$ $result().code = 0 and $succeeded() $>", true],
    ["<$ $version_compare('1.2.0', '1.10.0') $>", -1],
    [
      ["<% ctx().n %>", "x", { k: "{{ ctx().s }}" }],
      [5, "x", { k: "text" }],
    ],
    [
      { "<% ctx().s %>": 1, "{{ ctx().n }}": "<$ n $>" },
      { text: 1, 5: 5 },
    ],
  ])("%j gives %j", ([template, expected]) => {
    expect(evaluate(template, data)).toEqual(expected);
  });

  test("what an expression gives is never rendered again", () => {
    const hostile = {
      a: "<% ctx().secret %>",
      b: "{{ ctx().secret }}",
      c: "<$ secret $>",
      secret: "s3cret",
    };
    const template = [
      "<% ctx().b %> <% ctx().a %>",
      "{{ ctx().a }} {{ ctx().b }}",
      "<$ a $><$ c $>",
      "{% if true %}{{ ctx().b }}{% endif %}",
      "<% ctx().a %>",
    ];
    expect(evaluate(template, hostile)).toEqual([
      "{{ ctx().secret }} <% ctx().secret %>",
      "<% ctx().secret %> {{ ctx().secret }}",
      "<% ctx().secret %><$ secret $>",
      "{{ ctx().secret }}",
      "<% ctx().secret %>",
    ]);
  });

  test("values without expressions are shared with the source", () => {
    const shared = { deep: [1, 2, { x: "y" }] };
    const compiled = compileTemplate({ shared, own: "<% 1 %>" });
    expect(compiled.literal).toBe(false);
    const result = compiled.evaluate(context({})) as { shared: unknown };
    expect(result.shared).toBe(shared);
    const literal = compileTemplate(shared);
    expect(literal.literal).toBe(true);
    expect(literal.evaluate(context({}))).toBe(shared);
  });

  test("a key named __proto__ is data", () => {
    const template: unknown = JSON.parse('{"__proto__": "<% 1 %>"}');
    const result = evaluate(template) as object;
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(Object.entries(result)).toEqual([["__proto__", 1]]);
  });

  test("languages can be chosen", () => {
    const compiled = compileTemplate("<% ctx().n %>", { languages: ["jinja"] });
    expect(compiled.literal).toBe(true);
    expect(compiled.evaluate(context(data))).toBe("<% ctx().n %>");
  });

  test("variables are listed with their place", () => {
    const { variables, languages } = compileTemplate({
      a: "x <% ctx().b + ctx(c) %>",
      list: ["<$ d.e & $.f $>", "{{ ctx('g') }}"],
      "{{ ctx().h }}": "<$ broken +",
    });
    expect(languages).toEqual(["yaql", "jsonata", "jinja"]);
    expect(
      variables.map(({ language, name, path, offset }) => [language, name, path, offset]),
    ).toEqual([
      ["yaql", "b", ["a"], 11],
      ["yaql", "c", ["a"], 19],
      ["jsonata", "d", ["list", 0], 3],
      ["jsonata", "f", ["list", 0], 11],
      ["jinja", "g", ["list", 1], 8],
      ["jinja", "h", ["{{ ctx().h }}"], 9],
    ]);
  });

  test("a syntax error is thrown by evaluate, not by compileTemplate", () => {
    for (const text of ["<% 1 +/ 2 %>", "{{ 1 +/ 2 }}", "<$ 1 + $>", "{% foobar %}"]) {
      const compiled = compileTemplate(text);
      expect(() => compiled.evaluate(context({}))).toThrow(ExpressionError);
    }
    expect(() => evaluate("<% 1 +/ 2 %>")).toThrow(
      /Unable to evaluate expression '<% 1 \+\/ 2 %>'/,
    );
  });

  test("questions come through", () => {
    expect(() => evaluate("<$ $st2kv('system.key') $>")).toThrow(Unanswered);
    expect(() => evaluate("x <% st2kv('system.key') %>")).toThrow(Unanswered);
  });
});

describe("checkTemplate", () => {
  test("names each fault with its place", () => {
    const faults = checkTemplate({
      ok: ["<% 1 %>", "{{ 1 }}", "<$ 1 $>", "text", 1],
      a: { b: ["x <$ trigger. $>"] },
      "<% ) %>": 1,
      mixed: "<% 1 %>{{ 1 }}",
    });
    expect(faults).toMatchObject([
      {
        language: "jsonata",
        expression: "<$ trigger. $>",
        path: ["a", "b", 0],
        message: "Unexpected end of expression",
        offset: 13,
      },
      {
        language: "yaql",
        expression: "<% ) %>",
        path: ["<% ) %>"],
        message: "Parse error: unexpected ')' at position 0 of expression ')'",
      },
      {
        language: undefined,
        expression: "<% 1 %>{{ 1 }}",
        path: ["mixed"],
        message: "Expression with multiple types is not supported.",
        offset: 0,
      },
    ]);
  });
});

const unit = "../shared/conformance/expressions/orquesta-unit.json";

describe.skipIf(!existsSync(unit))("as Orquesta's facade answered", () => {
  interface Call {
    readonly f: string;
    readonly text: unknown;
    readonly data?: Readonly<Record<string, unknown>>;
    readonly r?: unknown;
    readonly msg?: string;
  }
  const tests: Record<string, Call[]> = existsSync(unit)
    ? JSON.parse(readFileSync(unit, "utf8"))
    : {};
  const calls = Object.entries(tests)
    .flatMap(([name, list]) => list.map((call) => ({ name, ...call })))
    .filter(({ f }) => f.startsWith("any."));
  // The original evaluates what an expression gave once more.
  const again = ["recursive", "RawBlock"];
  const of = (f: string): typeof calls =>
    calls.filter((call) => call.f === f && !again.some((word) => call.name.includes(word)));

  test.for(of("any.has_expressions"))("$name", ({ text, r }) => {
    expect(languageOf(String(text)) !== undefined).toBe(r);
  });

  test.for(
    of("any.evaluate").filter(({ data }) => !/"(?:<%|\{\{)/.test(JSON.stringify(data ?? {}))),
  )("$name $text", ({ text, data, r, msg }) => {
    let seen: unknown;
    try {
      seen = {
        r: compileTemplate(text).evaluate({ variables: data ?? {}, ask: context({}).ask }),
      };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      seen = { msg: error.message };
    }
    expect(seen).toEqual(msg === undefined ? { r } : { msg });
  });

  test.for(of("any.validate"))("$name $text", ({ text, r }) => {
    const errors = checkTemplate(text).map(({ language, expression, message }) => ({
      type: language ?? null,
      expression,
      message,
    }));
    expect({ errors }).toEqual(r);
  });

  test.for(of("any.extract_vars"))("$name $text", ({ text, r }) => {
    const seen = compileTemplate(text).variables.map(({ language, expression, name }) =>
      JSON.stringify([language, expression, name]),
    );
    const expected = (r as unknown[]).map((each) => JSON.stringify(each));
    expect([...new Set(seen)].toSorted()).toEqual(expected.toSorted());
  });
});
