import { describe, expect, test } from "vitest";
import type { Ask } from "../../src/expressions/context.ts";
import { runRegexHere, type RegexCall } from "../../src/expressions/python/regex.ts";
import { operators, isOperatorName, type OperatorName } from "../../src/rules/operators.ts";

const broken: Ask = () => ({ error: "there is no filter web" });
const asked = JSON.stringify({
  kind: "inventory",
  entry: { id: "e", version: 3 },
  query: { where: { $filter: "web" } },
});
const ask: Ask = (question) =>
  question.kind === "inventory"
    ? { holds: JSON.stringify(question) === asked }
    : question.kind === "evaluate"
    ? { value: runRegexHere(question.source, question.input as RegexCall) }
    : "2026-01-01T00:00:00+00:00";

const rows: ReadonlyArray<[OperatorName, value: unknown, pattern: unknown, expected: boolean]> = [
  ["eq", 1, true, true],
  ["equals", { a: [1] }, { a: [1] }, true],
  ["neq", "a", "b", true],
  ["nequals", null, null, false],
  ["ieq", "DOWN", "down", true],
  ["iequals", "DOWN", "up", false],
  ["contains", "web01 is down", "down", true],
  ["ncontains", ["a", "b"], "a", false],
  ["icontains", "Web01 is DOWN", "down", true],
  ["incontains", "Web01 is DOWN", "down", false],
  ["in", "a", ["a", "b"], true],
  ["inside", "a", "abc", true],
  ["nin", "c", ["a", "b"], true],
  ["ninside", "a", { a: 1 }, false],
  ["startswith", "web01", "web", true],
  ["endswith", "web01", "01", true],
  ["istartswith", "WEB01", "web", true],
  ["iendswith", "web.EXAMPLE", ".example", true],
  ["lt", 1, 2, true],
  ["lessthan", "a", "b", true],
  ["gt", 2.5, 2, true],
  ["greaterthan", 1, 1, false],
  ["matchwildcard", "web01", "web[0-9]?", true],
  ["matchregex", "line1\nline2", ".*line2", true],
  ["regex", "a line", "line$", true],
  ["iregex", "A LINE", "^a", true],
  ["td_lt", "2025-12-31T23:59:50Z", 30, true],
  ["timediff_lt", "2025-12-31T23:59:50Z", "5", false],
  ["td_gt", "2025-12-31T23:59:50Z", 5, true],
  ["timediff_gt", "2026-01-01T09:00:00+09:00", 1, false],
  ["exists", false, null, true],
  ["nexists", null, null, true],
  ["in_filter", { id: "e", version: 3, name: "left out" }, "web", true],
  ["nin_filter", { id: "e", version: 3 }, "web", false],
  ["in_group", { id: "e", version: 3 }, "web", false],
  ["nin_group", { id: "e", version: 3 }, "web", true],
  ["fulfils", { id: "e", version: 3 }, { where: { $filter: "web" } }, true],
  ["nfulfils", null, { where: {} }, false],
];

describe("operators", () => {
  test.each(rows)("%s(%j, %j) is %j", (name, value, pattern, expected) => {
    expect(operators[name](value, pattern, ask)).toBe(expected);
  });

  test("every operator has a row", () => {
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(Object.keys(operators)));
  });

  test("what the inventory cannot be asked is a failure, not a no", () => {
    expect(() => operators.in_filter({ id: "e" }, "web", broken)).toThrow("there is no filter web");
    expect(() => operators.nin_filter({ id: "e" }, "web", broken)).toThrow("there is no filter web");
  });

  test("without a pattern all but three are false", () => {
    const names = Object.keys(operators).filter(isOperatorName);
    const holding = names.filter((name) => operators[name]("x", null, ask));
    expect(holding).toEqual(["neq", "nequals", "exists"]);
  });
});
