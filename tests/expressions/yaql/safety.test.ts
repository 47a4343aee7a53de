import { setFlagsFromString } from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bounds,
  type EvaluationContext,
  ExpressionError,
  Unanswered,
} from "../../../src/expressions/context.ts";
import { compileYaql, parseYaqlSource } from "../../../src/expressions/yaql/compile.ts";
import type { Node } from "../../../src/expressions/yaql/ast.ts";
import { printYaql } from "../../../src/expressions/yaql/printer.ts";
import { escapes, stalls } from "./payloads.ts";
import { cpuMs } from "../../support/cpu.ts";

// As all of Raicho's processes run: a regular expression that backtracks too much goes on in V8's linear engine.
setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");

/** Bounded work takes half a second on an idle machine. */
/** Milliseconds. Unbounded, these would run for years; measuring coverage slows everything down several times. */
const deadline = 15_000;

const variables = {
  d: { a: 1, b: { c: [1, 2] } },
  l: [3, 1, 2],
  s: "text",
  n: null,
  host: { name: "web1" },
};
const context: EvaluationContext = {
  variables,
  ask(question) {
    if (question.kind === "evaluate") throw new Unanswered(question);
    return question.kind === "random" ? 0.5 : "2026-11-21T00:00:00+00:00";
  },
};

/** The value, or the error that the expression is allowed to end with. */
function run(source: string): unknown {
  try {
    return compileYaql(source).evaluate(context);
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof Unanswered) return error;
    throw error;
  }
}

/** True when a function hides anywhere in the value. */
function holdsFunction(value: unknown, depth = 0): boolean {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null || value instanceof Error || depth > 6)
    return false;
  return Object.values(value).some((each) => holdsFunction(each, depth + 1));
}

describe("no escape", () => {
  it.each(escapes)("%s", (source) => {
    const before = JSON.stringify(variables);
    const result = run(source);
    expect(holdsFunction(result)).toBe(false);
    expect(JSON.stringify(variables)).toBe(before);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe("no stall", () => {
  it.each(stalls.map((source) => [source.slice(0, 70), source]))("%s", (_, source) => {
    let result: unknown;
    expect(cpuMs(() => (result = run(source)))).toBeLessThan(deadline);
    const size = typeof result === "string" || Array.isArray(result) ? result.length : 0;
    expect(size).toBeLessThanOrEqual(bounds.output);
  });

  it("has at least 120 payloads", () => {
    expect(escapes.length + stalls.length).toBeGreaterThanOrEqual(120);
  });
});

const word = fc.constantFrom(
  "a",
  "name",
  "x1",
  "ctx",
  "select",
  "len",
  "values",
  "true",
  "null",
  "not",
);
const expression = fc.letrec<{ any: string; args: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthIdentifier: "e" },
    word,
    fc.constantFrom("1", "2.5", "'q\\'s\\n'", '"b"', "`v\\`w`", "$", "$x", "100.0"),
    fc
      .tuple(
        tie("any"),
        fc.constantFrom("+", "-", ".", "?.", "=", "!=", "and", "or", "in", "mod", "->", "=~", "<="),
        tie("any"),
      )
      .map(([a, o, b]) => `${a} ${o} ${b}`),
    fc.tuple(fc.constantFrom("-", "+", "not"), tie("any")).map(([o, a]) => `${o} ${a}`),
    tie("any").map((a) => `(${a})`),
    fc.tuple(word, tie("args")).map(([name, args]) => `${name}(${args})`),
    tie("args").map((args) => `[${args}]`),
    tie("args").map((args) => `{${args}}`),
    fc.tuple(tie("any"), tie("args")).map(([a, args]) => `${a}[${args}]`),
  ),
  args: fc
    .tuple(
      fc.array(fc.option(tie("any"), { nil: "" }), { maxLength: 3 }),
      fc.array(fc.tuple(word, tie("any")), { maxLength: 2 }),
    )
    .map(([args, rules]) => [...args, ...rules.map(([k, v]) => `${k} => ${v}`)].join(", ")),
})).any;

/** The tree, or undefined for text that is no YAQL. */
function treeOf(source: string): Node | undefined {
  try {
    return parseYaqlSource(source);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

describe("properties", () => {
  it("prints what parses to the same tree", () => {
    const trees: Array<readonly [unknown, unknown]> = [];
    fc.assert(
      fc.property(expression, (source) => {
        const tree = treeOf(source);
        if (tree !== undefined) trees.push([parseYaqlSource(printYaql(tree)), tree]);
      }),
      { numRuns: 1000 },
    );
    expect(trees.length).toBeGreaterThan(300);
    for (const [again, tree] of trees) expect(again).toEqual(tree);
  });

  it("ends mutated expressions with data or an ExpressionError", () => {
    const mutated = fc.tuple(expression, fc.nat(), fc.string({ maxLength: 3 }), fc.nat({ max: 4 }));
    fc.assert(
      fc.property(mutated, ([source, at, insert, drop]) => {
        const place = at % (source.length + 1);
        const changed = source.slice(0, place) + insert + source.slice(place + drop);
        expect(cpuMs(() => expect(holdsFunction(run(changed))).toBe(false))).toBeLessThan(deadline);
      }),
      { numRuns: 1000 },
    );
  });
});
