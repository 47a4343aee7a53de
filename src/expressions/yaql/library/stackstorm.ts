/** StackStorm's functions: those that all languages share, the datastore, and the executions of tasks. */
import { stackstormFunctions as sharedFunctions, orquestaFunctionNames } from "../../functions.ts";
import { incoming, outgoing, adopted } from "../convert.ts";
import { absent } from "../code.ts";
import { Fault, typeError } from "../faults.ts";
import { func, type FunctionDefinition, optional, type Parameter, required } from "../signature.ts";
import { plainText } from "../text.ts";
import * as type from "../types.ts";
import { isInteger } from "../values.ts";

/** As YAQL derives types of parameters: from the default, and null is always welcome. */
function typeOf(fallback: unknown): type.Type<unknown> {
  if (typeof fallback === "boolean") return type.nullable(type.bool);
  if (typeof fallback === "number") return type.nullable(type.int);
  if (typeof fallback === "string") return type.nullable(type.text);
  return Array.isArray(fallback) ? type.nullable(type.sequence) : type.anything;
}

function camelCase(name: string): string {
  return name.replaceAll(/(?<!^)_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function sharedFunction(name: string): readonly FunctionDefinition[] {
  const shared = sharedFunctions.get(name);
  if (shared === undefined) return [];
  const { parameters, required: needed } = shared.signature;
  const typed = parameters.map(({ name: parameter, fallback }, index): Parameter<unknown> =>
    index < needed
      ? required(camelCase(parameter), type.anything)
      : optional(camelCase(parameter), typeOf(fallback), fallback),
  );
  return [
    func(name, typed, ({ scope }, ...args: readonly unknown[]) => {
      const values = args.map((arg) => outgoing(arg, scope.run));
      for (const value of values) if (typeof value === "string") scope.run.scan(value.length);
      const result = shared.call(values, new Map(), { ask: scope.run.context.ask });
      if (typeof result === "string") scope.run.produce(result.length);
      return incoming(result);
    }),
  ];
}

const anyOrAbsent = type.omissible(type.anything);

const st2kv = func(
  "st2kv",
  [
    required("key", type.anything),
    optional("default", anyOrAbsent, absent),
    optional("decrypt", type.anything, false),
  ],
  ({ scope }, key, fallback, decrypt) => {
    if (typeof key !== "string") throw typeError("Given key is not typeof string.");
    if (typeof decrypt !== "boolean") throw typeError("Decrypt parameter is not typeof bool.");
    const name = /^(?:system|user)\./.test(key) ? key : `user.${key}`;
    const value = scope.run.context.ask({ kind: "datastore", name, decrypt });
    if (value !== undefined) return incoming(value);
    if (fallback !== absent) return fallback;
    throw new Fault(
      "ExpressionEvaluationException",
      `The key "${name.slice(name.indexOf(".") + 1)}" does not exist in the StackStorm datastore.`,
    );
  },
);

const task = func(
  "task",
  [optional("taskId", type.anything, null), optional("route", type.anything, null)],
  ({ scope }, name, route) => {
    const { workflow } = scope.run.context;
    const wanted = name === null ? undefined : plainText(name);
    const found = workflow?.task(wanted, isInteger(route) ? Number(route) : undefined);
    if (found === undefined) {
      throw new Fault(
        "ExpressionEvaluationException",
        `Unable to find task execution for "${wanted ?? workflow?.taskId ?? "None"}".`,
      );
    }
    return adopted(found);
  },
);

export const stackstormFunctions: readonly FunctionDefinition[] = [
  ...orquestaFunctionNames.flatMap(sharedFunction),
  st2kv,
  task,
];
