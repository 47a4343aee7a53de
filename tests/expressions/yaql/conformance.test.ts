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
  yaqlReferences,
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

/** Lists that came from sets have no order. */
function free([kind, value]: readonly [string, unknown]): readonly [string, unknown] {
  return [kind, Array.isArray(value) ? sorted(value) : value];
}

/** What differs: expression, wanted, got. */
type Differing = Array<{ expression: string; want: unknown; got: unknown }>;

function compare(differing: Differing, expression: string, want: unknown, got: unknown): void {
  if (JSON.stringify(want) !== JSON.stringify(got)) differing.push({ expression, want, got });
}

/** Object keys in one order, so that values can be compared as text. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, ordered(item)]));
}

const tables = load("tables.json") as unknown as Tables;

describe.skipIf(!here)("tables of expressions", () => {
  it.each(Object.entries(tables.yaql ?? {}))("%s", (group, rows) => {
    const differing: Differing = [];
    for (const [expression, kind, value] of rows) {
      const recorded = JSON.stringify(value);
      const row = { test: group, expression, recorded };
      if (kind === "nd" || templateDifferences.some((each) => each.applies(row))) continue;
      const got = outcome(() => evaluateYaqlText(expression, tableContext(tables)));
      compare(differing, expression, ordered([kind, canonical(value)]), ordered(got));
    }
    expect(differing).toEqual([]);
  });

  it("syntax errors", () => {
    const differing: Differing = [];
    for (const [text, faults] of Object.entries(tables.validate ?? {})) {
      if (faults[0]?.["type"] !== "yaql") continue;
      compare(differing, text, faults, faultsOf(text));
    }
    expect(differing).toEqual([]);
  });
});

function faultsOf(text: string): unknown {
  return validateYaqlText(text).map((fault) => ({ type: "yaql", ...fault }));
}

type TestRow = readonly ["eval", string, unknown, "v" | "err", ...string[]];

describe.skipIf(!here)("YAQL's own tests", () => {
  const tests = load("yaql-tests.json") as Record<string, readonly TestRow[]>;
  it.each(Object.entries(tests))("%s", (test, rows) => {
    const differing: Differing = [];
    for (const row of rows) {
      const [, expression, input, kind, ...rest] = row;
      const recorded = JSON.stringify(row);
      if (yaqlTestDifferences.some((each) => each.applies({ test, expression, recorded })))
        continue;
      const variables = { $: decode(input), $data: decode(input) };
      const context = { variables: {}, ask: () => 0 };
      const got = outcome(() =>
        evaluateYaql(expression, context, { variables, setsAsLists: true }),
      );
      const want = [kind, canonical(kind === "err" ? `${rest[0]}: ${rest[1]}` : rest[0])] as const;
      const unordered = /set\(|toSet|keys\(|items\(|values\(/i.test(expression);
      const [left, right] = unordered ? [free(want), free(got)] : [want, got];
      compare(differing, expression, ordered(left), ordered(right));
    }
    expect(differing).toEqual([]);
  });
});

interface Case {
  readonly f: string;
  readonly text: unknown;
  readonly data?: Record<string, unknown>;
  readonly r?: unknown;
  readonly exc?: string;
  readonly msg?: string;
}

function wantedOf({ f, r, exc, msg }: Case): unknown {
  if (f !== "yaql.evaluate") return r;
  return exc === undefined ? ["v", r] : ["err", `${exc}: ${msg}`];
}

function gotOf({ f, text, data: variables = {} }: Case): unknown {
  const source = String(text);
  if (f === "yaql.evaluate")
    return outcome(() => evaluateYaqlText(source, { variables, ask: () => 0 }));
  if (f === "yaql.validate") return faultsOf(source);
  return f === "yaql.has_expressions" ? hasYaql(source) : yaqlReferences(source);
}

describe.skipIf(!here)("Orquesta's own tests", () => {
  const tests = Object.entries(load("orquesta-unit.json") as Record<string, readonly Case[]>)
    .map(([test, cases]) => [test, cases.filter(({ f }) => f.startsWith("yaql."))] as const)
    .filter(([, cases]) => cases.length > 0);
  it.each(tests)("%s", (test, cases) => {
    const differing: Differing = [];
    for (const each of cases) {
      const expression = String(each.text);
      const row = { test, expression, recorded: "" };
      if (templateDifferences.some((difference) => difference.applies(row))) continue;
      compare(differing, expression, ordered(wantedOf(each)), ordered(gotOf(each)));
    }
    expect(differing).toEqual([]);
  });
});
