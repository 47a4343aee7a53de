import { existsSync, readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { Report } from "../conformance/workflow-cases.ts";
import { checkTraces } from "../conformance/workflow-traces.ts";
import { checkFlows, checkMachines } from "../conformance/workflows.ts";

const directory = "../shared/conformance/workflows";
const load = (name: string) => JSON.parse(readFileSync(`${directory}/${name}.json`, "utf8"));

/** What differs and is not listed; a report without cases would prove nothing. */
function unlisted({ cases, differences }: Report): unknown[] {
  if (cases === 0) return ["no cases"];
  return differences.filter(({ reason }) => reason === undefined);
}

// The recordings of Orquesta lie beside the repository where they are at hand.
describe.skipIf(!existsSync(directory))("what Orquesta was recorded to do", () => {
  it.each(["native", "orquesta_tests", "examples", "contrib", "inline"])(
    "flows of %s",
    { timeout: 60_000 },
    (name) => {
      expect(unlisted(checkFlows(load(name)))).toEqual([]);
    },
  );

  it("calls of the conductor's own tests", { timeout: 60_000 }, () => {
    expect(unlisted(checkTraces(load("conductor-traces")))).toEqual([]);
  });

  it("state machines", () => {
    expect(unlisted(checkMachines(load("statemachine")))).toEqual([]);
  });
});
