/** One recorded case after the other, each compared up to its first difference. */
import { isDeepStrictEqual } from "node:util";

import { isObject } from "../../src/model/json.ts";
import { isStatus, type Status } from "../../src/workflows/statuses.ts";
import { asJson } from "./orquesta.ts";
import { reasonFor } from "./workflow-differences.ts";

/** What differs in one recorded case (a scenario of a flow, a run of a test), at its first place. */
export interface Difference {
  readonly case: string;
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /** Why it may differ, where it is listed. */
  readonly reason: string | undefined;
}
export interface Report {
  readonly cases: number;
  readonly differences: readonly Difference[];
}

export class Mismatch extends Error {
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
  constructor(what: string, expected: unknown, actual: unknown) {
    super(what);
    this.what = what;
    this.expected = expected;
    this.actual = actual;
  }
}

export function same(what: string, expected: unknown, actual: unknown): void {
  const json = asJson(actual);
  if (!isDeepStrictEqual(expected, json)) throw new Mismatch(what, expected, json);
}

export class Cases implements Report {
  cases = 0;
  readonly differences: Difference[] = [];

  run(name: string, recorded: unknown, check: () => void): void {
    this.cases += 1;
    try {
      check();
    } catch (error) {
      const { what, expected, actual } =
        error instanceof Mismatch
          ? error
          : {
              what: "thrown",
              expected: null,
              actual: error instanceof Error ? error.stack : error,
            };
      const difference = { case: name, what, expected, actual };
      const at = Number(/^op (\d+)/.exec(what)?.[1] ?? -1);
      const found = { ...difference, recorded: operationsOf(recorded), at };
      this.differences.push({ ...difference, reason: reasonFor(found) });
    }
  }
}

function operationsOf(recorded: unknown): unknown {
  return isObject(recorded) ? recorded["ops"] : undefined;
}

export function statusOf(text: unknown): Status {
  if (isStatus(text)) return text;
  throw new Error(`no status: ${String(text)}`);
}
