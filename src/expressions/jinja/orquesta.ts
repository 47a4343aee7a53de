/** Orquesta's functions as Jinja sees them. */
import type { WorkflowFacts } from "../context.ts";
import { stackstormFunctions } from "../functions.ts";
import { bind, signature } from "../python/arguments.ts";
import type { Keywords } from "../python/arguments.ts";
import { dictGet, dictHas, isDict, PyTuple } from "../python/collections.ts";
import { pyTruth } from "../python/compare.ts";
import { PythonError, typeError } from "../python/errors.ts";
import { loads } from "../python/json-read.ts";
import { isInt } from "../python/arithmetic.ts";
import { pyStr } from "../python/text.ts";
import { iterate } from "./access.ts";
import { need, PyFunction } from "./runtime.ts";
import type { Run } from "./runtime.ts";

const completed = new Set(["succeeded", "failed", "timeout", "abandoned", "canceled", "expired"]);

function evaluationError(message: string): PythonError {
  return new PythonError("ExpressionEvaluationException", message);
}

/** All variables that are not Orquesta's own. */
function allVariables(run: Run): Record<string, unknown> {
  const names = Object.keys(run.context.variables).filter((name) => !name.startsWith("__"));
  return Object.fromEntries(names.map((name) => [name, run.variable(name)]));
}

function variable(run: Run, key: unknown): unknown {
  if (!pyTruth(key)) return allVariables(run);
  const name = pyStr(key);
  if (name.startsWith("__")) {
    throw new PythonError(
      "VariableInaccessibleError",
      `The variable "${name}" is for internal use and inaccessible.`,
    );
  }
  if (!Object.hasOwn(run.context.variables, name)) {
    throw new PythonError("VariableUndefinedError", `The variable "${name}" is undefined.`);
  }
  return run.variable(name);
}

function facts(run: Run): WorkflowFacts {
  const { workflow } = run.context;
  if (
    workflow?.taskId === undefined &&
    workflow?.status === undefined &&
    workflow?.result === undefined
  ) {
    throw evaluationError("The current task is not set in the context.");
  }
  return workflow;
}

function status(run: Run): string | undefined {
  const found = facts(run);
  return found.status ?? found.taskStatus(found.taskId ?? "", found.route);
}

function item(run: Run, key: unknown): unknown {
  const value = run.context.workflow?.item?.value ?? null;
  if (!pyTruth(key)) return value;
  if (!isDict(value)) throw evaluationError("Item is not type of collections.abc.Mapping.");
  if (!dictHas(value, key)) throw evaluationError(`Item does not have key "${pyStr(key)}".`);
  return dictGet(value, key) ?? null;
}

function taskStatus(run: Run, [id, route]: readonly unknown[]): string {
  const given = isInt(route) ? Number(route) : undefined;
  return run.context.workflow?.taskStatus(pyStr(id), given) ?? "null";
}

function task(run: Run, [name, route]: readonly unknown[]): unknown {
  const wanted = name === null || name === undefined ? undefined : pyStr(name);
  const given = isInt(route) ? Number(route) : undefined;
  const found = run.context.workflow?.task(wanted, given);
  if (found !== undefined) return found;
  const shown = wanted ?? run.context.workflow?.taskId ?? "";
  throw evaluationError(`Unable to find task execution for "${shown}".`);
}

function datastore(run: Run, [key, decrypt]: readonly unknown[], keywords: Keywords): unknown {
  if (typeof key !== "string") throw typeError("Given key is not typeof string.");
  if (typeof decrypt !== "boolean") throw typeError("Decrypt parameter is not typeof bool.");
  const isSystem = key.startsWith("system.");
  const value = run.context.ask({
    kind: "datastore",
    name: isSystem ? key : `user.${key}`,
    decrypt,
  });
  if (value !== undefined) return value;
  if (keywords.has("default")) return keywords.get("default");
  const user = userOf(run);
  const shown = isSystem ? key.slice("system.".length) : `${user === "" ? "" : `${user}:`}${key}`;
  throw evaluationError(`The key "${shown}" does not exist in the StackStorm datastore.`);
}

function userOf(run: Run): string {
  const { st2 } = run.context.variables;
  const user: unknown = isDict(st2) ? dictGet(st2, "user") : undefined;
  return typeof user === "string" ? user : "";
}

function parseJson(value: unknown): unknown {
  if (isDict(value)) return value;
  if (typeof value !== "string") throw typeError("Given object is not typeof string.");
  return loads(value);
}

function zip(args: readonly unknown[], keywords: Keywords, run: Run): unknown {
  const lists = args.map((arg) => (arg === null ? [] : arg));
  if (lists.length === 1) return lists[0];
  const columns = lists.map((list) => iterate(list));
  const length = Math.max(0, ...columns.map((column) => column.length));
  run.tick(length * columns.length);
  const padding = keywords.get("pad") ?? null;
  return Array.from(
    { length },
    (_, row) => new PyTuple(columns.map((column) => (row < column.length ? column[row] : padding))),
  );
}

type Body = (run: Run, values: readonly unknown[], keywords: Keywords) => unknown;

function entry(name: string, parameters: string, body: Body): [string, PyFunction] {
  const target = signature(name, parameters);
  const call: PyFunction["call"] = (args, keywords, run) => {
    run.tick();
    const bound = bind(target, args.map(need), keywords);
    return body(run, bound.values, bound.keywords);
  };
  return [name, new PyFunction(call, `<function ${name} at 0x>`, "function")];
}

const stackstorm = [...stackstormFunctions.values()]
  .filter(({ name }) => name !== "to_complex")
  .map(({ name, call }): [string, PyFunction] => [
    name,
    new PyFunction(
      (args, keywords, run) => {
        run.tick();
        return call(args.map(need), keywords, run.context);
      },
      `<function ${name} at 0x>`,
      "function",
    ),
  ]);

export const orquestaFunctions: ReadonlyMap<string, PyFunction> = new Map([
  entry("ctx", "key=null", (run, [key]) => variable(run, key)),
  entry("item", "key=null", (run, [key]) => item(run, key)),
  entry("result", "", (run) => facts(run).result ?? null),
  entry("succeeded", "", (run) => status(run) === "succeeded"),
  entry("failed", "", (run) => status(run) === "failed"),
  entry("completed", "", (run) => completed.has(status(run) ?? "")),
  entry("task_status", "task_id route=null", taskStatus),
  entry("task", "task_id=null route=null", task),
  entry("st2kv", "key decrypt=false *", datastore),
  entry("json", "s", (_run, [value]) => parseJson(value)),
  ["zip", new PyFunction(zip, "<function zip at 0x>", "function")],
  ...stackstorm,
]);
