import { describe, expect, it } from "vitest";
import { arithmetic } from "../../../src/expressions/python/arithmetic.ts";
import { castParameter, noneMagic } from "../../../src/expressions/python/casts.ts";
import {
  PyDateTime,
  PyDict,
  PySet,
  PyTimeDelta,
  PyTuple,
} from "../../../src/expressions/python/collections.ts";
import {
  pyCompare,
  pyContains,
  pyEquals,
  pyTruth,
} from "../../../src/expressions/python/compare.ts";
import { dumps, toPlain } from "../../../src/expressions/python/json.ts";
import { loads } from "../../../src/expressions/python/json-read.ts";
import { isCheap, runRegex } from "../../../src/expressions/python/regex.ts";
import { pyRepr, pyStr } from "../../../src/expressions/python/text.ts";
import { Float } from "../../../src/expressions/python/values.ts";
import { type Ask, Unanswered } from "../../../src/expressions/context.ts";

/** A list that holds itself twice, `depth` times over: few objects, 2^depth paths. */
function shared(depth: number): unknown {
  let value: unknown = [1];
  for (let at = 0; at < depth; at += 1) value = [value, value];
  return value;
}

const unanswered: Ask = (question) => {
  throw new Unanswered(question);
};

describe("bounds", () => {
  it.each([
    ["repr", () => pyRepr(shared(40))],
    ["json", () => dumps(shared(40))],
    ["equality", () => pyEquals(shared(40), shared(40))],
    ["order", () => pyCompare("<", shared(40), shared(40))],
    ["deep repr", () => pyRepr(shared(2000))],
    ["power", () => arithmetic("**", 10, 10_000_000)],
    ["text times number", () => arithmetic("*", "abc", 1_000_000)],
    ["list times number", () => arithmetic("*", [1, 2], 1_000_000)],
    ["deep JSON", () => loads("[".repeat(100_000))],
  ])("%s ends soon", (_name, run) => {
    expect(run).toThrow(/exceed|too large|recursion/);
  });

  it("knows which patterns cannot stall", () => {
    expect(isCheap("^(a+)+$")).toBe(true);
    expect(isCheap("\\d{1,3}(\\.\\d{1,3}){3}")).toBe(true);
    expect(isCheap("(a{2,30}|a)+$")).toBe(false);
    expect(isCheap("(?=a)b")).toBe(false);
    expect(isCheap("(a)\\1")).toBe(false);
  });

  it("asks for a killable child where a pattern could stall", () => {
    const call = { operation: "search", subject: "aa" } as const;
    expect(() => runRegex(unanswered, "(a+)+\\1$", call)).toThrow(Unanswered);
    expect(runRegex(() => ({ value: 7 }), "(a)\\1", call)).toBe(7);
    expect(() => runRegex(() => ({ error: "too slow" }), "(a)\\1", call)).toThrow("too slow");
  });
});

describe("values", () => {
  const at = PyDateTime.of(
    { year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 5, microsecond: 6 },
    32_400,
  );

  it.each([
    [at, "2026-01-02 03:04:05.000006+09:00"],
    [new PyTimeDelta(93_784_000_005), "1 day, 2:03:04.000005"],
    [new PyTimeDelta(-1_000_000), "-1 day, 23:59:59"],
    [new PyTuple([1]), "(1,)"],
    [new PySet([]), "set()"],
    [new PyDict([[1, "a"]]), "{1: 'a'}"],
    [new Float(2), "2.0"],
    [12345678901234567890n, "12345678901234567890"],
  ])("%o is written %s", (value, text) => {
    expect(pyStr(value)).toBe(text);
  });

  it("writes dates and spans for programmers", () => {
    expect(pyRepr(at)).toBe(
      "datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone(datetime.timedelta(seconds=32400)))",
    );
    expect(pyRepr(new PyTimeDelta(0))).toBe("datetime.timedelta(0)");
  });

  it("counts through dates", () => {
    expect(pyStr(at.plus(86_400_000_000))).toBe("2026-01-03 03:04:05.000006+09:00");
    expect(pyEquals(arithmetic("-", at.plus(5), at), new PyTimeDelta(5))).toBe(true);
    expect(pyCompare("<", at, at.plus(1))).toBe(true);
    const naive = new PyDateTime(0, 0, undefined);
    expect(() => pyCompare("<", at, naive)).toThrow("can't compare offset-naive");
  });

  it("takes 1, 1.0 and true for one", () => {
    expect(pyEquals(1, new Float(1))).toBe(true);
    expect(pyEquals(true, 1n)).toBe(true);
    expect(pyEquals([1, { a: 2 }], [new Float(1), { a: 2n }])).toBe(true);
    expect(pyEquals([1], new PyTuple([1]))).toBe(false);
    expect(pyContains(new PySet([1, 1.0, true]), true)).toBe(true);
    expect(new PySet([1, new Float(1), true]).size).toBe(1);
  });

  it("tells truth", () => {
    expect(
      [[], {}, "", 0, 0n, new Float(0), null, new PySet(), new PyTuple([])].some(pyTruth),
    ).toBe(false);
    expect([[0], { a: 1 }, " ", -1, 1n, 0.5, at].every(pyTruth)).toBe(true);
  });

  it("leaves plain JSON behind", () => {
    expect(
      toPlain([new Float(1), 2n, new PyTuple([new PySet([1])]), new PyDict([[1, 2]])]),
    ).toEqual([1, 2, [[1]], { "1": 2 }]);
  });
});

describe("casts of parameters", () => {
  it.each([
    ["[1, 2]", "array", [1, 2]],
    ["{'a': None}", "object", { a: null }],
    ["true", "boolean", true],
    ["7", "integer", 7],
    [7.9, "integer", 7],
    ["1.5", "number", 1.5],
    [noneMagic, "string", null],
    [noneMagic, "array", null],
    [null, "integer", null],
    ["x", undefined, "x"],
  ])("%j as %s", (value, type, wanted) => {
    expect(toPlain(castParameter(value, type))).toEqual(wanted);
  });

  it.each([
    [noneMagic, "integer", "not 'NoneType'"],
    [1, "string", 'Value "1" must either be a string or None. Got "int".'],
    ["1.5", "integer", "invalid literal for int() with base 10: '1.5'"],
    ["abc", "array", "malformed node or string on line 1: <ast.Name object at 0x>"],
  ])("refuses %j as %s", (value, type, message) => {
    expect(() => castParameter(value, type)).toThrow(message);
  });
});
