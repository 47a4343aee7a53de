/** Where Raicho's conductor differs from what Orquesta's was recorded to do, on purpose, and why. A rule looks at the first
 * difference in a recorded case, never at its name, except for tests that reached into Orquesta's objects between their calls.
 * `docs/workflows.md` tells the same to authors. */
import { isObject, type JsonObject } from "../../src/model/json.ts";

export interface Found {
  readonly case: string;
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
}
interface Rule {
  readonly reason: string;
  applies(difference: Found): boolean;
}

const rules: readonly Rule[] = [
  {
    reason:
      "A rerun after a `fail` command: Orquesta offers a task named `fail`, which cannot run; ours runs the tasks that led to the command again.",
    applies: ({ what, expected }) => what.endsWith('["rerun"] next') && offers(expected, "fail"),
  },
  {
    reason:
      "A rerun without a list of tasks where no task failed: Orquesta resumes and waits for ever. Ours runs the tasks whose transitions failed (a `publish`, a `when`), and refuses when there are none.",
    applies: ({ what, expected, actual }) =>
      (what.endsWith('["rerun"] next') && isEmptyList(expected) && !isEmptyList(actual)) ||
      (what.endsWith('["rerun"] exc') &&
        expected === null &&
        String(actual).includes("because no task of it failed")),
  },
  {
    reason:
      "An expression of `retry` that fails: Orquesta's conductor raises in the middle of its step, and StackStorm then fails the workflow; ours notes the error and fails the workflow in the same step.",
    applies: ({ what, expected, actual }) =>
      what.endsWith(" exc") &&
      actual === null &&
      typeof expected === "string" &&
      /^\w+EvaluationException: |^ValueError: The retry /.test(expected),
  },
  {
    reason:
      "A dict that is published over a dict: Orquesta merges them inside the context that was published before, so tasks of other branches see it too, depending on who asked first; ours leaves published contexts as they are.",
    applies: ({ what, expected, actual }) => what === "final" && onlyLeaks(expected, actual),
  },
  {
    reason: "The recorded run drew a random number.",
    applies: ({ case: name }) => name.includes("::test_rollback_retry "),
  },
  {
    reason: "The recorded test changed Orquesta's objects itself between the calls.",
    applies: ({ case: name }) => reachesInside.test(name),
  },
];

// Tests of single methods: they set statuses, add entries or ask private methods, which no recorded call shows.
const reachesInside =
  /test_task_flow\.py::.*::test_(?:add|get)_|test_workflow_conductor_eval_retry\.py::|\/states\/test_(?:workflow|task)_state_machine\.py::/;

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function offers(next: unknown, id: string): boolean {
  return Array.isArray(next) && next.some((task) => isObject(task) && task["id"] === id);
}

/** Equal but for contexts, and there only by what a dict has in addition. */
function onlyLeaks(expected: unknown, actual: unknown): boolean {
  if (!isObject(expected) || !isObject(actual)) return false;
  return others(expected) === others(actual) && holds(expected["contexts"], actual["contexts"]);
}

function others(view: JsonObject): string {
  return JSON.stringify(sorted({ ...view, contexts: null }));
}

function holds(more: unknown, less: unknown): boolean {
  if (Array.isArray(more) && Array.isArray(less)) {
    return more.length === less.length && less.every((item, index) => holds(more[index], item));
  }
  if (isObject(more) && isObject(less)) {
    return Object.entries(less).every(([name, value]) => holds(more[name], value));
  }
  return more === less;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

export const workflowReasons: readonly string[] = rules.map(({ reason }) => reason);

/** Why this difference is meant, or undefined when it is not. */
export function reasonFor(difference: Found): string | undefined {
  return rules.find((rule) => rule.applies(difference))?.reason;
}
