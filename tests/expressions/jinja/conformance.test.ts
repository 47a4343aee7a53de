/** Answers recorded from Orquesta, StackStorm and Jinja2. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ExpressionError } from "../../../src/expressions/context.ts";
import { compileJinjaTemplate } from "../../../src/expressions/jinja/compile.ts";
import {
  evaluateJinjaText,
  hasJinja,
  validateJinjaText,
} from "../../../src/expressions/jinja/template.ts";
import { compileJsonPath } from "../../../src/expressions/jsonpath.ts";
import { PythonError } from "../../../src/expressions/python/errors.ts";
import { dumps, loads } from "../../../src/expressions/python/json.ts";
import { differences, jinja2Differences } from "./differences.ts";
import {
  askFrom,
  contextOf,
  failure,
  isRecorded,
  readLines,
  readRecorded,
  recordedShape,
} from "./recorded.ts";

type Row = [expression: string, kind: "v" | "err" | "nd", value: unknown];
type Answer = ["v" | "err", unknown];

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
  return validateJinjaText(text).map(({ expression, message }) => ({
    type: "jinja",
    expression,
    message,
  }));
}

function isDifferent(test: string, expression: string, recorded: unknown): boolean {
  const row = { test, expression, recorded: dumps(recorded) };
  return differences.some((difference) => difference.applies(row));
}

interface Tables {
  readonly ctx: Record<string, unknown>;
  readonly kv: Record<string, string>;
  readonly secrets: Record<string, string>;
  readonly jinja: Record<string, Row[]>;
  readonly validate: Record<string, unknown>;
}

describe.skipIf(!isRecorded)("recorded from Orquesta (skipped without ../shared)", () => {
  const tables = (isRecorded ? readRecorded("expressions/tables.json") : {}) as Tables;
  const groups = Object.entries(tables.jinja ?? {});

  it.each(groups)("evaluates %s", (group, rows) => {
    const context = contextOf(tables.ctx, askFrom(tables.kv, tables.secrets));
    for (const [expression, kind, value] of rows) {
      if (isDifferent(group, expression, value)) continue;
      const got = answer(() => evaluateJinjaText(expression, context));
      // Of what is not deterministic only the kind counts.
      const wanted = kind === "nd" ? ["v", got[1]] : [kind, value];
      expect([expression, ...got]).toEqual([expression, ...wanted]);
    }
  });

  it("validates", () => {
    for (const [text, wanted] of Object.entries(tables.validate)) {
      if (!hasJinja(text) || text.includes("<%")) continue;
      const got = faultsOf(text);
      expect(got).toEqual(wanted);
    }
  });

  interface UnitRow {
    readonly f: string;
    readonly text: string;
    readonly data?: Record<string, unknown>;
    readonly r?: unknown;
    readonly exc?: string;
    readonly msg?: string;
  }

  const unit = Object.entries(
    (isRecorded ? readRecorded("expressions/orquesta-unit.json") : {}) as Record<string, UnitRow[]>,
  ).filter(([, rows]) => rows.some(({ f }) => f.startsWith("jinja.")));

  it.each(unit)("%s", (test, rows) => {
    for (const row of rows) {
      if (row.f !== "jinja.evaluate" && row.f !== "jinja.validate") continue;
      const wanted = row.exc === undefined ? ["v", row.r] : ["err", `${row.exc}: ${row.msg ?? ""}`];
      if (isDifferent(test, row.text, wanted)) continue;
      const context = contextOf(row.data ?? {});
      const got =
        row.f === "jinja.validate"
          ? ["v", faultsOf(row.text)]
          : answer(() => evaluateJinjaText(row.text, context));
      expect([row.text, got]).toEqual([row.text, wanted]);
    }
  });
});

interface Own {
  readonly meta: { readonly kv: Record<string, Record<string, string>> };
  readonly filter: { readonly payload: Record<string, unknown> };
  readonly lookup: [string, Answer][];
  readonly render: [unknown, Answer, Answer][];
}

describe.skipIf(!isRecorded)("recorded from StackStorm (skipped without ../shared)", () => {
  const own = (isRecorded ? readRecorded("stackstorm/own.json") : {}) as Own;

  it("renders templates", () => {
    const trigger = own.filter.payload;
    const variables = { trigger, __context: { trigger } };
    const texts = own.render.filter(([template]) => typeof template === "string");
    expect(texts.length).toBeGreaterThan(15);
    for (const [template, wanted] of texts) {
      const got = answer(() =>
        compileJinjaTemplate(String(template)).render({ variables, ask: askFrom({}) }),
      );
      expect([template, got]).toEqual([template, wanted]);
    }
  });

  it("looks payloads up", () => {
    for (const [path, wanted] of own.lookup) {
      const got = answer(() => compileJsonPath(path)({ trigger: own.filter.payload }));
      expect([path, got]).toEqual([path, wanted]);
    }
  });

  it("renders as in its unit tests", () => {
    const rows = (isRecorded ? readLines("stackstorm/unit.jsonl") : []).filter(
      ({ k }) => k === "jinja.template",
    );
    expect(rows.length).toBeGreaterThan(50);
    const secrets = { "system.k8": "Build a wall", "stanley:k8": "Build a wall" };
    for (const { a, r, exc, msg } of rows) {
      const [text, given] = a as [string, Record<string, unknown>];
      // Contexts that could not be recorded: a list in the text of a format, or lookups.
      const list = text.includes("json") ? '["a", "b", "c"]' : "- a\n- b\n- c";
      const variables = "$py" in given ? { k1: list } : given;
      const wanted = exc === undefined ? ["v", r] : ["err", failure(exc, msg)];
      const got = answer(() =>
        compileJinjaTemplate(text).render({ variables, ask: askFrom({}, secrets) }),
      );
      expect([text, got]).toEqual([text, wanted]);
    }
  });
});

describe("Jinja2's answers", () => {
  const recorded = loads(readFileSync(new URL("jinja2-answers.json", import.meta.url), "utf8")) as {
    readonly context: Record<string, unknown>;
    readonly rows: [string, "v" | "err", string][];
  };

  it("are ours", () => {
    const { context: variables, rows } = recorded;
    expect(rows.length).toBeGreaterThan(1500);
    for (const [template, kind, value] of rows) {
      const row = { test: "", expression: template, recorded: value };
      if (jinja2Differences.some((difference) => difference.applies(row))) continue;
      const got = answer(() =>
        compileJinjaTemplate(template).render({ variables, ask: askFrom({}) }),
      );
      expect([template, ...got]).toEqual([template, kind, value]);
    }
  });

  it("leave the context as it was", () => {
    const variables = { l: [1, 2], d: { a: { b: 1 } } };
    const template = "{% set _ = l.append(3) %}{% set _ = d.a.update({'b': 2}) %}{{ l }}{{ d }}";
    const text = compileJinjaTemplate(template).render({ variables, ask: askFrom({}) });
    expect(text).toBe("[1, 2, 3]{'a': {'b': 2}}");
    expect(variables).toEqual({ l: [1, 2], d: { a: { b: 1 } } });
  });
});
