import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type EvaluationContext,
  ExpressionError,
  type Question,
} from "../../../src/expressions/context.ts";
import { evaluateYaql } from "../../../src/expressions/yaql/compile.ts";
import {
  evaluateYaqlText,
  hasYaql,
  validateYaqlText,
} from "../../../src/expressions/yaql/template.ts";
import { canonical, decode, encode, sorted } from "./encode.ts";
import { templateDifferences, yaqlTestDifferences } from "./differences.ts";

const data = "../shared/conformance/expressions";
// Recorded answers of the originals lie beside the repository, not in it.
const here = existsSync(data);

function load(name: string): Record<string, unknown> {
  return here
    ? (JSON.parse(readFileSync(`${data}/${name}`, "utf8")) as Record<string, unknown>)
    : {};
}

type Row = readonly [expression: string, kind: string, value: unknown];
interface Tables {
  readonly ctx: Record<string, unknown>;
  readonly kv: Record<string, string>;
  readonly secrets: Record<string, string>;
  readonly yaql: Record<string, readonly Row[]>;
  readonly validate: Record<string, ReadonlyArray<Record<string, unknown>>>;
}

function tableContext(tables: Tables): EvaluationContext {
  const {
    __state: state,
    __current_task: current,
    __current_item: item,
    ...variables
  } = tables.ctx;
  const { tasks, sequence } = state as {
    tasks: Record<string, number>;
    sequence: Array<{ status: string }>;
  };
  const { id, route, result } = current as { id: string; route: number; result: unknown };
  return {
    variables,
    workflow: {
      result,
      taskId: id,
      route,
      item: { value: item },
      taskStatus: (task, on = route) => sequence[tasks[`${task}__r${on}`] ?? -1]?.status,
      task: (task = id) =>
        tasks[`${task}__r0`] === undefined
          ? undefined
          : { task_id: task, task_name: task, route, result },
    },
    ask: (question: Question) => answer(tables, question),
  };
}

function answer(tables: Tables, question: Question): unknown {
  if (question.kind === "datastore") {
    const name = question.name.startsWith("user.")
      ? `stanley:${question.name.slice(5)}`
      : question.name;
    return tables.kv[name] ?? (name in tables.secrets ? "CIPHERTEXT" : undefined);
  }
  if (question.kind === "now") return "2026-11-21T00:50:51.658374+00:00";
  return question.kind === "random" ? 0 : { error: "no child in this test" };
}

/** `["v", value]` or `["err", text]`. */
function outcome(evaluate: () => unknown): readonly [string, unknown] {
  try {
    return ["v", canonical(encode(evaluate()))];
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return ["err", canonical(`${error.original}: ${error.message}`)];
  }
}

describe.skipIf(!here)("tables of expressions", () => {
  const tables = load("tables.json") as unknown as Tables;
  for (const [group, rows] of Object.entries(tables.yaql ?? {})) {
    it(group, () => {
      for (const [expression, kind, value] of rows) {
        const listed = templateDifferences.some((each) =>
          each.applies({ test: group, expression, recorded: JSON.stringify(value) }),
        );
        if (kind === "nd" || listed) continue;
        const got = outcome(() => evaluateYaqlText(expression, tableContext(tables)));
        expect.soft(got, expression).toEqual([kind, canonical(value)]);
      }
    });
  }

  it("syntax errors", () => {
    for (const [text, faults] of Object.entries(tables.validate ?? {})) {
      if (faults[0]?.["type"] !== "yaql") continue;
      expect(
        validateYaqlText(text).map((fault) => ({ type: "yaql", ...fault })),
        text,
      ).toEqual(faults);
    }
  });
});

describe.skipIf(!here)("YAQL's own tests", () => {
  type TestRow = readonly ["eval", string, unknown, "v" | "err", ...string[]];
  for (const [test, rows] of Object.entries(load("yaql-tests.json"))) {
    it(test, () => {
      for (const row of rows as readonly TestRow[]) {
        const [, expression, input, kind, ...rest] = row;
        const recorded = JSON.stringify(row);
        if (yaqlTestDifferences.some((each) => each.applies({ test, expression, recorded })))
          continue;
        const variables = { $: decode(input), $data: decode(input) };
        const context = { variables: {}, ask: () => 0 };
        const got = outcome(() =>
          evaluateYaql(expression, context, { variables, setsAsLists: true }),
        );
        const value = kind === "err" ? `${rest[0]}: ${rest[1]}` : rest[0];
        const unordered = /set\(|toSet|keys\(|items\(|values\(/i.test(expression);
        expect
          .soft(unordered ? free(got) : got, expression)
          .toEqual(unordered ? free([kind, canonical(value)]) : [kind, canonical(value)]);
      }
    });
  }

  /** Lists that came from sets have no order. */
  function free([kind, value]: readonly [string, unknown]): readonly [string, unknown] {
    return [kind, Array.isArray(value) ? sorted(value) : value];
  }
});

describe.skipIf(!here)("Orquesta's own tests", () => {
  interface Case {
    readonly f: string;
    readonly text: unknown;
    readonly data?: Record<string, unknown>;
    readonly r?: unknown;
    readonly exc?: string;
    readonly msg?: string;
  }
  for (const [test, cases] of Object.entries(load("orquesta-unit.json"))) {
    const mine = (cases as readonly Case[]).filter(({ f }) => f.startsWith("yaql."));
    if (mine.length === 0) continue;
    it(test, () => {
      for (const { f, text, data: variables = {}, ...want } of mine) {
        const expression = String(text);
        if (templateDifferences.some((each) => each.applies({ test, expression, recorded: "" })))
          continue;
        const context = { variables, ask: () => 0 };
        if (f === "yaql.evaluate") {
          const wanted =
            want.exc === undefined ? ["v", want.r] : ["err", `${want.exc}: ${want.msg}`];
          expect
            .soft(
              outcome(() => evaluateYaqlText(expression, context)),
              expression,
            )
            .toEqual(wanted);
        } else if (f === "yaql.validate") {
          expect
            .soft(validateYaqlText(expression).map((fault) => ({ type: "yaql", ...fault })))
            .toEqual(want.r);
        } else if (f === "yaql.has_expressions") {
          expect.soft(hasYaql(expression)).toBe(want.r);
        }
      }
    });
  }
});
