/** Answers recorded from Orquesta, StackStorm and Jinja2. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileJinjaTemplate } from "../../../src/expressions/jinja/compile.ts";
import { loads } from "../../../src/expressions/python/json-read.ts";
import {
  checkFilters,
  checkJinja2,
  checkJinjaSyntax,
  checkJinjaTables,
  checkJinjaUnit,
  checkLookup,
  checkRendering,
  type Jinja2Answers,
} from "../../conformance/jinja.ts";
import type { Report } from "../../conformance/workflow-cases.ts";
import { askFrom, isRecorded, readLines, readRecorded } from "./recorded.ts";

function unlisted({ differences }: Report): unknown[] {
  return differences.filter(({ reason }) => reason === undefined);
}

const reports: Readonly<Record<string, { least: number; check: () => Report }>> = {
  "tables of expressions": {
    least: 179,
    check: () => checkJinjaTables(readRecorded("expressions/tables.json") as never),
  },
  "syntax errors": {
    least: 6,
    check: () => checkJinjaSyntax(readRecorded("expressions/tables.json") as never),
  },
  "Orquesta's own tests": {
    least: 49,
    check: () => checkJinjaUnit(readRecorded("expressions/orquesta-unit.json") as never),
  },
  "templates of StackStorm's rules": {
    least: 22,
    check: () => checkRendering(readRecorded("stackstorm/own.json") as never),
  },
  "payloads looked up": {
    least: 18,
    check: () => checkLookup(readRecorded("stackstorm/own.json") as never),
  },
  "StackStorm's own tests": {
    least: 64,
    check: () => checkFilters(readLines("stackstorm/unit.jsonl")),
  },
};

describe.skipIf(!isRecorded)("recorded answers (skipped without ../shared)", () => {
  it.each(Object.entries(reports))("%s", (_name, { least, check }) => {
    const report = check();
    expect(report.cases).toBeGreaterThanOrEqual(least);
    expect(unlisted(report)).toEqual([]);
  });
});

describe("Jinja2's answers", () => {
  it("are ours", () => {
    const text = readFileSync(new URL("jinja2-answers.json", import.meta.url), "utf8");
    const report = checkJinja2(loads(text) as Jinja2Answers);
    expect(report.cases).toBeGreaterThan(1500);
    expect(unlisted(report)).toEqual([]);
  });

  it("leave the context as it was", () => {
    const variables = { l: [1, 2], d: { a: { b: 1 } } };
    const template = "{% set _ = l.append(3) %}{% set _ = d.a.update({'b': 2}) %}{{ l }}{{ d }}";
    const text = compileJinjaTemplate(template).render({ variables, ask: askFrom({}) });
    expect(text).toBe("[1, 2, 3]{'a': {'b': 2}}");
    expect(variables).toEqual({ l: [1, 2], d: { a: { b: 1 } } });
  });
});
