/** Reads the recorded answers of the originals, and answers the questions as their surroundings did. */
import { existsSync, readFileSync } from "node:fs";
import type { Ask, EvaluationContext, WorkflowFacts } from "../../../src/expressions/context.ts";
import { PyDateTime, PySet } from "../../../src/expressions/python/collections.ts";
import { loads } from "../../../src/expressions/python/json-read.ts";
import { runRegexHere } from "../../../src/expressions/python/regex.ts";
import type { RegexCall } from "../../../src/expressions/python/regex.ts";
import { PythonError } from "../../../src/expressions/python/errors.ts";

const root = "../shared/conformance";
export const isRecorded = existsSync(root);

/** The file's JSON, 1.0 kept apart from 1. */
export function readRecorded(path: string): unknown {
  return loads(readFileSync(`${root}/${path}`, "utf8"));
}

/** An error as answers show it: class and message. */
export function failure(type: unknown, message: unknown): string {
  return [type, message].filter((part) => typeof part === "string").join(": ");
}

export function readLines(path: string): Record<string, unknown>[] {
  return readFileSync(`${root}/${path}`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => loads(line) as Record<string, unknown>);
}

function keyFrom(
  values: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
  { name, decrypt }: { readonly name: string; readonly decrypt: boolean },
): string | undefined {
  const key = name.replace(/^user\./, "stanley:");
  if (decrypt) return secrets[key] ?? values[key];
  return key in secrets ? "CIPHERTEXT" : values[key];
}

/** Answers datastore questions from a table of `system.x` and `user:x` keys. */
export function askFrom(
  values: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>> = {},
): Ask {
  return (question) => {
    switch (question.kind) {
      case "datastore":
        return keyFrom(values, secrets, question);
      case "now":
        return "2026-01-01T00:00:00Z";
      case "random":
        return 0.5;
      case "evaluate":
        try {
          return { value: runRegexHere(question.source, question.input as RegexCall) };
        } catch (error) {
          return { error: error instanceof PythonError ? error.message : String(error) };
        }
      case "decrypt":
        return secrets[question.text];
      case "task":
      case "inventory":
        return undefined;
    }
  };
}

/** Facts as the recorded context's `__state` holds them. */
export function factsFrom(variables: Readonly<Record<string, unknown>>): WorkflowFacts {
  const state = variables["__state"] as {
    tasks: Record<string, number>;
    sequence: { status: string }[];
  };
  const task = variables["__current_task"] as { id: string; route: number; result: unknown };
  const item = variables["__current_item"];
  const status = (id: string, route = 0): string | undefined => {
    const at = state.tasks[`${id}__r${route}`];
    return at === undefined ? undefined : state.sequence[at]?.status;
  };
  const current = status(task.id);
  return {
    taskId: task.id,
    route: task.route,
    result: task.result,
    ...(current === undefined ? {} : { status: current }),
    ...(item === undefined ? {} : { item: { value: item } }),
    taskStatus: status,
    task: (name) => {
      const id = name ?? task.id;
      const found = status(id);
      return found === undefined ? undefined : { task_id: id, task_name: id, status: found };
    },
  };
}

export function contextOf(
  variables: Readonly<Record<string, unknown>>,
  ask: Ask = askFrom({}),
): EvaluationContext {
  return "__state" in variables
    ? { variables, ask, workflow: factsFrom(variables) }
    : { variables, ask };
}

/** A value as the recordings write it. */
export function recordedShape(value: unknown): unknown {
  if (value instanceof PySet) return { $set: value.items().map(recordedShape) };
  if (value instanceof PyDateTime) return { $datetime: value.isoformat() };
  if (Array.isArray(value)) return value.map(recordedShape);
  if (value instanceof Object && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, recordedShape(item)]),
    );
  }
  return value;
}
