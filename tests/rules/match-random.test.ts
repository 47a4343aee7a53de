import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ask } from "../../src/expressions/context.ts";
import { compileRules } from "../../src/rules/index.ts";
import { match } from "../../src/rules/match.ts";
import { compileRule, judge } from "../../src/rules/rule.ts";
import { rule } from "./rules.ts";

const known: Ask = () => ({ value: false });

describe("on random rules and payloads", () => {
  const name = fc.constantFrom("a", "b", "c");
  const path = fc
    .array(name, { minLength: 1, maxLength: 2 })
    .map((names) => ["trigger", ...names].join("."));
  const scalar = fc.constantFrom<unknown>("x", "y", "", 0, 1, 2.5, true, false);
  const criterion = fc.record({
    type: fc.constantFrom("equals", "eq", "nequals", "gt", "exists", "contains", "nexists", "in"),
    pattern: fc.oneof(scalar, fc.constant(null)),
  });
  const literal = scalar.map((value) => JSON.stringify(value));
  const part = fc.oneof(
    fc.tuple(path, literal).map(([at, value]) => `${at} = ${value}`),
    fc.tuple(path, literal).map(([at, value]) => `${value} = ${at}`),
    fc.tuple(path, literal, literal).map(([at, one, two]) => `${at} in [${one}, ${two}]`),
    path.map((at) => `$exists(${at})`),
    fc.tuple(path, path).map(([one, two]) => `${one} != ${two}`),
  );
  const when = fc.oneof(
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(" and ")),
    fc.tuple(part, part).map(([one, two]) => `(${one}) or (${two})`),
  );
  const definition = fc
    .record({
      criteria: fc.dictionary(path, criterion, { maxKeys: 2, noNullPrototype: true }),
      when: fc.option(when, { nil: undefined }),
      backstop: fc.boolean(),
      enabled: fc.boolean(),
    })
    .map(({ criteria, when: condition, backstop, enabled }) =>
      rule({
        criteria,
        when: condition,
        enabled,
        type: { ref: backstop ? "backstop" : "standard", parameters: {} },
      }),
    );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 2 }),
      fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));

  test("the index gives the verdict of evaluating every rule", () => {
    let matches = 0;
    fc.assert(
      fc.property(fc.array(definition, { maxLength: 12 }), value, (rules, payload) => {
        const linear = rules
          .filter(({ enabled }) => enabled)
          .map((each, ordinal) => ({
            each,
            verdict: judge(compileRule(each, ordinal), payload, known).kind,
          }));
        const first = linear.filter(({ each }) => each.type.ref === "standard");
        const hit = first.filter(({ verdict }) => verdict === "match");
        const considered = hit.length > 0 ? first : linear;
        const expected = hit.length > 0 ? hit : linear.filter(({ verdict }) => verdict === "match");
        const seen = match(compileRules(rules), { trigger: "p.happened", payload }, known);
        matches += seen.matches.length;
        expect(seen.matches.map((each) => each.rule.ref).toSorted()).toEqual(
          expected.map(({ each }) => each.ref).toSorted(),
        );
        expect(seen.failures.map((each) => each.rule.ref).toSorted()).toEqual(
          considered
            .filter(({ verdict }) => verdict === "failure")
            .map(({ each }) => each.ref)
            .toSorted(),
        );
      }),
      { numRuns: 1000 },
    );
    expect(matches).toBeGreaterThan(100);
  });
});
