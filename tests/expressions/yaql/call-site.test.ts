/** A call is prepared once per place in the source and then meets values of any type. After a `def` every call is resolved anew: both ways
 * must end the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpressionError, type EvaluationContext } from "../../../src/expressions/context.ts";
import { compileYaql } from "../../../src/expressions/yaql/compile.ts";
import { library } from "../../../src/expressions/yaql/library.ts";

const values: readonly unknown[] = [
  1,
  -2,
  2.5,
  "text",
  "",
  true,
  null,
  [],
  [3, 1, 2],
  ["a", "b"],
  { a: 1 },
  {},
  [{ a: 1 }, { a: 2 }],
];

function contextOf(x: unknown): EvaluationContext {
  return {
    variables: { x },
    workflow: {
      taskId: "t",
      route: 0,
      status: "failed",
      taskStatus: () => "failed",
      task: () => undefined,
    },
    ask: (question) => (question.kind === "random" ? 0.5 : "2026-11-21T00:00:00+00:00"),
  };
}

function ending(run: () => unknown): unknown {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof ExpressionError) return { error: error.message, original: error.original };
    throw error;
  }
}

const unlike = new Set(["random", "call", "def", "st2kv", "task"]);
const names = [...library.keys()].filter((name) => /^[a-z]\w*$/i.test(name) && !unlike.has(name));
const argument = fc.constantFrom(
  "ctx(x)",
  "ctx().x",
  "1",
  "2.5",
  "'a'",
  "a",
  "null",
  "true",
  "[1, 2]",
  "{a => 1}",
  "$",
  "$ > 1",
  "$.a",
  "$1 + $2",
  "a => 1",
  "1 => 2",
  "ctx(x) = 1 => $",
  "",
  "len(ctx(x))",
  "str(ctx(x))",
);
const call = fc
  .tuple(
    fc.constantFrom(...names),
    fc.array(argument, { maxLength: 3 }),
    fc.constantFrom("", "ctx(x).", "ctx(x)?.", "'ab'.", "[2, 1]."),
  )
  .map(([name, args, receiver]) => `${receiver}${name}(${args.join(", ")})`);

describe("calls prepared once per place", () => {
  it("answer for values of every type as calls resolved anew", () => {
    let answers = 0;
    fc.assert(
      fc.property(call, (source) => {
        const prepared = ending(() => compileYaql(source));
        if (typeof prepared !== "object" || prepared === null || !("value" in prepared)) return;
        const once = compileYaql(source);
        for (const x of values) {
          const anew = compileYaql(`def(unheardOf, 1) -> (${source})`);
          const context = contextOf(x);
          const expected = ending(() => anew.evaluate(context));
          if (typeof expected === "object" && expected !== null && "value" in expected)
            answers += 1;
          expect([source, x, ending(() => once.evaluate(context))]).toEqual([source, x, expected]);
        }
      }),
      { numRuns: Number(process.env["YAQL_CALL_RUNS"] ?? 500) },
    );
    expect(answers).toBeGreaterThan(100);
  });
});
