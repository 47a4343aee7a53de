/** Recorded answers of StackStorm about rules, timers, aliases, parameters and secrets. */
import { describe, expect, test } from "vitest";
import * as parameters from "./conformance/parameters.ts";
import * as rules from "./conformance/rules.ts";
import type { Report } from "./conformance/workflow-cases.ts";
import { isRecorded, readLines, readRecorded } from "./expressions/jinja/recorded.ts";

const own = (): never => readRecorded("stackstorm/own.json") as never;
const calls = (): Record<string, unknown>[] => readLines("stackstorm/unit.jsonl");

const checks: readonly (readonly [name: string, least: number, check: () => Report])[] = [
  ["operators", 1568, () => rules.checkOperators(own())],
  ["criteria", 55, () => rules.checkCriteria(own())],
  ["aliases", 78, () => rules.checkAliases(own())],
  ["timers", 95, () => rules.checkTimers(own())],
  ["parameters", 78, () => parameters.checkParameters(own())],
  ["validation", 36, () => parameters.checkValidation(own())],
  ["calls of operators", 250, () => rules.checkOperatorCalls(calls())],
  ["calls of criteria", 60, () => rules.checkCriteriaCalls(calls())],
  ["calls of aliases", 43, () => rules.checkAliasCalls(calls())],
  ["calls with parameters", 53, () => parameters.checkParameterCalls(calls())],
  ["calls of validation", 16, () => parameters.checkValidationCalls(calls())],
  ["definitions of parameters", 22, () => parameters.checkDefinitions(own())],
  ["outputs", 3, () => parameters.checkOutputs(calls())],
  ["rendered values", 3, () => parameters.checkRenderedValues(calls())],
  ["secrets", 40, () => parameters.checkSecrets(calls())],
];

describe.skipIf(!isRecorded)("as StackStorm (skipped where ../shared is absent)", () => {
  test.each(checks)("%s", (_name, least, check) => {
    const { cases, differences } = check();
    expect(cases).toBeGreaterThanOrEqual(least);
    expect(differences.filter(({ reason }) => reason === undefined)).toEqual([]);
  });
});
