/** What is wrong with how the tasks of a definition lead to one another. */
import { findCycles } from "./cycles.ts";
import { byCodePoints, isMapping, type Step } from "./inspect-schema.ts";
import {
  isTruthy,
  type Outline,
  type OutlineTask,
  type OutlineTransition,
  type Property,
} from "./inspect-outline.ts";
import { isEngineCommand } from "./spec.ts";

export interface GraphFault {
  readonly message: string;
  readonly specPath: string;
  readonly schemaPath: string;
  readonly path: readonly Step[];
  /** Inside the string at `path`; absent when the key at `path` is meant. */
  readonly offset?: number;
}

/** The tasks, seen as a graph: an engine command leads nowhere, also where somebody defined a task of its name. */
export class TaskGraph {
  readonly tasks: ReadonlyMap<string, OutlineTask>;
  /** The tasks that nothing leads to, by name. */
  readonly starts: readonly string[];
  readonly #arrivals = new Map<string, number>();
  readonly #cyclic: ReadonlySet<string>;

  constructor(tasks: ReadonlyMap<string, OutlineTask>) {
    this.tasks = tasks;
    for (const target of [...tasks.keys()].flatMap((name) => this.targets(name))) {
      this.#arrivals.set(target, (this.#arrivals.get(target) ?? 0) + 1);
    }
    const names = [...tasks.keys()];
    this.starts = names.filter((name) => !this.#arrivals.has(name)).toSorted(byCodePoints);
    const numbers = new Map(names.map((name, index) => [name, index]));
    const cyclic = findCycles(
      names.map((name) =>
        this.targets(name).flatMap((target) => {
          const number = numbers.get(target);
          return number === undefined ? [] : [number];
        }),
      ),
    );
    this.#cyclic = new Set(names.filter((_, index) => cyclic.has(index)));
  }

  has(name: string): boolean {
    return isEngineCommand(name) || this.tasks.has(name);
  }

  next(name: string): readonly OutlineTransition[] {
    return isEngineCommand(name) ? [] : (this.tasks.get(name)?.next ?? []);
  }

  targets(name: string): string[] {
    return this.next(name).flatMap(({ targets }) => targets);
  }

  /** What a task evaluates before it runs. */
  properties(name: string): readonly Property[] {
    return isEngineCommand(name) ? [] : (this.tasks.get(name)?.properties ?? []);
  }

  /** As `isJoin`, but `join: 0` does not count. */
  waits(name: string): boolean {
    return !isEngineCommand(name) && isTruthy(this.tasks.get(name)?.join);
  }

  inCycle(name: string): boolean {
    return this.#cyclic.has(name);
  }

  /** `join: 0` counts. */
  isJoin(name: string): boolean {
    const join = isEngineCommand(name) ? undefined : this.tasks.get(name)?.join;
    return join !== undefined && join !== null;
  }

  /** Several transitions lead to it, and each goes a way of its own from here. */
  isSplit(name: string): boolean {
    return !this.isJoin(name) && (this.#arrivals.get(name) ?? 0) > 1;
  }
}

/** All faults of the graph. */
export function inspectGraph(outline: Outline, graph: TaskGraph): GraphFault[] {
  const tasks = [...outline.tasks.values()];
  return [
    ...tasks
      .filter(({ name }) => isEngineCommand(name))
      .map((task) => ofTask(task, `The task name "${task.name}" is reserved with special function.`)),
    ...(tasks.length > 0 && graph.starts.length === 0 ? [noStart] : []),
    ...undefinedTasks(graph),
    ...unreachableTasks(graph),
    ...tasks
      .filter(({ hasItems, hasAction }) => hasItems && !hasAction)
      .map((task) => ofTask(task, "The action property is required for with items task.")),
  ];
}

function ofTask({ name, specPath, schemaPath }: OutlineTask, message: string): GraphFault {
  return { message, specPath, schemaPath, path: ["tasks", name] };
}

const noStart: GraphFault = {
  message:
    "Unable to identify any tasks to start the workflow. If the workflow has a loop, please add a task that serves as an entry point (or lead) into the loop.",
  specPath: "tasks",
  schemaPath: "properties.tasks",
  path: ["tasks"],
};

/** One fault for each mention, on the ways that lead from the first tasks. */
function undefinedTasks(graph: TaskGraph): GraphFault[] {
  const faults: GraphFault[] = [];
  const seen = new Set(graph.starts);
  for (const name of seen) {
    for (const transition of graph.next(name)) {
      faults.push(
        ...transition.targets.flatMap((target, index) =>
          graph.has(target) ? [] : [undefinedTask(transition, target, index)],
        ),
      );
    }
    for (const target of graph.targets(name)) seen.add(target);
  }
  return faults;
}

function undefinedTask(transition: OutlineTransition, target: string, index: number): GraphFault {
  const { specPath, schemaPath, path, written } = transition;
  const inside = Array.isArray(written) ? [index] : isMapping(written) ? [target] : [];
  const offset = typeof written === "string" ? offsetOf(written, index) : 0;
  return {
    message: `The task "${target}" is not defined.`,
    specPath: `${specPath}.do`,
    schemaPath: `${schemaPath}.properties.do`,
    path: [...path, "do", ...inside],
    offset,
  };
}

/** Where the name of that number begins in `a, b, c`. */
function offsetOf(list: string, index: number): number {
  const before = list.split(",").slice(0, index);
  const start = before.reduce((sum, name) => sum + name.length + 1, 0);
  return start + (/^\s*/.exec(list.slice(start))?.[0].length ?? 0);
}

/** How a task was reached: from which others, and over which splits. */
interface Seen {
  splits: bigint;
  readonly prev: Set<string>;
}

/** Joins that are reached on ways with different splits: the engine could not tell where to join. */
function unreachableTasks(graph: TaskGraph): GraphFault[] {
  const staged = followWays(graph);
  return [...staged].flatMap(([name, { prev, splits }]) => {
    const task = graph.tasks.get(name);
    const same = [...prev].every((each) => staged.get(each)?.splits === splits);
    return task === undefined || same || !graph.isJoin(name) ? [] : [ofTask(task, unreachable(name))];
  });
}

/** Ways that are followed before the search gives up and finds nothing. */
const mostWays = 200_000;

/** Follows every way as Orquesta does, because around cycles its answer depends on the order; a way that brings nothing new is not
 * followed twice. */
function followWays(graph: TaskGraph): Map<string, Seen> {
  const staged = new Map<string, Seen>();
  const followed = new Map<string, bigint>();
  const splitBits = bitsOf(graph);
  const ways = graph.starts.map((name) => ({ from: name, name, splits: 0n }));
  for (const { from, name, splits } of ways) {
    if (ways.length > mostWays) return new Map();
    const here = splits | (splitBits.get(name) ?? 0n);
    see(staged, { from, name, splits: here });
    for (const target of graph.targets(name).toSorted(byCodePoints)) {
      const way = `${name}_${target}`;
      const before = followed.get(way);
      const old = before !== undefined && (here & ~before) === 0n;
      const closed = graph.inCycle(target) && staged.has(target);
      if (old || closed || !graph.tasks.has(target)) continue;
      followed.set(way, (before ?? 0n) | here);
      ways.push({ from: name, name: target, splits: here });
    }
  }
  return staged;
}

function see(
  staged: Map<string, Seen>,
  { from, name, splits }: { from: string; name: string; splits: bigint },
): void {
  const seen = staged.get(name) ?? { splits: 0n, prev: new Set<string>() };
  seen.splits |= splits;
  if (from !== name) seen.prev.add(from);
  staged.set(name, seen);
}

/** A bit for every split that is in no cycle. */
function bitsOf(graph: TaskGraph): Map<string, bigint> {
  const splits = [...graph.tasks.keys()].filter(
    (name) => graph.isSplit(name) && !graph.inCycle(name),
  );
  return new Map(splits.map((name, index) => [name, 1n << BigInt(index)]));
}

function unreachable(name: string): string {
  return `The join task "${name}" is unreachable. A join task is determined to be unreachable if there are nested forks from multi-referenced tasks that join on the said task. This is ambiguous to the workflow engine because it does not know at which level should the join occurs.`;
}
