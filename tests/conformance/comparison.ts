/** Compares recorded answers with ours, row by row. */
import { isDeepStrictEqual } from "node:util";
import { dumps } from "../../src/expressions/python/json.ts";
import type { Difference, Report } from "./workflow-cases.ts";

export interface Row {
  readonly test: string;
  readonly expression: string;
  /** The recorded answer as JSON text. */
  readonly recorded: string;
}

/** A kind of row in which ours answers otherwise on purpose. */
export interface ListedDifference {
  readonly reason: string;
  applies(row: Row): boolean;
}

export class Comparison implements Report {
  cases = 0;
  readonly differences: Difference[] = [];
  readonly #listed: readonly ListedDifference[];

  constructor(listed: readonly ListedDifference[]) {
    this.#listed = listed;
  }

  /** What `answer` throws differs from everything that was recorded. */
  compare(row: Row, expected: unknown, answer: () => unknown): void {
    this.cases += 1;
    const actual = ended(answer);
    if (isDeepStrictEqual(expected, actual) || dumps(expected) === dumps(actual)) return;
    this.differences.push({
      case: row.test,
      what: row.expression,
      expected,
      actual,
      reason: this.#listed.find((difference) => difference.applies(row))?.reason,
    });
  }
}

function ended(answer: () => unknown): unknown {
  try {
    return answer();
  } catch (error) {
    return { thrown: error instanceof Error ? error.message : String(error) };
  }
}
