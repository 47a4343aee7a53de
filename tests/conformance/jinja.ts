/** Recorded answers of Orquesta, StackStorm and Jinja2, against ours. */
import { ExpressionError } from "../../src/expressions/context.ts";
import { compileJinjaTemplate } from "../../src/expressions/jinja/compile.ts";
import {
  evaluateJinjaText,
  hasJinja,
  validateJinjaText,
} from "../../src/expressions/jinja/template.ts";
import { compileJsonPath } from "../../src/expressions/jsonpath.ts";
import { PythonError } from "../../src/expressions/python/errors.ts";
import { dumps } from "../../src/expressions/python/json.ts";
import { differences, jinja2Differences } from "../expressions/jinja/differences.ts";
import { askFrom, contextOf, failure, recordedShape } from "../expressions/jinja/recorded.ts";
import { Comparison } from "./comparison.ts";
import type { Report } from "./workflow-cases.ts";

type Answer = readonly ["v" | "err", unknown];

function answer(run: () => unknown): Answer {
  try {
    return ["v", recordedShape(run())];
  } catch (error) {
    if (error instanceof ExpressionError) return ["err", `${error.original}: ${error.message}`];
    if (error instanceof PythonError) return ["err", `${error.type}: ${error.message}`];
    throw error;
  }
}

function faultsOf(text: string): unknown {
  return validateJinjaText(text).map((fault) => ({
    type: "jinja",
    expression: fault.expression,
    message: fault.message,
  }));
}

type TableRow = readonly [expression: string, kind: "v" | "err" | "nd", value: unknown];
/** `expressions/tables.json`. */
export interface JinjaTables {
  readonly ctx: Record<string, unknown>;
  readonly kv: Record<string, string>;
  readonly secrets: Record<string, string>;
  readonly jinja: Readonly<Record<string, readonly TableRow[]>>;
  readonly validate: Readonly<Record<string, unknown>>;
}

/** Expressions of `tables.json` by group. */
export function checkJinjaTables({ ctx, kv, secrets, jinja }: JinjaTables): Report {
  const comparison = new Comparison(differences);
  const context = contextOf(ctx, askFrom(kv, secrets));
  for (const [test, rows] of Object.entries(jinja))
    for (const [expression, kind, value] of rows) {
      const row = { test, expression, recorded: dumps(value) };
      const got = (): Answer => answer(() => evaluateJinjaText(expression, context));
      // Of what is not deterministic only the kind counts.
      if (kind === "nd") comparison.compare(row, "v", () => got()[0]);
      else comparison.compare(row, [kind, value], got);
    }
  return comparison;
}

/** Syntax errors of `tables.json`. */
export function checkJinjaSyntax({ validate }: JinjaTables): Report {
  const comparison = new Comparison(differences);
  for (const [text, wanted] of Object.entries(validate))
    if (hasJinja(text) && !text.includes("<%"))
      comparison.compare({ test: "validate", expression: text, recorded: "" }, wanted, () =>
        faultsOf(text),
      );
  return comparison;
}

export interface JinjaCase {
  readonly f: string;
  readonly text: string;
  readonly data?: Record<string, unknown>;
  readonly r?: unknown;
  readonly exc?: string;
  readonly msg?: string;
}

/** Orquesta's unit tests of its Jinja evaluator (`expressions/orquesta-unit.json`). */
export function checkJinjaUnit(tests: Readonly<Record<string, readonly JinjaCase[]>>): Report {
  const comparison = new Comparison(differences);
  for (const [test, cases] of Object.entries(tests))
    for (const { f, text, data = {}, r, exc, msg } of cases) {
      if (f !== "jinja.evaluate" && f !== "jinja.validate") continue;
      const wanted: Answer = exc === undefined ? ["v", r] : ["err", `${exc}: ${msg ?? ""}`];
      comparison.compare({ test, expression: text, recorded: dumps(wanted) }, wanted, () =>
        f === "jinja.validate"
          ? ["v", faultsOf(text)]
          : answer(() => evaluateJinjaText(text, contextOf(data))),
      );
    }
  return comparison;
}

