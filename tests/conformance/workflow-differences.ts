/** Where Raicho's conductor differs from what Orquesta's was recorded to do, on purpose, and why. A rule looks at the recorded
 * case and at the first difference in it. `docs/compatibility.md` tells the same to users. */
import { isObject, type JsonObject } from "../../src/model/json.ts";

interface Found {
  readonly case: string;
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
}
interface Rule {
  readonly reason: string;
  applies(difference: Found, recorded: unknown): boolean;
}

const rules: readonly Rule[] = [
  {
    reason:
      "A rerun after a `fail` command: Orquesta offers a task named `fail`, which cannot run; ours runs the tasks that led to the command again.",
    applies: ({ what, expected }) =>
      what.includes('["rerun"] next') && offers(expected, (task) => task["id"] === "fail"),
  },
];

function offers(next: unknown, is: (task: JsonObject) => boolean): boolean {
  return Array.isArray(next) && next.some((task) => isObject(task) && is(task));
}

/** Why this difference is meant, or undefined when it is not. */
export function reasonFor(difference: Found, recorded: unknown): string | undefined {
  return rules.find((rule) => rule.applies(difference, recorded))?.reason;
}
