/** Recorded answers of YAQL and Orquesta, against ours. */
import {
  type EvaluationContext,
  ExpressionError,
  type Question,
} from "../../src/expressions/context.ts";
import { evaluateYaql } from "../../src/expressions/yaql/compile.ts";
import {
  evaluateYaqlText,
  hasYaql,
  validateYaqlText,
  yaqlReferences,
} from "../../src/expressions/yaql/template.ts";
import { templateDifferences, yaqlTestDifferences } from "../expressions/yaql/differences.ts";
import { canonical, decode, encode, sorted } from "../expressions/yaql/encode.ts";
import { Comparison } from "./comparison.ts";
import type { Report } from "./workflow-cases.ts";

type Row = readonly [expression: string, kind: string, value: unknown];
/** `expressions/tables.json`. */
export interface YaqlTables {
  readonly ctx: Record<string, unknown>;
  readonly kv: Record<string, string>;
  readonly secrets: Record<string, string>;
  readonly yaql: Record<string, readonly Row[]>;
  readonly validate: Record<string, ReadonlyArray<Record<string, unknown>>>;
}

function tableContext(tables: YaqlTables): EvaluationContext {
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

function answer(tables: YaqlTables, question: Question): unknown {
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

/** Lists that came from sets have no order. */
function free([kind, value]: readonly [string, unknown]): readonly [string, unknown] {
  return [kind, Array.isArray(value) ? sorted(value) : value];
}

/** Object keys in one order, so that values can be compared as text. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, ordered(item)]));
}

function faultsOf(text: string): unknown {
  return validateYaqlText(text).map((fault) => ({ type: "yaql", ...fault }));
}

/** Expressions of `tables.json` by group. */
export function checkYaqlTables(tables: YaqlTables): Report {
  const comparison = new Comparison(templateDifferences);
  for (const [group, rows] of Object.entries(tables.yaql))
    for (const [expression, kind, value] of rows) {
      const row = { test: group, expression, recorded: JSON.stringify(value) };
      const got = (): readonly [string, unknown] =>
        outcome(() => evaluateYaqlText(expression, tableContext(tables)));
      // What is not deterministic cannot be compared.
      if (kind !== "nd")
        comparison.compare(row, ordered([kind, canonical(value)]), () => ordered(got()));
    }
  return comparison;
}

/** Syntax errors of `tables.json`. */
export function checkYaqlSyntax({ validate }: YaqlTables): Report {
  const comparison = new Comparison(templateDifferences);
  for (const [text, faults] of Object.entries(validate))
    if (faults[0]?.["type"] === "yaql")
      comparison.compare({ test: "validate", expression: text, recorded: "" }, faults, () =>
        faultsOf(text),
      );
  return comparison;
}

type TestRow = readonly ["eval", string, unknown, "v" | "err", ...string[]];
/** `expressions/yaql-tests.json`. */
export type YaqlTests = Readonly<Record<string, readonly TestRow[]>>;

/** YAQL's own unit tests. */
export function checkYaqlTests(tests: YaqlTests): Report {
  const comparison = new Comparison(yaqlTestDifferences);
  for (const [test, rows] of Object.entries(tests))
    for (const row of rows) checkTestRow(comparison, test, row);
  return comparison;
}

function checkTestRow(comparison: Comparison, test: string, row: TestRow): void {
  const [, expression, input, kind, ...rest] = row;
  const unordered = /set\(|toSet|keys\(|items\(|values\(/i.test(expression);
  const shape = (ended: readonly [string, unknown]): unknown =>
    ordered(unordered ? free(ended) : ended);
  const wanted = canonical(kind === "err" ? `${rest[0]}: ${rest[1]}` : rest[0]);
  comparison.compare(
    { test, expression, recorded: JSON.stringify(row) },
    shape([kind, wanted]),
    () => {
      const variables = { $: decode(input), $data: decode(input) };
      const context = { variables: {}, ask: () => 0 };
      return shape(
        outcome(() => evaluateYaql(expression, context, { variables, setsAsLists: true })),
      );
    },
  );
}

export interface YaqlCase {
  readonly f: string;
  readonly text: unknown;
  readonly data?: Record<string, unknown>;
  readonly r?: unknown;
  readonly exc?: string;
  readonly msg?: string;
}

function wantedOf({ f, r, exc, msg }: YaqlCase): unknown {
  if (f !== "yaql.evaluate") return r;
  return exc === undefined ? ["v", r] : ["err", `${exc}: ${msg}`];
}

function gotOf({ f, text, data: variables = {} }: YaqlCase): unknown {
  const source = String(text);
  if (f === "yaql.evaluate")
    return outcome(() => evaluateYaqlText(source, { variables, ask: () => 0 }));
  if (f === "yaql.validate") return faultsOf(source);
  return f === "yaql.has_expressions" ? hasYaql(source) : yaqlReferences(source);
}

/** Orquesta's unit tests of its YAQL evaluator (`expressions/orquesta-unit.json`). */
export function checkYaqlUnit(tests: Readonly<Record<string, readonly YaqlCase[]>>): Report {
  const comparison = new Comparison(templateDifferences);
  for (const [test, cases] of Object.entries(tests))
    for (const each of cases.filter(({ f }) => f.startsWith("yaql."))) {
      const row = { test, expression: String(each.text), recorded: "" };
      comparison.compare(row, ordered(wantedOf(each)), () => ordered(gotOf(each)));
    }
  return comparison;
}
