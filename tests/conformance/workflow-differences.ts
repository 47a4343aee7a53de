/** Where Raicho's conductor differs from what Orquesta's was recorded to do, on purpose, and why. A rule looks at the first
 * difference in a recorded case, never at its name, except for tests that reached into Orquesta's objects between their calls.
 * `docs/workflows.md` tells the same to authors. */
import { isObject, type JsonObject } from "../../src/model/json.ts";

export interface Found {
  readonly case: string;
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /** The recorded calls, and which of them differs. */
  readonly recorded?: unknown;
  readonly at?: number;
}
interface Rule {
  readonly reason: string;
  applies(difference: Found): boolean;
}

const rules: readonly Rule[] = [
  {
    reason:
      "A rerun after a `fail` command: Orquesta offers a task named `fail`, which cannot run; ours runs the tasks that led to the command again.",
    applies: ({ what, expected }) => offersTasks(what) && offers(answerOf(expected), "fail"),
  },
  {
    reason:
      "A rerun without a list of tasks where no task failed: Orquesta resumes and waits for ever. Ours runs the tasks whose transitions failed (a `publish`, a `when`), and refuses when there are none.",
    applies: ({ what, expected, actual, recorded, at }) =>
      (what.endsWith('["rerun"] next') && isEmptyList(expected) && !isEmptyList(actual)) ||
      (afterRerunOfAll(recorded, at) && offersMore(answerOf(actual), answerOf(expected))) ||
      (/\["rerun"\] exc$|request_workflow_rerun \[\[\]\]$/.test(what) &&
        JSON.stringify(actual).includes("because no task of it failed")),
  },
  {
    reason:
      "An expression of `retry` that fails: Orquesta's conductor raises in the middle of its step, and StackStorm then fails the workflow; ours notes the error and fails the workflow in the same step.",
    applies: ({ what, expected, actual }) =>
      isTaken(what, actual) &&
      /^\w+EvaluationException: |^ValueError: The retry /.test(exceptionOf(expected)),
  },
  {
    reason:
      "Where Orquesta's conductor ends with an exception of Python in the middle of a step (a `with` task that runs again without its items, a cycle of joins), ours takes the event or the request in.",
    applies: ({ what, expected, actual }) =>
      isTaken(what, actual) &&
      /^(?:TypeError: 'NoneType'|KeyError:|AttributeError:|RecursionError:)/.test(
        exceptionOf(expected),
      ),
  },
  {
    reason:
      "A request that is refused changes nothing; Orquesta's conductor has told the running tasks before it refuses.",
    applies: ({ expected, actual, recorded, at }) =>
      JSON.stringify(withoutStatuses(expected)) === JSON.stringify(withoutStatuses(actual)) &&
      hadRefusal(recorded, at),
  },
  {
    reason:
      "The items of a `with` task are rendered once, before the first starts, so a later start sees what the first saw; Orquesta renders all of them again each time.",
    applies: ({ what, expected, actual }) =>
      offersTasks(what) &&
      JSON.stringify(withoutInputs(answerOf(expected))) ===
        JSON.stringify(withoutInputs(answerOf(actual))),
  },
  {
    reason:
      "What a workflow keeps is JSON, as StackStorm stores it: a set is a list, a date text. Orquesta's conductor alone keeps Python's objects until then, and shows them inside text.",
    applies: ({ expected, actual }) => {
      const [theirs, ours] = [JSON.stringify(expected), JSON.stringify(actual)];
      return (
        theirs !== ours && theirs.replaceAll(setText, (_, items: string) => `[${items}]`) === ours
      );
    },
  },
  {
    reason:
      "A task that is staged anew while it runs: in Orquesta it also gets the contexts of the new start, because two lists are one in memory; StackStorm stores its state in between, and there, as here, it keeps its own.",
    applies: ({ what, expected, actual }) =>
      what === "final" && onlyLaterContexts(expected, actual),
  },
  {
    reason:
      "A dict that is published over a dict: Orquesta merges them inside the context that was published before, so tasks of other branches see it too, depending on who asked first; ours leaves published contexts as they are.",
    applies: ({ what, expected, actual }) =>
      (what === "final" && onlyLeaks(expected, actual)) ||
      (offersTasks(what) && onlyLeaksOffered(answerOf(expected), answerOf(actual))),
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

const setText = /\{('[^{}:]*'|\d[^{}:]*)\}/g;

const offersTasks = (what: string): boolean =>
  what.endsWith('["rerun"] next') || what.includes(" get_next_tasks ");

/** What a call gave; steps of flows hold it themselves. */
function answerOf(answer: unknown): unknown {
  return isObject(answer) && "r" in answer ? answer["r"] : answer;
}

/** An exception as flows write it: `Type: message`. */
function exceptionOf(answer: unknown): string {
  if (typeof answer === "string") return answer;
  return isObject(answer) && "exc" in answer
    ? `${String(answer["exc"])}: ${String(answer["msg"])}`
    : "";
}

/** Ours did what was asked for. */
function isTaken(what: string, actual: unknown): boolean {
  return what.endsWith(" exc") ? actual === null : isObject(actual) && "r" in actual;
}

function offersMore(more: unknown, less: unknown): boolean {
  if (!Array.isArray(more) || !Array.isArray(less)) return false;
  return less.every((task: unknown) => more.some((each: unknown) => holds(each, task)));
}

function afterRerunOfAll(recorded: unknown, at = -1): boolean {
  const before: unknown = Array.isArray(recorded) ? recorded[at - 1] : undefined;
  return Array.isArray(before) && JSON.stringify(before.slice(0, 2)) === allAgain;
}
const allAgain = '["request_workflow_rerun",[[]]]';

/** Was a request refused before? */
function hadRefusal(recorded: unknown, at = -1): boolean {
  const before: readonly unknown[] = Array.isArray(recorded) ? recorded : [];
  return before
    .slice(0, at < 0 ? undefined : at)
    .some((call) => /^\["request_workflow_status",.*"exc":"Invalid/.test(JSON.stringify(call)));
}

/** Without the statuses of tasks. */
function withoutStatuses(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { r: answer, seq } = value;
  if (isObject(answer)) return { ...answer, status: null };
  return sorted({
    ...value,
    seq: Array.isArray(seq) ? seq.map((row: unknown[]) => row.with(2, null)) : seq,
  });
}

/** Tasks without the inputs of their items. */
function withoutInputs(next: unknown): unknown {
  if (!Array.isArray(next)) return next;
  return next.map((task: unknown) => {
    if (!isObject(task) || !("items_count" in task) || !Array.isArray(task["actions"])) return task;
    return {
      ...task,
      actions: task["actions"].map((each: unknown) => (isObject(each) ? each["item_id"] : each)),
    };
  });
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function offers(next: unknown, id: string): boolean {
  return Array.isArray(next) && next.some((task) => isObject(task) && task["id"] === id);
}

/** Equal but for contexts, and there only by what a dict has in addition. */
function onlyLeaks(expected: unknown, actual: unknown): boolean {
  if (!isObject(expected) || !isObject(actual)) return false;
  return (
    others(expected) === others(actual) && contextsLeak(expected["contexts"], actual["contexts"])
  );
}

/** The same tasks with the same actions, which see other things inside dicts. */
function onlyLeaksOffered(expected: unknown, actual: unknown): boolean {
  if (!Array.isArray(expected) || !Array.isArray(actual)) return false;
  return (
    expected.length === actual.length &&
    expected.every((theirs: unknown, index) => {
      const ours: unknown = actual[index];
      if (!isObject(theirs) || !isObject(ours)) return false;
      const { ctx: leaked, ...task } = theirs;
      const { ctx: own, ...same } = ours;
      return (
        JSON.stringify(sorted(task)) === JSON.stringify(sorted(same)) && insideDicts(leaked, own)
      );
    })
  );
}

/** Equal but for what stands inside of dicts that both have. */
function insideDicts(theirs: unknown, ours: unknown): boolean {
  if (!isObject(theirs) || !isObject(ours)) return false;
  const names = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
  return [...names].every(
    (name) =>
      (isObject(theirs[name]) && isObject(ours[name])) ||
      JSON.stringify(sorted(theirs[name])) === JSON.stringify(sorted(ours[name])),
  );
}

/** Equal but for the numbers of contexts, of which the recorded tasks have more. */
function onlyLaterContexts(expected: unknown, actual: unknown): boolean {
  if (!isObject(expected) || !isObject(actual)) return false;
  const [theirs, ours] = [contextsOfRuns(expected["seq"]), contextsOfRuns(actual["seq"])];
  return (
    JSON.stringify(sorted({ ...expected, seq: theirs.rows, staged: null })) ===
      JSON.stringify(sorted({ ...actual, seq: ours.rows, staged: null })) &&
    ours.numbers.every((list, index) => list.every((each) => theirs.numbers[index]?.includes(each)))
  );
}

function contextsOfRuns(seq: unknown): { rows: unknown[]; numbers: unknown[][] } {
  const rows: unknown[][] = Array.isArray(seq) ? seq : [];
  return {
    rows: rows.map((row) => row.with(3, null)),
    numbers: rows.map((row) => (Array.isArray(row[3]) ? row[3] : [])),
  };
}

function others(view: JsonObject): string {
  return JSON.stringify(sorted({ ...view, contexts: null }));
}

function contextsLeak(theirs: unknown, ours: unknown): boolean {
  if (!Array.isArray(theirs) || !Array.isArray(ours)) return false;
  return (
    theirs.length === ours.length &&
    ours.every((context, index) => insideDicts(theirs[index], context))
  );
}

/** Has the one all that the other has? */
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
