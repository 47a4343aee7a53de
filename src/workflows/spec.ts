/** A workflow definition, compiled once: every expression parsed, every shorthand resolved, the graph composed. Immutable. */
import type { CompiledTemplate } from "../expressions/template.ts";
import { isObject } from "../model/json.ts";
import { composeGraph, type WorkflowGraph } from "./graph.ts";
import { readNamed, readInputs, type NamedTemplate } from "./spec-fields.ts";
import { readTask } from "./spec-task.ts";
import { Faults, type SpecFault } from "./spec-faults.ts";

/** Task names with a function of their own: they may stand in `do`, never be defined. */
export const engineCommands = ["continue", "noop", "fail", "retry"] as const;
export type EngineCommand = (typeof engineCommands)[number];

export function isEngineCommand(name: string): name is EngineCommand {
  return (engineCommands as readonly string[]).includes(name);
}

export interface ItemsSpec {
  /** `x, y in <% … %>` names the parts of an item; empty without names. */
  readonly names: readonly string[];
  /** The expression as written, for messages. */
  readonly source: string;
  readonly items: CompiledTemplate;
  readonly concurrency: CompiledTemplate | undefined;
}

export interface RetrySpec {
  /** As written, for the state that is shown. */
  readonly written: {
    readonly when: string | null;
    readonly count: unknown;
    readonly delay?: unknown;
  };
  readonly when: CompiledTemplate | undefined;
  readonly count: CompiledTemplate;
  readonly delay: CompiledTemplate | undefined;
}

export interface TransitionSpec {
  readonly when: CompiledTemplate | undefined;
  readonly whenSource: string | undefined;
  readonly publish: readonly NamedTemplate[];
  readonly targets: readonly string[];
}

export interface TaskSpec {
  readonly name: string;
  /** Undefined for a task without an action, which succeeds at once. */
  readonly action: CompiledTemplate | undefined;
  readonly input: CompiledTemplate | undefined;
  readonly delay: CompiledTemplate | undefined;
  readonly join: "all" | number | undefined;
  readonly items: ItemsSpec | undefined;
  readonly retry: RetrySpec | undefined;
  readonly next: readonly TransitionSpec[];
}

export interface CompiledWorkflow {
  /** Names that may be given when the workflow starts; a default is rendered, a given value is taken as it is. */
  readonly inputs: ReadonlyArray<{ readonly name: string; readonly fallback: CompiledTemplate }>;
  readonly vars: readonly NamedTemplate[];
  readonly output: readonly NamedTemplate[];
  readonly tasks: ReadonlyMap<string, TaskSpec>;
  readonly graph: WorkflowGraph;
}

const topKeys = ["version", "name", "description", "tags", "input", "vars", "output", "tasks"];

/** Compiles a parsed definition file. Faults of its structure are returned, never thrown; faults inside expressions surface when
 * they are evaluated (the inspection finds them before). With any fault there is no workflow. */
export function compileWorkflow(document: unknown): {
  readonly workflow?: CompiledWorkflow;
  readonly errors: readonly SpecFault[];
} {
  const faults = new Faults();
  if (!isObject(document)) {
    faults.add([], "A workflow is a dict with at least `tasks`.");
    return { errors: faults.list };
  }
  faults.unknownKeys([], document, topKeys);
  const version = document["version"];
  if (version !== undefined && Number(version) !== 1) {
    faults.add(["version"], `Version ${JSON.stringify(version)} is not supported; write 1.0.`);
  }
  const tasks = readTasks(document["tasks"], faults);
  checkTargets(tasks, faults);
  const parts = {
    inputs: readInputs(document["input"], ["input"], faults),
    vars: readNamed(document["vars"], ["vars"], faults),
    output: readNamed(document["output"], ["output"], faults),
  };
  if (faults.list.length > 0) return { errors: faults.list };
  return { workflow: { ...parts, tasks, graph: composeGraph(tasks) }, errors: [] };
}

function readTasks(written: unknown, faults: Faults): Map<string, TaskSpec> {
  const tasks = new Map<string, TaskSpec>();
  if (!isObject(written) || Object.keys(written).length === 0) {
    faults.add(["tasks"], "Expected a dict of at least one task.");
    return tasks;
  }
  for (const [name, task] of Object.entries(written)) {
    if (isEngineCommand(name)) {
      faults.add(["tasks", name], `The task name "${name}" is reserved with special function.`);
    }
    if (!isObject(task)) {
      faults.add(["tasks", name], "Expected a dict.");
    } else {
      tasks.set(name, readTask(name, task, faults));
    }
  }
  return tasks;
}

function checkTargets(tasks: ReadonlyMap<string, TaskSpec>, faults: Faults): void {
  const names = new Set([...tasks.keys(), ...engineCommands]);
  for (const task of tasks.values()) {
    for (const [index, { targets }] of task.next.entries()) {
      const unknown = targets.find((target) => !names.has(target));
      if (unknown === undefined) continue;
      const message = `The task "${unknown}" is not defined.${faults.hint(unknown, [...names])}`;
      faults.add(["tasks", task.name, "next", index, "do"], message);
    }
  }
}
