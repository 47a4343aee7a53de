/** What Raicho adds to JSONata: Orquesta's task facts, the datastore, StackStorm's functions. */
import type { Ask, EvaluationContext } from "../context.ts";
import { stackstormFunctions, type StackstormFunction } from "../functions.ts";
import { PythonError } from "../python/errors.ts";
import { toPlain } from "../python/json.ts";
import { isObject } from "../../model/json.ts";
import { JsonataFault } from "./values.ts";

export type WorkflowFunction = (args: readonly unknown[], context: EvaluationContext) => unknown;

function name(args: readonly unknown[], called: string): string {
  const [first] = args;
  if (typeof first === "string") return first;
  throw new JsonataFault("T0410", `Argument 1 of function "${called}" must be a string`);
}

function isStatus(expected: readonly string[]): WorkflowFunction {
  return (_args, { workflow }) => expected.includes(workflow?.status ?? "");
}

/** By name, without the `$`. */
export const workflowFunctions: Readonly<Record<string, WorkflowFunction>> = {
  result: (_args, { workflow }) => workflow?.result,
  item: ([key], { workflow }) => {
    const value = workflow?.item?.value;
    if (key === undefined) return value;
    const field = name([key], "item");
    return isObject(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  },
  succeeded: isStatus(["succeeded"]),
  failed: isStatus(["failed", "timeout", "abandoned", "expired"]),
  completed: isStatus(["succeeded", "failed", "timeout", "abandoned", "expired", "canceled"]),
  task_status: (args, { workflow }) => workflow?.taskStatus(name(args, "task_status")),
  task: ([given], { workflow }) =>
    workflow?.task(given === undefined ? undefined : name([given], "task")),
  st2kv: (args, { ask }) => {
    const key = name(args, "st2kv");
    const scoped = key.startsWith("system.") || key.startsWith("user.") ? key : `user.${key}`;
    return ask({ kind: "datastore", name: scoped, decrypt: args[1] === true });
  },
};

/** `$now()` and `$millis()`: the time of this decision, not of the machine. */
export const clockFunctions: Readonly<Record<string, WorkflowFunction>> = {
  now: (_args, { ask }) => new Date(decisionTime(ask)).toISOString(),
  millis: (_args, { ask }) => decisionTime(ask),
};

function decisionTime(ask: EvaluationContext["ask"]): number {
  const time = Date.parse(String(ask({ kind: "now" })));
  if (Number.isNaN(time)) throw new JsonataFault("D3110", "The time of this decision is not known");
  return time;
}

/** Names of functions whose values only the deciding process knows. */
export const boundNames: ReadonlySet<string> = new Set(Object.keys(workflowFunctions));

/** StackStorm's functions, the same in all languages, e.g. `$version_compare(a, b)`. */
export const sharedFunctions: Readonly<Record<string, WorkflowFunction>> = Object.fromEntries(
  [...stackstormFunctions.values()].map((shared) => [
    shared.name,
    (args: readonly unknown[], { ask }: EvaluationContext) => callShared(shared, args, ask),
  ]),
);

/** Calls a shared function with JSONata's values: nothing is null there. Throws JsonataFault in Python's words. */
export function callShared(
  shared: StackstormFunction,
  args: readonly unknown[],
  ask: Ask,
): unknown {
  try {
    const given = args.map((arg) => (arg === undefined ? null : arg));
    return toPlain(shared.call(given, new Map(), { ask }));
  } catch (error) {
    throw error instanceof PythonError ? new JsonataFault(error.type, error.message) : error;
  }
}
