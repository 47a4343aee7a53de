/** Inspects recorded definitions and tells where the answer is not Orquesta's. */
import { isDeepStrictEqual } from "node:util";

import { parseYaml } from "../../src/content/yaml.ts";
import { isObject } from "../../src/model/json.ts";
import { inspectWorkflow, type Inspection } from "../../src/workflows/inspect.ts";
import { listInspection } from "../../src/workflows/inspect-list.ts";
import { reasonFor } from "./inspection-differences.ts";
import type { Difference, Report } from "./workflow-cases.ts";

type Recorded = Readonly<Record<string, unknown>>;

/** `fixtures.json`: definitions as text. */
export interface FixtureFile {
  readonly definitions: Readonly<Record<string, string>>;
  readonly inspect: Readonly<Record<string, Recorded>>;
}
/** `orquesta-unit.json`: definitions as data. */
export interface UnitFile {
  readonly specs: Readonly<Record<string, unknown>>;
  readonly inspect: Readonly<Record<string, Recorded>>;
}
/** `own.json`: a definition with its answers; `exc` where there is none. */
export type OwnFile = Readonly<
  Record<
    string,
    {
      readonly def: string;
      readonly inspect?: Recorded;
      readonly st2?: readonly unknown[];
      readonly exc?: string;
    }
  >
>;
/** `api-order.json`: the list of the API, for definitions of `fixtures.json`. */
export type OrderFile = Readonly<Record<string, readonly unknown[] | { $exception: string }>>;
/** `workflows/conductor-traces.json`: which names the tests of `orquesta-unit.json` put into the context. */
export interface ContextFile {
  readonly tests: Readonly<
    Record<string, ReadonlyArray<{ readonly spec: string; readonly context?: Recorded }>>
  >;
}

interface Inspected {
  readonly text: string;
  readonly unreadable: boolean;
  readonly inspection: Inspection;
}

function inspectText(text: string): Inspected {
  const { value, faults } = parseYaml(text, "python");
  return { text, unreadable: faults.length > 0, inspection: inspectWorkflow(value) };
}

function inspectData(document: unknown, context: readonly string[]): Inspected {
  const inspection = inspectWorkflow(document, { context });
  return { text: JSON.stringify(document), unreadable: false, inspection };
}

/** As Orquesta shows it: categories without errors are absent. */
function reportOf(inspection: Inspection): Recorded {
  return Object.fromEntries(Object.entries(inspection).filter(([, list]) => list.length > 0));
}

class Comparison {
  cases = 0;
  readonly differences: Difference[] = [];

  same(name: string, inspected: Inspected, expected: unknown, actual: unknown): void {
    this.cases += 1;
    const exception = exceptionOf(expected);
    if (exception === undefined && isDeepStrictEqual(expected, actual)) return;
    const { text, unreadable } = inspected;
    const reason = reasonFor({
      case: name,
      text,
      unreadable,
      expected,
      actual,
      ...(exception === undefined ? {} : { exception }),
    });
    this.differences.push({ case: name, what: "inspect", expected, actual, reason });
  }
}

function exceptionOf(expected: unknown): string | undefined {
  const exception = isObject(expected) ? expected["$exception"] : undefined;
  return typeof exception === "string" ? exception : undefined;
}

export function checkFixtures(file: FixtureFile): Report {
  const comparison = new Comparison();
  for (const [key, expected] of Object.entries(file.inspect)) {
    const inspected = inspectText(file.definitions[key] ?? "");
    comparison.same(key, inspected, expected, reportOf(inspected.inspection));
  }
  return comparison;
}

export function checkUnit(file: UnitFile, contexts: ContextFile = { tests: {} }): Report {
  const comparison = new Comparison();
  for (const [key, expected] of Object.entries(file.inspect)) {
    const inspected = inspectData(file.specs[key], contextOf(key, contexts));
    comparison.same(key, inspected, expected, reportOf(inspected.inspection));
  }
  return comparison;
}

function contextOf(spec: string, { tests }: ContextFile): string[] {
  const runs = Object.values(tests).flat();
  return runs
    .filter((run) => run.spec === spec)
    .flatMap(({ context = {} }) => Object.keys(context));
}

export function checkOwn(file: OwnFile): Report {
  const comparison = new Comparison();
  for (const [key, recorded] of Object.entries(file)) {
    const inspected = inspectText(recorded.def);
    const { inspection } = inspected;
    const expected = recorded.exc === undefined ? recorded.inspect : { $exception: recorded.exc };
    comparison.same(key, inspected, expected, reportOf(inspection));
    if (recorded.st2 !== undefined) {
      comparison.same(`${key} st2`, inspected, recorded.st2, listInspection(inspection));
    }
  }
  return comparison;
}

export function checkOrder(file: OrderFile, { definitions }: FixtureFile): Report {
  const comparison = new Comparison();
  for (const [key, expected] of Object.entries(file)) {
    const inspected = inspectText(definitions[key] ?? "");
    comparison.same(key, inspected, expected, listInspection(inspected.inspection));
  }
  return comparison;
}