/** The parts of `stackstorm/own.json` that are about templates. */
export interface OwnTemplates {
  readonly filter: { readonly payload: Record<string, unknown> };
  readonly lookup: readonly (readonly [string, Answer])[];
  readonly render: readonly (readonly [unknown, Answer, Answer])[];
}

/** Templates of rules. */
export function checkRendering({ filter, render }: OwnTemplates): Report {
  const comparison = new Comparison(differences);
  const trigger = filter.payload;
  const variables = { trigger, __context: { trigger } };
  for (const [template, wanted] of render)
    if (typeof template === "string")
      comparison.compare(
        { test: "render", expression: template, recorded: dumps(wanted) },
        wanted,
        () => answer(() => compileJinjaTemplate(template).render({ variables, ask: askFrom({}) })),
      );
  return comparison;
}

/** Paths of criteria. */
export function checkLookup({ filter, lookup }: OwnTemplates): Report {
  const comparison = new Comparison(differences);
  for (const [path, wanted] of lookup)
    comparison.compare({ test: "lookup", expression: path, recorded: dumps(wanted) }, wanted, () =>
      answer(() => compileJsonPath(path)({ trigger: filter.payload })),
    );
  return comparison;
}

/** Lookups of StackStorm's unit tests, whose payloads were not recorded: each is asked of the smallest payload that holds its answer. */
export function checkLookupCalls(lines: readonly Readonly<Record<string, unknown>>[]): Report {
  const comparison = new Comparison(differences);
  for (const { k, t, a, r } of lines) {
    if (k !== "payload.lookup") continue;
    const [, path] = a as [unknown, string];
    const [root = "", name = ""] = path.replace("[*]", "").split(".");
    const held = Array.isArray(r) ? { [name]: (r as unknown[])[0] } : {};
    const row = { test: String(t), expression: path, recorded: dumps(r) };
    comparison.compare(row, r ?? [], () => compileJsonPath(path)({ [root]: held }));
  }
  return comparison;
}

/** StackStorm's unit tests of its filters (`stackstorm/unit.jsonl`, `k` = `jinja.template`). */
export function checkFilters(lines: readonly Readonly<Record<string, unknown>>[]): Report {
  const comparison = new Comparison(differences);
  const secrets = { "system.k8": "Build a wall", "stanley:k8": "Build a wall" };
  for (const { k, a, r, exc, msg } of lines) {
    if (k !== "jinja.template") continue;
    const [text, given] = a as [string, Record<string, unknown>];
    // Contexts that could not be recorded: a list in the text of a format, or lookups.
    const list = text.includes("json") ? '["a", "b", "c"]' : "- a\n- b\n- c";
    const variables = "$py" in given ? { k1: list } : given;
    const wanted: Answer = exc === undefined ? ["v", r] : ["err", failure(exc, msg)];
    comparison.compare({ test: "unit", expression: text, recorded: dumps(wanted) }, wanted, () =>
      answer(() => compileJinjaTemplate(text).render({ variables, ask: askFrom({}, secrets) })),
    );
  }
  return comparison;
}

export interface Jinja2Answers {
  readonly context: Record<string, unknown>;
  readonly rows: readonly (readonly [template: string, kind: "v" | "err", value: string])[];
}

/** Answers of Jinja2 itself, kept with our tests. */
export function checkJinja2({ context: variables, rows }: Jinja2Answers): Report {
  const comparison = new Comparison(jinja2Differences);
  for (const [template, kind, value] of rows)
    comparison.compare(
      { test: "Jinja2", expression: template, recorded: value },
      [kind, value],
      () => answer(() => compileJinjaTemplate(template).render({ variables, ask: askFrom({}) })),
    );
  return comparison;
}
