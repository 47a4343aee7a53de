import { describe, expect, test } from "vitest";
import { Unanswered, type Ask, type Question } from "../../src/expressions/context.ts";
import type { Criterion, RuleDefinition } from "../../src/model/definitions.ts";
import { Float } from "../../src/expressions/python/values.ts";
import { candidates, compileRules, triggerKey } from "../../src/rules/index.ts";
import { explain, match, type MatchEvent } from "../../src/rules/match.ts";
import { rule } from "./rules.ts";

const ask: Ask = (question) => {
  throw new Unanswered(question);
};

function matched(rules: readonly RuleDefinition[], event: Partial<MatchEvent>): string[] {
  const full = { trigger: "p.happened", payload: {}, ...event };
  return match(compileRules(rules), full, ask).matches.map((each) => each.rule.name);
}

const named = (name: string, parts: Partial<RuleDefinition> = {}): RuleDefinition =>
  rule({ name, ...parts });
const host = (
  name: string,
  pattern: unknown,
  more: Readonly<Record<string, Criterion>> = {},
): RuleDefinition =>
  named(name, { criteria: { "trigger.host": { type: "equals", pattern }, ...more } });

const hook = (name: string, url: string): RuleDefinition =>
  named(name, { trigger: { type: "core.st2.webhook", parameters: { url } } });

const index = (rules: readonly RuleDefinition[], payload: unknown): string[] => {
  const found = compileRules(rules).triggers.get("p.happened");
  return found === undefined
    ? []
    : candidates(found.standard, payload).map((each) => each.rule.name);
};

const known: Ask = ({ kind }) => (kind === "now" ? "2026-01-01T00:01:00.000Z" : { value: true });

const refused: Ask = ({ kind }) =>
  kind === "now"
    ? "2026-01-01T00:01:00.000Z"
    : { error: { code: "DeadlineExceeded", message: "too slow" } };

