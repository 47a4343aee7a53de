/**
 * `npm run conformance [-- --data DIR] [--write]`: holds Raicho to the recorded answers of the originals, prints the counts per file, names
 * what differs without being listed, and fails when there is any such difference. For recorded requests it starts servers of its own. `--write` writes docs/compatibility.md instead.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loads } from "../../src/expressions/python/json-read.ts";
import { compatibilityPage } from "./compatibility.ts";
import { checkFixtures, checkOrder, checkOwn, checkUnit } from "./inspection.ts";
import {
  checkFilters,
  checkJinja2,
  checkJinjaSyntax,
  checkJinjaTables,
  checkJinjaUnit,
  checkLookup,
  checkLookupCalls,
  checkRendering,
} from "./jinja.ts";
import {
  checkDefinitions,
  checkOutputs,
  checkParameterCalls,
  checkParameters,
  checkRenderedValues,
  checkSecrets,
  checkValidation,
  checkValidationCalls,
} from "./parameters.ts";
import {
  checkAliasCalls,
  checkAliases,
  checkCriteria,
  checkCriteriaCalls,
  checkOperatorCalls,
  checkOperators,
  checkTimers,
} from "./rules.ts";
import type { Difference, Report } from "./workflow-cases.ts";
import { checkTraces } from "./workflow-traces.ts";
import { httpChecks, unitChecks } from "./http-run.ts";
import { checkFlows, checkMachines } from "./workflows.ts";
import { checkYaqlSyntax, checkYaqlTables, checkYaqlTests, checkYaqlUnit } from "./yaql.ts";

const jinja2Answers = new URL("../expressions/jinja/jinja2-answers.json", import.meta.url);

interface Check {
  readonly file: string;
  readonly what: string;
  report(): Report | Promise<Report>;
}

/** The files are trusted to have the shapes that their checks expect. */
function checksOf(directory: string): readonly Check[] {
  const text = (file: string): string => readFileSync(join(directory, file), "utf8");
  const json = (file: string): never => JSON.parse(text(file)) as never;
  /** 1.0 kept apart from 1. */
  const python = (file: string): never => loads(text(file)) as never;
  const lines = (file: string): readonly Record<string, unknown>[] =>
    text(file)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => loads(line) as Record<string, unknown>);
  const tables = "expressions/tables.json";
  const unit = "expressions/orquesta-unit.json";
  const own = "stackstorm/own.json";
  const calls = "stackstorm/unit.jsonl";
  const flows = ["native", "orquesta_tests", "examples", "contrib", "inline"];
  return [
    { file: tables, what: "YAQL", report: () => checkYaqlTables(json(tables)) },
    { file: tables, what: "YAQL syntax", report: () => checkYaqlSyntax(json(tables)) },
    { file: tables, what: "Jinja", report: () => checkJinjaTables(python(tables)) },
    { file: tables, what: "Jinja syntax", report: () => checkJinjaSyntax(python(tables)) },
    { file: unit, what: "YAQL", report: () => checkYaqlUnit(json(unit)) },
    { file: unit, what: "Jinja", report: () => checkJinjaUnit(python(unit)) },
    {
      file: "expressions/yaql-tests.json",
      what: "YAQL",
      report: () => checkYaqlTests(json("expressions/yaql-tests.json")),
    },
    ...flows.map((name) => ({
      file: `workflows/${name}.json`,
      what: "flows",
      report: () => checkFlows(json(`workflows/${name}.json`)),
    })),
    {
      file: "workflows/conductor-traces.json",
      what: "conductor calls",
      report: () => checkTraces(json("workflows/conductor-traces.json")),
    },
    {
      file: "workflows/statemachine.json",
      what: "state machines",
      report: () => checkMachines(json("workflows/statemachine.json")),
    },
    {
      file: "inspection/fixtures.json",
      what: "inspection",
      report: () => checkFixtures(json("inspection/fixtures.json")),
    },
    {
      file: "inspection/orquesta-unit.json",
      what: "inspection",
      report: () =>
        checkUnit(json("inspection/orquesta-unit.json"), json("workflows/conductor-traces.json")),
    },
    {
      file: "inspection/own.json",
      what: "inspection",
      report: () => checkOwn(json("inspection/own.json")),
    },
    {
      file: "inspection/api-order.json",
      what: "the API's list",
      report: () => checkOrder(json("inspection/api-order.json"), json("inspection/fixtures.json")),
    },
    { file: own, what: "templates of rules", report: () => checkRendering(python(own)) },
    { file: own, what: "payload lookup", report: () => checkLookup(python(own)) },
    { file: own, what: "operators", report: () => checkOperators(python(own)) },
    { file: own, what: "criteria", report: () => checkCriteria(python(own)) },
    { file: own, what: "aliases", report: () => checkAliases(python(own)) },
    { file: own, what: "timers", report: () => checkTimers(python(own)) },
    { file: own, what: "parameters", report: () => checkParameters(python(own)) },
    { file: own, what: "validation", report: () => checkValidation(python(own)) },
    { file: own, what: "definitions", report: () => checkDefinitions(python(own)) },
    { file: calls, what: "Jinja filters", report: () => checkFilters(lines(calls)) },
    { file: calls, what: "operators", report: () => checkOperatorCalls(lines(calls)) },
    { file: calls, what: "criteria", report: () => checkCriteriaCalls(lines(calls)) },
    { file: calls, what: "aliases", report: () => checkAliasCalls(lines(calls)) },
    { file: calls, what: "parameters", report: () => checkParameterCalls(lines(calls)) },
    { file: calls, what: "validation", report: () => checkValidationCalls(lines(calls)) },
    { file: calls, what: "secrets", report: () => checkSecrets(lines(calls)) },
    { file: calls, what: "outputs", report: () => checkOutputs(lines(calls)) },
    { file: calls, what: "rendered values", report: () => checkRenderedValues(lines(calls)) },
    { file: calls, what: "payload lookup", report: () => checkLookupCalls(lines(calls)) },
    ...httpChecks(directory),
    ...unitChecks(directory),
  ];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A value in one line that fits a terminal. */
