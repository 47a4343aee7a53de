/** Answers recorded from YAQL and Orquesta; they lie beside the repository, not in it. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Report } from "../../conformance/workflow-cases.ts";
import {
  checkYaqlSyntax,
  checkYaqlTables,
  checkYaqlTests,
  checkYaqlUnit,
} from "../../conformance/yaql.ts";

const data = "../shared/conformance/expressions";

function load(name: string): never {
  return JSON.parse(readFileSync(`${data}/${name}.json`, "utf8")) as never;
}

const reports: Readonly<Record<string, { least: number; check: () => Report }>> = {
  "tables of expressions": { least: 440, check: () => checkYaqlTables(load("tables")) },
  "syntax errors": { least: 8, check: () => checkYaqlSyntax(load("tables")) },
  "YAQL's own tests": { least: 909, check: () => checkYaqlTests(load("yaql-tests")) },
  "Orquesta's own tests": { least: 78, check: () => checkYaqlUnit(load("orquesta-unit")) },
};

describe.skipIf(!existsSync(data))("recorded answers (skipped without ../shared)", () => {
  it.each(Object.entries(reports))("%s", (_name, { least, check }) => {
    const { cases, differences } = check();
    expect(cases).toBeGreaterThanOrEqual(least);
    expect(differences.filter(({ reason }) => reason === undefined)).toEqual([]);
  });
});
