/** Orquesta's functions: the workflow's variables and what its tasks did. */
import { loads } from "../../python/json-read.ts";
import { absent } from "../code.ts";
import { adopted, incoming } from "../convert.ts";
import { Fault, typeError } from "../faults.ts";
import type { EvaluationContext, WorkflowFacts } from "../../context.ts";
import { func, optional, required, rest } from "../signature.ts";
import { plainText, quotedText } from "../text.ts";
import { isTrue } from "../truth.ts";
import * as type from "../types.ts";
import { isInteger, isMapping, valueAt, YaqlDict, YaqlList } from "../values.ts";
import { walk } from "../walk.ts";

const completed = new Set(["succeeded", "failed", "timeout", "abandoned", "canceled", "expired"]);

/** Python's `"…%s…" % value`, where a tuple is taken apart. */
function shown(value: unknown): string {
  if (!Array.isArray(value)) return plainText(value);
  if (value.length === 0) throw typeError("not enough arguments for format string");
  if (value.length > 1) throw typeError("not all arguments converted during string formatting");
  return plainText(value[0]);
}

/** The variable of that name. Throws VariableUndefinedError or VariableInaccessibleError. */
export function variableOf(context: EvaluationContext, key: unknown): unknown {
  const { variables } = context;
  const value = valueAt(variables, key, absent);
  if (value === absent) {
    throw new Fault("VariableUndefinedError", `The variable "${shown(key)}" is undefined.`);
  }
  if (typeof key === "string" && key.startsWith("__")) {
    throw new Fault(
      "VariableInaccessibleError",
      `The variable "${key}" is for internal use and inaccessible.`,
    );
  }
  return adopted(value);
}

/** The variable that `ctx().name` reads. Throws KeyError. */
export function memberOf(context: EvaluationContext, name: string): unknown {
  const { variables } = context;
  if (name.startsWith("__") || !Object.hasOwn(variables, name)) {
    throw new Fault("KeyError", quotedText(name));
  }
  return adopted(variables[name]);
}

function allVariables(context: EvaluationContext): YaqlDict {
  return new YaqlDict(
    false,
    Object.entries(context.variables)
      .filter(([name]) => !name.startsWith("__"))
      .map(([name, value]) => [name, adopted(value)]),
  );
}

function factsOf(context: EvaluationContext): WorkflowFacts {
  const { workflow } = context;
  if (workflow?.taskId === undefined) {
    throw new Fault("ExpressionEvaluationException", "The current task is not set in the context.");
  }
  return workflow;
}

function statusOf(context: EvaluationContext): string | undefined {
  const facts = factsOf(context);
  return facts.status ?? facts.taskStatus(facts.taskId ?? "", facts.route);
}

function itemOf(context: EvaluationContext, key: unknown): unknown {
  const item = adopted(context.workflow?.item?.value);
  if (!isTrue(key)) return item;
  if (!isMapping(item)) {
    throw new Fault(
      "ExpressionEvaluationException",
      "Item is not type of collections.abc.Mapping.",
    );
  }
  const value = valueAt(item, key, absent);
  if (value === absent) {
    throw new Fault("ExpressionEvaluationException", `Item does not have key "${shown(key)}".`);
  }
  return value;
}

const key = optional("key", type.anything, null);

export const orquestaFunctions = [
  func("ctx", [key], ({ scope }, name) =>
    isTrue(name) ? variableOf(scope.run.context, name) : allVariables(scope.run.context),
  ),
  func("item", [key], ({ scope }, name) => itemOf(scope.run.context, name)),
  func("result", [], ({ scope }) => adopted(factsOf(scope.run.context).result)),
  func("succeeded", [], ({ scope }) => statusOf(scope.run.context) === "succeeded"),
  func("failed", [], ({ scope }) => statusOf(scope.run.context) === "failed"),
  func("completed", [], ({ scope }) => completed.has(statusOf(scope.run.context) ?? "")),
  func(
    "task_status",
    [required("taskId", type.anything), optional("route", type.anything, null)],
    ({ scope }, task, route) => {
      const { workflow } = scope.run.context;
      const given = isInteger(route) ? Number(route) : undefined;
      return workflow?.taskStatus(plainText(task), given) ?? "null";
    },
  ),
  func("json", [required("s", type.anything)], (_, text) => {
    if (text instanceof YaqlDict && !text.frozen) return text;
    if (typeof text !== "string") throw typeError("Given object is not typeof string.");
    return incoming(loads(text));
  }),
  func(
    "zip",
    [rest("args", type.anything)],
    ({ scope, named }, args) => {
      const lists = args.map((arg) => (arg === null ? [] : arg));
      if (lists.length === 1) return lists[0];
      const padding = named.get("pad") ?? null;
      const columns = lists.map((list) => [...walk(type.walkable(list), scope.run)]);
      const length = Math.max(0, ...columns.map((column) => column.length));
      scope.run.produce(length * columns.length);
      return new YaqlList(
        Array.from({ length }, (_, row) =>
          columns.map((column) => (row < column.length ? column[row] : padding)),
        ),
      );
    },
    { anyNamed: true },
  ),
];