describe("match", () => {
  test("rules of other triggers and disabled rules are left out", () => {
    const rules = [
      named("a"),
      named("b", { trigger: { type: "p.other", parameters: {} } }),
      named("c", { enabled: false }),
    ];
    expect(matched(rules, { payload: { x: 1 } })).toEqual(["a"]);
    expect(matched(rules, { trigger: "p.nothing" })).toEqual([]);
    expect(compileRules(rules).types).toEqual(new Set(["p.happened", "p.other"]));
  });

  test("trigger parameters have to be the same", () => {
    const rules = [hook("a", "/alerts/"), hook("b", "other"), hook("c", "alerts")];
    const event = { trigger: "core.st2.webhook", payload: { body: {} } };
    expect(matched(rules, { ...event, parameters: { url: "alerts" } })).toEqual(["a", "c"]);
    expect(matched(rules, { ...event, parameters: { url: "/other" } })).toEqual(["b"]);
    expect(matched(rules, event)).toEqual([]);
    expect(triggerKey("t", { b: { y: 1, x: [2] }, a: 1 })).toBe(
      triggerKey("t", { a: 1, b: { x: [2], y: 1 } }),
    );
  });

  test("a rule without criteria matches also without a payload; with criteria it does not", () => {
    const rules = [
      named("a"),
      named("b", { criteria: { "trigger.x": { type: "nexists", pattern: null } } }),
    ];
    expect(matched(rules, { payload: {} })).toEqual(["a"]);
    expect(matched(rules, { payload: { y: 1 } })).toEqual(["a", "b"]);
  });

  test("backstop rules match when nothing else did", () => {
    const rules = [
      named("z", { type: { ref: "backstop", parameters: {} } }),
      host("a", "web01"),
      host("faulty", "db01", { "trigger.n": { type: "gt", pattern: "1" } }),
    ];
    expect(matched(rules, { payload: { host: "web01" } })).toEqual(["a"]);
    expect(matched(rules, { payload: { host: "web02" } })).toEqual(["z"]);
    const failed = match(
      compileRules(rules),
      { trigger: "p.happened", payload: { host: "db01", n: 2 } },
      ask,
    );
    expect(failed.matches.map((each) => each.rule.name)).toEqual(["z"]);
    expect(failed.failures).toMatchObject([
      {
        rule: { name: "faulty" },
        reason:
          "There might be a problem with the criteria in rule p.faulty: '>' not supported between instances of 'int' and 'str'",
      },
    ]);
  });

  test("criteria and when must both hold", () => {
    const both = host("a", "web01", {});
    const rules = [{ ...both, when: 'trigger.severity > 2 and trigger.env in ["prod", "stage"]' }];
    expect(matched(rules, { payload: { host: "web01", severity: 3, env: "prod" } })).toEqual(["a"]);
    expect(matched(rules, { payload: { host: "web01", severity: 2, env: "prod" } })).toEqual([]);
    expect(matched(rules, { payload: { host: "web01", severity: 3, env: "dev" } })).toEqual([]);
    expect(matched(rules, { payload: { host: "web02", severity: 3, env: "prod" } })).toEqual([]);
  });

  test("a faulty rule fails with its reason and never harms another", () => {
    const rules = [
      named("when", { when: "trigger.a +" }),
      named("key", { criteria: { "trigger.a b": { type: "equals", pattern: 1 } } }),
      named("operator", { criteria: { "trigger.a": { type: "equal", pattern: 1 } } }),
      named("runtime", { when: "trigger.a > 'x'" }),
      named("regex", { criteria: { "trigger.s": { type: "regex", pattern: "(" } } }),
      named("good", { when: "trigger.a = 1" }),
    ];
    const event = { trigger: "p.happened", payload: { a: 1, s: "s" } };
    const { matches, failures } = match(compileRules(rules), event, ask);
    expect(matches.map((each) => each.rule.name)).toEqual(["good"]);
    expect(failures.map((each) => [each.rule.name, each.reason])).toEqual([
      ["when", 'Failed to evaluate "when": Unexpected end of expression'],
      [
        "key",
        "Failed transforming criteria key trigger.a b: Parse error at 1:10 near token b (ID)",
      ],
      ["operator", "Invalid operator: equal"],
      [
        "runtime",
        'Failed to evaluate "when": The values 1 and "x" either side of operator ">" must be of the same data type',
      ],
      [
        "regex",
        "There might be a problem with the criteria in rule p.regex: missing ), unterminated subpattern at position 0",
      ],
    ]);
  });

  test("what has to be known first is asked for all rules at once", () => {
    const rules = [
      named("a", { criteria: { "trigger.at": { type: "timediff_lt", pattern: 60 } } }),
      named("b", { when: "$exists($map(trigger.list, function($v) { $v }))" }),
      named("c"),
    ];
    const event = { trigger: "p.happened", payload: { at: "2026-01-01T00:00:30Z", list: [1] } };
    let questions: readonly Question[] = [];
    try {
      match(compileRules(rules), event, ask);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      questions = error.questions;
    }
    expect(questions.map(({ kind }) => kind)).toEqual(["now", "evaluate"]);
    expect(match(compileRules(rules), event, known).matches.map((each) => each.rule.name)).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(match(compileRules(rules), event, refused).failures).toMatchObject([
      { rule: { name: "b" }, reason: 'Failed to evaluate "when": too slow' },
    ]);
  });
});