function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function sayDifference({ case: name, what, expected, actual }: Difference): void {
  say(`    ${name}\n      ${short(what)}`);
  say(`      recorded ${short(expected)}\n      ours     ${short(actual)}`);
}

interface Totals {
  cases: number;
  listed: number;
  unlisted: number;
}

function add(totals: Totals, name: string, { cases, differences }: Report): void {
  const unlisted = differences.filter(({ reason }) => reason === undefined);
  const listed = differences.length - unlisted.length;
  totals.cases += cases;
  totals.listed += listed;
  totals.unlisted += unlisted.length;
  const counts = `${String(cases).padStart(6)} cases ${String(listed).padStart(4)} listed ${String(unlisted.length).padStart(4)} unlisted`;
  say(`${name.padEnd(52)}${counts}`);
  for (const difference of unlisted) sayDifference(difference);
}

async function run(directory: string): Promise<number> {
  if (!existsSync(directory)) {
    process.stderr.write(`conformance: there is no directory ${directory}; give --data DIR\n`);
    return 2;
  }
  const checks = checksOf(directory);
  const totals: Totals = { cases: 0, listed: 0, unlisted: 0 };
  const missing = new Set<string>();
  for (const check of checks) {
    const { file, what } = check;
    if (existsSync(join(directory, file))) add(totals, `${file} (${what})`, await check.report());
    else missing.add(file);
  }
  const jinja2 = loads(readFileSync(jinja2Answers, "utf8")) as never;
  add(totals, "jinja2-answers.json (Jinja2)", checkJinja2(jinja2));
  const read = new Set(checks.map(({ file }) => file));
  const others = globSync("**/*.{json,jsonl}", { cwd: directory }).filter(
    (file) => !read.has(file),
  );
  for (const file of others.toSorted()) say(`${file.padEnd(52)}  not read here`);
  for (const file of missing) say(`${file.padEnd(52)}  missing`);
  const { cases, listed, unlisted } = totals;
  const gaps = missing.size === 0 ? "" : `, ${missing.size} files missing`;
  say(`${cases} cases, ${listed} listed differences, ${unlisted} unlisted${gaps}`);
  return unlisted > 0 || missing.size === read.size ? 1 : 0;
}

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/conformance" },
    write: { type: "boolean", default: false },
  },
});
if (values.write) writeFileSync("docs/compatibility.md", compatibilityPage());
else process.exitCode = await run(values.data);
