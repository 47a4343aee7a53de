/** Inspection against what Orquesta and StackStorm answered. */
import { existsSync, readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import {
  checkFixtures,
  checkOrder,
  checkOwn,
  checkUnit,
  type ContextFile,
  type FixtureFile,
  type OrderFile,
  type OwnFile,
  type UnitFile,
} from "../conformance/inspection.ts";
import type { Report } from "../conformance/workflow-cases.ts";

const data = "../shared/conformance";

function read(name: string): unknown {
  return JSON.parse(readFileSync(`${data}/${name}.json`, "utf8"));
}

// The recordings are not part of the repository.
describe.skipIf(!existsSync(data))("recorded inspections", () => {
  const reports: Readonly<Record<string, { least: number; check: () => Report }>> = {
    "definitions in files": {
      least: 300,
      check: () => checkFixtures(read("inspection/fixtures") as FixtureFile),
    },
    "definitions in Orquesta's own tests": {
      least: 150,
      check: () =>
        checkUnit(
          read("inspection/orquesta-unit") as UnitFile,
          read("workflows/conductor-traces") as ContextFile,
        ),
    },
    "definitions written to be wrong": {
      least: 104,
      check: () => checkOwn(read("inspection/own") as OwnFile),
    },
    "the list of the API": {
      least: 48,
      check: () =>
        checkOrder(
          read("inspection/api-order") as OrderFile,
          read("inspection/fixtures") as FixtureFile,
        ),
    },
  };

  test.each(Object.entries(reports))("%s", (_, { least, check }) => {
    const { cases, differences } = check();
    expect(cases).toBeGreaterThanOrEqual(least);
    expect(differences.filter(({ reason }) => reason === undefined)).toEqual([]);
  });
});