describe("explain", () => {
  test("says of each rule of the trigger why", () => {
    const rules = [
      host("a", "web01"),
      host("b", "web02"),
      named("c", { when: "trigger.severity > 2" }),
      named("d", { type: { ref: "backstop", parameters: {} } }),
      named("e", { trigger: { type: "p.happened", parameters: { unit: "days" } } }),
      named("f", { criteria: { "trigger.host": { type: "gt", pattern: 1 } } }),
      named("g", { trigger: { type: "p.other", parameters: {} } }),
      named("h", {
        criteria: { "trigger.list": { type: "search", condition: "any", pattern: {} } },
      }),
    ];
    const event = { trigger: "p.happened", payload: { host: "web01", severity: 1, list: [] } };
    expect(
      explain(compileRules(rules), event, ask).map(({ rule: { name }, verdict, reason }) => [
        name,
        verdict,
        reason,
      ]),
    ).toEqual([
      ["a", "match", "everything it demands holds"],
      ["b", "no-match", 'criterion trigger.host: "web01" equals "web02" does not hold'],
      ["c", "no-match", "when: trigger.severity > 2"],
      ["d", "no-match", "it is a backstop rule, and another rule matched"],
      ["e", "no-match", 'its trigger has other parameters: {"unit":"days"}'],
      [
        "f",
        "failure",
        "There might be a problem with the criteria in rule p.f: '>' not supported between instances of 'str' and 'int'",
      ],
      ["h", "no-match", "criterion trigger.list: [] search does not hold"],
    ]);
    expect(
      explain(compileRules(rules), { trigger: "p.happened", payload: {} }, ask)[0]?.reason,
    ).toBe("the event has no payload");
  });

  test("asks about rules that the index passes over", () => {
    const rules = [
      named("a", { when: "trigger.host = 'x' and $exists($map(trigger.list, function($v) { $v }))" }),
    ];
    const event = { trigger: "p.happened", payload: { host: "y" } };
    expect(match(compileRules(rules), event, ask).matches).toEqual([]);
    expect(() => explain(compileRules(rules), event, ask)).toThrow(Unanswered);
  });

  test("asks as match does", () => {
    const rules = [named("a", { when: "$exists($map(trigger.list, function($v) { $v }))" })];
    expect(() =>
      explain(compileRules(rules), { trigger: "p.happened", payload: { list: [1] } }, ask),
    ).toThrow(Unanswered);
  });
});

describe("the index", () => {
  test("only rules whose demanded value is there are met", () => {
    const rules = [
      host("a", "web01"),
      named("b", { when: 'trigger.host = "web02" and trigger.n > 1' }),
      named("c", { when: '(trigger.n > 1 and "web01" = $.trigger.host)' }),
      named("d", { when: 'trigger.host in ["web01", "web02", "web01"]' }),
      named("e", { when: "trigger.n > 1" }),
      named("f", { when: "trigger.host = 1" }),
      named("g", { when: "other.host = 'web01'" }),
      named("h", { when: 'trigger.host in "web01"' }),
    ];
    expect(index(rules, { host: "web01" })).toEqual(["a", "c", "d", "e", "h"]);
    expect(index(rules, { host: "web02" })).toEqual(["b", "d", "e"]);
    expect(index(rules, { host: true })).toEqual(["e", "f"]);
    expect(index(rules, { host: 1n })).toEqual(["e", "f"]);
    expect(index(rules, { host: new Float(1) })).toEqual(["e", "f"]);
    expect(index(rules, { host: null })).toEqual(["e"]);
    expect(index(rules, { host: ["web01"] })).toEqual(["a", "b", "c", "d", "e", "f", "h"]);
    expect(index(rules, [{ host: "web01" }])).toEqual(["a", "b", "c", "d", "e", "f", "h"]);
    expect(index(rules, "text")).toEqual(["e"]);
  });

  test("a rule that may fail before its equality is always met", () => {
    const rules = [
      named("a", {
        criteria: {
          "trigger.n": { type: "gt", pattern: 1 },
          "trigger.host": { type: "equals", pattern: "x" },
        },
      }),
      named("b", {
        criteria: {
          "trigger.n": { type: "exists", pattern: true },
          "trigger.host": { type: "eq", pattern: "x" },
        },
      }),
      named("c", {
        criteria: { "trigger.n": { type: "gt", pattern: 1 } },
        when: "trigger.host = 'x'",
      }),
      named("d", {
        criteria: { "trigger.n": { type: "exists", pattern: true } },
        when: "trigger.host = 'x'",
      }),
    ];
    expect(index(rules, { host: "y", n: "s" })).toEqual(["a", "c"]);
  });

  test("conditions that demand nothing of one field are in every event's way", () => {
    const rules = [
      "trigger.host = 'x' or trigger.n = 1",
      "trigger.list[0] = 'x'",
      "$lowercase(trigger.host) = 'x'",
      "trigger.host = trigger.other",
      "trigger.host in [trigger.a, 'x']",
      "trigger.host[] = 'x'",
      "trigger.host = null",
      "(trigger.host = 'x'; true)",
      "$.(host) = 'x'",
    ].map((when, n) => named(`${n}`, { when }));
    expect(index(rules, { host: "nothing of it" })).toHaveLength(rules.length);
  });
});
