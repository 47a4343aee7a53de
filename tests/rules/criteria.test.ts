import { describe, expect, test } from "vitest";
import { Unanswered, type Ask } from "../../src/expressions/context.ts";
import type { Criterion } from "../../src/model/definitions.ts";
import { runRegexHere, type RegexCall } from "../../src/expressions/python/regex.ts";
import { compileRule, judge, type Verdict } from "../../src/rules/rule.ts";
import { rule } from "./rules.ts";

type Criteria = Readonly<Record<string, Criterion>>;

const datastore: Readonly<Record<string, unknown>> = {
  "system.k1": "v1",
  "system.a.b": "dotted",
  "system.test_value_1": "xxx",
  "system.test_value_2": "v1",
  "system.test_value_3": "YYY",
};
const ask: Ask = (question) => {
  if (question.kind === "datastore") return datastore[question.name];
  if (question.kind === "now") return "2026-01-01T00:00:00+00:00";
  if (question.kind !== "evaluate") throw new Unanswered(question);
  return { value: runRegexHere(question.source, question.input as RegexCall) };
};
const nothing: Ask = (question) => {
  throw new Unanswered(question);
};
const equals = (pattern: unknown): Criterion => ({ type: "equals", pattern });

function verdict(criteria: Criteria, payload: unknown, answers: Ask = ask): Verdict {
  return judge(compileRule(rule({ name: "r", criteria }), 0), payload, answers);
}
function kind(criteria: Criteria, payload: unknown): string {
  return verdict(criteria, payload).kind;
}

describe("criteria", () => {
  const payload = {
    host: "web01",
    n: 5,
    f: 0.5,
    list: [{ a: 1 }, { a: 2 }],
    text: "line\n",
    none: null,
  };
  test.for<[key: string, criterion: Criterion, expected: string]>([
    ["trigger.host", equals("{{ trigger.host }}"), "match"],
    ["trigger.n", equals("{{ trigger.n }}"), "match"],
    ["trigger.n", equals("{{ trigger.n + 1 }}"), "no-match"],
    ["trigger.f", equals("{{ trigger.f }}"), "match"],
    ["trigger.list", equals("{{ trigger.list }}"), "match"],
    ["trigger.none", equals("{{ trigger.none }}"), "no-match"],
    ["trigger.host", equals("web{{ '01' }}"), "match"],
    ["trigger.text", equals("line"), "no-match"],
    ["trigger.host", equals("web01\n"), "match"],
    ["trigger.host", equals("{# comment #}web01"), "match"],
    ["trigger.list[*].a", equals(1), "match"],
    ["trigger..a", equals(1), "match"],
    ["trigger.where", equals(1), "failure"],
    ["trigger.host", { type: "EQUALS", pattern: "web01" }, "match"],
    ["trigger.host", equals("{{ nothing }}"), "failure"],
    [
      "trigger.host",
      { type: "search", pattern: { item: { type: "equals", pattern: "w" } }, condition: "any" },
      "match",
    ],
    ["trigger.n", { type: "search", pattern: {}, condition: "any" }, "failure"],
    ["trigger.nope", { type: "search", pattern: {}, condition: "any" }, "failure"],
    ["trigger.list", { type: "search", pattern: null, condition: "any" }, "failure"],
    ["trigger.list", { type: "search", pattern: { "item.a": 1 }, condition: "any" }, "failure"],
    [
      "trigger.list",
      {
        type: "search",
        pattern: { "item.a": { type: "equals", pattern: "{{ item.a }}" } },
        condition: "all",
      },
      "match",
    ],
    [
      "trigger.list",
      {
        type: "search",
        pattern: { "item.a": { type: "search", condition: "any", pattern: {} } },
        condition: "any",
      },
      "no-match",
    ],
  ])("%s %j: %s", ([key, criterion, expected]) => {
    expect(kind({ [key]: criterion }, payload)).toBe(expected);
  });

  test("the datastore is asked for what a pattern refers to", () => {
    expect(kind({ "trigger.v": equals("{{ st2kv.system.a.b }}") }, { v: "dotted" })).toBe("match");
    expect(kind({ "trigger.v": equals("{{ system.k1 }}") }, { v: "v1" })).toBe("match");
    const inText = { "trigger.v": equals("{{ st2kv.system.k1 | upper }}!") };
    expect(verdict(inText, { v: "V1!" }, nothing).kind).toBe("unanswered");
    expect(verdict(inText, { v: "V1!" }).kind).toBe("match");
    expect(
      verdict({ "trigger.v": equals("{{ st2kv.system.k1 }}") }, { v: "v1" }, nothing),
    ).toMatchObject({
      kind: "unanswered",
      error: { question: { kind: "datastore", name: "system.k1", decrypt: false } },
    });
  });

  test("a question inside a search is asked, too", () => {
    const criteria: Criteria = {
      "trigger.list": {
        type: "search",
        condition: "any",
        pattern: { item: { type: "td_lt", pattern: 1 } },
      },
    };
    expect(verdict(criteria, { list: ["2026-01-01"] }, nothing).kind).toBe("unanswered");
  });
});
