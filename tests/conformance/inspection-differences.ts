/** Where Raicho's inspection differs from what Orquesta's was recorded to answer, on purpose, and why. `docs/compatibility.md` tells
 * the same to users. */
import { isDeepStrictEqual } from "node:util";

import { isObject } from "../../src/model/json.ts";

export interface FoundDifference {
  readonly case: string;
  /** The definition. */
  readonly text: string;
  /** What was recorded; `exception` when Orquesta ended with one. */
  readonly expected: unknown;
  readonly exception?: string;
  readonly actual: unknown;
  /** Whether reading the YAML already found a fault. */
  readonly unreadable: boolean;
}
interface Rule {
  readonly reason: string;
  applies(found: FoundDifference): boolean;
}

const rules: readonly Rule[] = [
  {
    reason:
      "Orquesta ends with an exception of Python where the definition is not even of the right shape; ours reports what is wrong there.",
    applies: ({ exception, actual, unreadable }) =>
      exception !== undefined && !unreadable && errorsIn(actual) > 0,
  },
  {
    reason: "The file is not YAML, or names a key twice: ours tells line and column instead.",
    applies: ({ exception, unreadable }) => exception !== undefined && unreadable,
  },
  {
    reason:
      "An empty task or transition (`{}`) ends Orquesta's inspection with an exception; ours takes it for one that does nothing.",
    applies: ({ exception, text, actual }) =>
      exception !== undefined && /[:-] *\{ *\}/.test(text) && errorsIn(actual) === 0,
  },
  {
    reason: "An unquoted date is refused by Orquesta; here it is its ISO 8601 text.",
    applies: ({ expected, actual }) =>
      errorsIn(expected) > errorsIn(actual) &&
      isDeepStrictEqual(without(expected, /^datetime\.date/), without(actual, /^(?!)/)),
  },
  {
    reason:
      "Orquesta garbles what is not ASCII in messages about the syntax (it takes UTF-8 for Latin-1); ours shows it.",
    applies: ({ expected, actual }) =>
      isDeepStrictEqual(expected, garbled(actual)) && !isDeepStrictEqual(expected, actual),
  },
  {
    reason:
      "Where two expressions in one value read the same unknown variable, the order of the two errors is random in Orquesta.",
    applies: ({ expected, actual }) => isDeepStrictEqual(unordered(expected), unordered(actual)),
  },
];

function lists(report: unknown): ReadonlyArray<readonly [string, readonly unknown[]]> {
  if (Array.isArray(report)) return [["", report]];
  const entries = isObject(report) ? Object.entries(report) : [];
  return entries.map(([name, list]) => [name, Array.isArray(list) ? list : []]);
}

function errorsIn(report: unknown): number {
  return lists(report).reduce((sum, [, list]) => sum + list.length, 0);
}

function messageOf(error: unknown): string {
  return isObject(error) ? String(error["message"]) : "";
}

function without(report: unknown, message: RegExp): unknown {
  const left = lists(report).map(
    ([name, list]) => [name, list.filter((error) => !message.test(messageOf(error)))] as const,
  );
  return Object.fromEntries(left.filter(([, list]) => list.length > 0));
}

function garbled(report: unknown): unknown {
  return JSON.parse(JSON.stringify(report), (key, value: unknown) =>
    key === "message" && typeof value === "string"
      ? Buffer.from(value, "utf8").toString("latin1")
      : value,
  );
}

function unordered(report: unknown): unknown {
  return Object.fromEntries(
    lists(report).map(([name, list]) => [
      name,
      list.map((error) => JSON.stringify(error)).toSorted(),
    ]),
  );
}

export const inspectionReasons: readonly string[] = rules.map(({ reason }) => reason);

/** Why this difference is meant, or undefined when it is not. */
export function reasonFor(found: FoundDifference): string | undefined {
  return rules.find((rule) => rule.applies(found))?.reason;
}
