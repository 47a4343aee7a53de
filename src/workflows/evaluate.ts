/** What expressions see: the variables of a context and the facts of the workflow around them. */
import { Unanswered, type EvaluationContext, type WorkflowFacts } from "../expressions/context.ts";
import type { JsonObject } from "../model/json.ts";
import { latestRun, type Draft } from "./draft.ts";
import type { Route, TaskRun } from "./state.ts";
import type { Step } from "./step.ts";

/** The task that evaluates, as far as it is known. */
export interface Current {
  readonly taskId: string;
  readonly route: number;
  readonly result?: unknown;
}

/** For input, vars and `retry`: variables only. */
export function plainContext(step: Step, variables: JsonObject): EvaluationContext {
  return { variables, ask: step.ask };
}

/** For everything else: with the workflow's facts. The output has no current task. */
export function factsContext(
  step: Step,
  variables: JsonObject,
  current?: Current,
): EvaluationContext {
  return { variables, ask: step.ask, workflow: factsOf(step, current) };
}

export function withItem(context: EvaluationContext, value: unknown): EvaluationContext {
  if (context.workflow === undefined) return context;
  return { ...context, workflow: { ...context.workflow, item: { value } } };
}

function factsOf(step: Step, current: Current | undefined): WorkflowFacts {
  const { draft } = step;
  const here = current?.route ?? 0;
  const lookups = {
    taskStatus: (taskId: string, route = here) => runSeenFrom(draft, taskId, route)?.status,
    task(name: string | undefined, route = here) {
      const taskId = name ?? current?.taskId;
      const run = taskId === undefined ? undefined : runSeenFrom(draft, taskId, route);
      return run === undefined ? undefined : taskFacts(step, run, current);
    },
  };
  if (current === undefined) return lookups;
  const status = lookups.taskStatus(current.taskId) ?? "null";
  return { ...current, status, ...lookups };
}

/** The engine knows a task's execution; what completes right now is known here. */
function taskFacts(step: Step, run: TaskRun, current: Current | undefined): JsonObject | undefined {
  const taskId = step.draft.graph.nodes[run.task]?.name ?? "";
  const answer = step.ask({ kind: "task", taskId, route: run.route });
  if (typeof answer !== "object" || answer === null) return undefined;
  const known = { ...answer, status: run.status };
  const isCurrent = taskId === current?.taskId && run.route === current.route;
  return isCurrent && current.result !== undefined ? { ...known, result: current.result } : known;
}

/** The latest run of a task on the route, or else on the closest earlier route that this one came from. */
export function runSeenFrom(draft: Draft, name: string, route: number): TaskRun | undefined {
  const node = draft.graph.byName.get(name);
  if (node === undefined) return undefined;
  const here = latestRun(draft, node.index, route);
  if (here !== undefined || route === 0) return here;
  let steps = stepsOf(draft.routes.at(route));
  for (let earlier = route - 1; earlier >= 0; earlier -= 1) {
    const candidate = draft.routes.at(earlier);
    if (!isWithin(candidate, steps)) continue;
    const there = latestRun(draft, node.index, earlier);
    if (there !== undefined) return there;
    steps = stepsOf(candidate);
  }
  return undefined;
}

function stepsOf(route: Route | undefined): ReadonlySet<string> {
  const steps = new Set<string>();
  for (let at = route; at?.parent !== undefined; at = at.parent) steps.add(at.transition);
  return steps;
}

function isWithin(route: Route | undefined, steps: ReadonlySet<string>): boolean {
  for (let at = route; at?.parent !== undefined; at = at.parent) {
    if (!steps.has(at.transition)) return false;
  }
  return true;
}

/** Rethrows what is no answer of an expression but a question to the engine. */
export function unlessUnanswered(error: unknown): unknown {
  if (error instanceof Unanswered) throw error;
  return error;
}
