import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { snapshot } from "../../src/workflows/conductor.ts";
import { isIn } from "../../src/workflows/statuses.ts";
import { patience, runs } from "../fuzz/effort.ts";
import { Driver } from "./support.ts";

vi.setConfig({ testTimeout: patience });

interface Shape {
  readonly edges: ReadonlyArray<ReadonlyArray<{ to: number; when: string; publish: boolean }>>;
  readonly joins: ReadonlyArray<"all" | "none" | number>;
  readonly items: readonly boolean[];
}

const size = 7;
const edge = fc.record({
  to: fc.integer({ min: 1, max: size - 1 }),
  when: fc.constantFrom("always", "succeeded", "failed", "never"),
  publish: fc.boolean(),
});
const shapes: fc.Arbitrary<Shape> = fc.record({
  edges: fc.array(fc.array(edge, { maxLength: 3 }), { minLength: size, maxLength: size }),
  joins: fc.array(fc.constantFrom("all" as const, "none" as const, 1, 2), {
    minLength: size,
    maxLength: size,
  }),
  items: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
});
const conditions: Readonly<Record<string, string>> = {
  succeeded: "<% succeeded() %>",
  failed: "<% failed() %>",
  never: "<% false %>",
};

/** Task 0 leads in. In a graph without cycles tasks only lead to later ones. */
function definition(shape: Shape, acyclic: boolean) {
  const tasks = Object.fromEntries(
    shape.edges.map((edges, from) => {
      const join = shape.joins[from];
      const kept = edges.filter(({ to }) => !acyclic || to > from);
      const next = kept.map(({ to, when, publish }) => ({
        ...(when === "always" ? {} : { when: conditions[when] }),
        ...(publish ? { publish: [{ [`v${to % 3}`]: { [`from${from}`]: from } }] } : {}),
        do: [`t${to}`],
      }));
      const items = shape.items[from] === true ? { with: "<% list(1, 2, 3) %>" } : {};
      return [
        `t${from}`,
        {
          action: "core.noop",
          input: { seen: "<% ctx() %>" },
          ...items,
          ...(join === "none" || join === undefined || from === 0 ? {} : { join }),
          ...(next.length > 0 ? { next } : {}),
        },
      ];
    }),
  );
  return { version: 1, vars: [{ v0: 0 }], output: [{ all: "<% ctx() %>" }], tasks };
}

const choices = fc.array(fc.record({ at: fc.nat(), fails: fc.boolean(), reload: fc.boolean() }), {
  minLength: 40,
  maxLength: 40,
});

function drive(
  document: unknown,
  steps: ReadonlyArray<{ at: number; fails: boolean; reload: boolean }>,
): Driver {
  const driver = new Driver(document).start();
  for (const { at, fails, reload } of steps) {
    if (driver.waiting.length === 0) break;
    const status = fails ? "failed" : "succeeded";
    driver.finish({ n: at }, { status, at: at % driver.waiting.length });
    if (reload) driver.reload();
  }
  return driver;
}

describe("whatever the graph", () => {
  it("the journal alone gives the same state, and a state survives JSON", () => {
    fc.assert(
      fc.property(shapes, fc.boolean(), choices, (shape, acyclic, steps) => {
        const driver = drive(definition(shape, acyclic), steps);
        expect(snapshot(driver.replayed())).toEqual(snapshot(driver.state));
      }),
      { numRuns: runs(300) },
    );
  });

  it("every start has a key of its own", () => {
    fc.assert(
      fc.property(shapes, fc.boolean(), choices, (shape, acyclic, steps) => {
        const keys = drive(definition(shape, acyclic), steps).offered.map((run) => run.key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: runs(200) },
    );
  });

  it("a join of all fires once where there is no cycle", () => {
    fc.assert(
      fc.property(shapes, choices, (shape, steps) => {
        const everywhere = { ...shape, joins: shape.joins.map(() => "all" as const) };
        const driver = drive(definition(everywhere, true), steps);
        const starts = driver.offered.map(({ taskId, visit }) => `${taskId}:${visit}`);
        const visits = [...new Set(starts)].map((start) => start.split(":")[0]);
        expect(new Set(visits).size).toBe(visits.length);
      }),
      { numRuns: runs(300) },
    );
  });

  it("a workflow that ended offers nothing", () => {
    fc.assert(
      fc.property(shapes, fc.boolean(), choices, (shape, acyclic, steps) => {
        const driver = drive(definition(shape, acyclic), steps);
        if (!isIn("completed", driver.state.status)) return;
        const offered = driver.offered.length;
        while (driver.waiting.length > 0) driver.finish();
        expect(driver.offered.length).toBe(offered);
        expect(isIn("completed", driver.state.status)).toBe(true);
      }),
      { numRuns: runs(300) },
    );
  });

  it("a workflow with nothing under way has ended", () => {
    fc.assert(
      fc.property(shapes, choices, (shape, steps) => {
        const driver = drive(definition(shape, true), steps);
        while (driver.waiting.length > 0) driver.finish();
        expect(isIn("completed", driver.state.status)).toBe(true);
        expect(driver.finished?.status).toBe(driver.state.status);
      }),
      { numRuns: runs(300) },
    );
  });
});
