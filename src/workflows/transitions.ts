/** Where a completed task leads: which transitions are taken, what they publish, on which route the next task stands. */
import type { EvaluationContext } from "../expressions/context.ts";
import type { JsonObject } from "../model/json.ts";
import { keepShared, setVariable } from "./contexts.ts";
import { unlessUnanswered } from "./evaluate.ts";
import type { TaskNode, Transition } from "./graph.ts";
import type { Decision } from "./journal.ts";
import { isTruthy } from "./python.ts";
import type { TaskRun } from "./state.ts";
import { write, type Step } from "./step.ts";
import { storedDict } from "./stored.ts";
import { failWorkflow, logError } from "./workflow-status.ts";

/** A task that completed. */
export interface Completion {
  readonly node: TaskNode;
  /** Index of its run. */
  readonly index: number;
  readonly run: TaskRun;
  /** Made when the first expression needs it. */
  readonly context: () => EvaluationContext;
}

/** Writes the decisions down and returns the engine commands among the targets, in their order. */
export function decideNext(
  step: Step,
  completion: Completion,
): Array<{ node: TaskNode; route: number }> {
  const { node, index, run } = completion;
  const { nodes } = step.draft.graph;
  const decisions: Decision[] = [];
  const commands: Array<{ node: TaskNode; route: number }> = [];
  let routes = step.draft.routes.length;
  for (const transition of node.transitions) {
    const decided = decide(step, completion, transition);
    if (decided === undefined) continue;
    if (!decided.goes) {
      decisions.push({ transition: transition.index, taken: decided.taken });
      continue;
    }
    const target = nodes[transition.target];
    if (target === undefined) continue;
    const route = target.newRoute ? routes++ : run.route;
    const { publish } = decided;
    const facts = { transition: transition.index, taken: true, route };
    decisions.push(publish === undefined ? facts : { ...facts, publish });
    if (target.command !== undefined) commands.push({ node: target, route });
  }
  const fails = commands.some((command) => command.node.command === "fail");
  write(step, {
    kind: "next",
    run: index,
    decisions,
    ...(fails ? { runOnFail: true } : {}),
    ...(node.transitions.length === 0 ? { terminal: true } : {}),
  });
  return commands;
}

interface Decided {
  readonly taken: boolean;
  /** Taken, and its publish worked. */
  readonly goes: boolean;
  readonly publish?: JsonObject;
}

function decide(step: Step, completion: Completion, transition: Transition): Decided | undefined {
  const where = {
    task_id: completion.node.name,
    route: completion.run.route,
    task_transition_id: transition.id,
  };
  try {
    const { when } = transition;
    if (when !== undefined && !isTruthy(when.evaluate(completion.context()))) {
      return { taken: false, goes: false };
    }
  } catch (error) {
    logError(step, unlessUnanswered(error), where);
    failWorkflow(step);
    return undefined;
  }
  if (transition.publish.length === 0) return { taken: true, goes: true };
  const { values, errors } = publishAll(completion, transition);
  if (errors.length === 0) return { taken: true, goes: true, publish: storedDict(values) };
  for (const error of errors) logError(step, error, where);
  failWorkflow(step);
  return { taken: true, goes: false };
}

/** Each value sees those published before it. */
function publishAll(
  completion: Completion,
  transition: Transition,
): { values: JsonObject; errors: readonly unknown[] } {
  const values: Record<string, unknown> = {};
  const errors: unknown[] = [];
  let context: EvaluationContext | undefined;
  let rolling: Record<string, unknown> | undefined;
  for (const { name, template } of transition.publish) {
    context ??= completion.context();
    try {
      const value = template.evaluate(context);
      if (!template.literal) keepShared(completion.run.in, value);
      setVariable(values, name, value);
      if (transition.publish.length === 1) continue;
      rolling ??= { ...context.variables };
      setVariable(rolling, name, value);
      context = { ...context, variables: rolling };
    } catch (error) {
      errors.push(unlessUnanswered(error));
    }
  }
  return { values, errors };
}
