/** The graph of a workflow as Orquesta composes it: who follows whom, where branches meet, where a new route begins. */
import { compileTemplate, type CompiledTemplate } from "../expressions/template.ts";
import { findCycles } from "./cycles.ts";
import type { NamedTemplate } from "./spec-fields.ts";
import type { EngineCommand, RetrySpec, TaskSpec } from "./spec.ts";

/** An edge. A transition of the definition with several targets is several edges. */
export interface Transition {
  /** Place in the source's `transitions`. */
  readonly index: number;
  /** `<target>__t<n>`, as the source's state shows it. */
  readonly id: string;
  /** `<source>__t<n>`, as the target's state shows it. */
  readonly backref: string;
  /** Index of the target node. */
  readonly target: number;
  readonly when: CompiledTemplate | undefined;
  readonly publish: readonly NamedTemplate[];
}

export interface TaskNode {
  readonly index: number;
  readonly name: string;
  readonly spec: TaskSpec;
  readonly command: Exclude<EngineCommand, "retry"> | undefined;
  /** By target name, then in the order of the definition. */
  readonly transitions: readonly Transition[];
  /** Distinct join tasks among the targets: their tallies follow this task. */
  readonly joinTargets: readonly number[];
  /** How many distinct tasks lead here. */
  readonly sources: number;
  /** `join`: how many of them must have come. 0 means `join: 0`, which holds nobody back. */
  readonly barrier: number | undefined;
  /** Every arrival begins a route of its own: several transitions lead here, it is no join and in no cycle. */
  readonly newRoute: boolean;
  readonly retry: RetrySpec | undefined;
}

export interface WorkflowGraph {
  readonly nodes: readonly TaskNode[];
  readonly byName: ReadonlyMap<string, TaskNode>;
  /** The tasks that nothing leads to, by name. */
  readonly roots: readonly TaskNode[];
}

interface Edge {
  readonly target: string;
  readonly item: number;
  readonly key: number;
}
interface Draft {
  readonly spec: TaskSpec;
  readonly edges: readonly Edge[];
  readonly retry: RetrySpec | undefined;
}

/** Composes the graph of all tasks that can be reached from the tasks that nothing leads to. */
export function composeGraph(tasks: ReadonlyMap<string, TaskSpec>): WorkflowGraph {
  const arrivals = countArrivals(tasks);
  const roots = [...tasks.keys()].filter((name) => !arrivals.has(name)).toSorted();
  const drafts = reach(tasks, roots);
  const names = [...drafts.keys()];
  const numbers = new Map(names.map((name, index) => [name, index]));
  const number = (name: string) => numbers.get(name) ?? 0;
  const sources = names.map(() => 0);
  for (const { edges } of drafts.values()) {
    for (const target of new Set(edges.map((edge) => edge.target))) {
      sources[number(target)] = (sources[number(target)] ?? 0) + 1;
    }
  }
  const cyclic = findCycles(
    names.map((name) => edgesOf(drafts, name).map((edge) => number(edge.target))),
  );
  const nodes = names.map((name, index): TaskNode => {
    const { spec, edges, retry } = drafts.get(name) ?? plain(name);
    const transitions = edges.map((edge, at) => transitionOf(spec, edge, at, number(edge.target)));
    const joins = transitions.filter(({ target }) => isJoin(tasks, names[target]));
    return {
      index,
      name,
      spec,
      command: name === "continue" || name === "noop" || name === "fail" ? name : undefined,
      transitions,
      joinTargets: [...new Set(joins.map(({ target }) => target))],
      sources: sources[index] ?? 0,
      barrier: spec.join === "all" ? (sources[index] ?? 0) : spec.join,
      newRoute: spec.join === undefined && (arrivals.get(name) ?? 0) > 1 && !cyclic.has(index),
      retry,
    };
  });
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return { nodes, byName, roots: nodes.slice(0, roots.length) };
}

function isJoin(tasks: ReadonlyMap<string, TaskSpec>, name: string | undefined): boolean {
  return name !== undefined && tasks.get(name)?.join !== undefined;
}

function edgesOf(drafts: ReadonlyMap<string, Draft>, name: string): readonly Edge[] {
  return drafts.get(name)?.edges ?? [];
}

function countArrivals(tasks: ReadonlyMap<string, TaskSpec>): Map<string, number> {
  const arrivals = new Map<string, number>();
  for (const { next } of tasks.values()) {
    for (const target of next.flatMap(({ targets }) => targets)) {
      arrivals.set(target, (arrivals.get(target) ?? 0) + 1);
    }
  }
  return arrivals;
}

function plain(name: string): Draft {
  const nothing = { action: undefined, input: undefined, delay: undefined, join: undefined };
  const spec = { name, ...nothing, items: undefined, retry: undefined, next: [] };
  return { spec, edges: [], retry: undefined };
}

function reach(tasks: ReadonlyMap<string, TaskSpec>, roots: readonly string[]): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  const queue = [...roots];
  for (const name of queue) {
    if (drafts.has(name)) continue;
    const spec = tasks.get(name);
    const draft = spec === undefined ? plain(name) : draftOf(spec);
    drafts.set(name, draft);
    queue.push(...draft.edges.map((edge) => edge.target));
  }
  return drafts;
}

function draftOf(spec: TaskSpec): Draft {
  const edges: Edge[] = [];
  const keys = new Map<string, number>();
  let retry = spec.retry;
  for (const [item, { targets, whenSource }] of spec.next.entries()) {
    for (const target of new Set(targets)) {
      if (target === "retry") retry = retryCommand(whenSource ?? "<% completed() %>");
      else {
        const key = keys.get(target) ?? 0;
        keys.set(target, key + 1);
        edges.push({ target, item, key });
      }
    }
  }
  return {
    spec,
    edges: edges.toSorted((a, b) => (a.target < b.target ? -1 : Number(a.target > b.target))),
    retry,
  };
}

/** `do: retry`: three more times, while its condition holds. */
function retryCommand(when: string): RetrySpec {
  const written = { when, count: 3 };
  return { written, when: compileTemplate(when), count: compileTemplate(3), delay: undefined };
}

function transitionOf(spec: TaskSpec, edge: Edge, index: number, target: number): Transition {
  const item = spec.next[edge.item];
  return {
    index,
    id: `${edge.target}__t${edge.key}`,
    backref: `${spec.name}__t${edge.key}`,
    target,
    when: item?.when,
    publish: item?.publish ?? [],
  };
}
