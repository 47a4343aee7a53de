/** How a workflow begins (inputs and vars) and ends (output). */
import { joinNodes, mergeInto, setVariable, variablesOf, type ContextNode } from "./contexts.ts";
import { factsContext, plainContext, unlessUnanswered } from "./evaluate.ts";
import type { JsonObject } from "../model/json.ts";
import type { NamedTemplate } from "./spec-fields.ts";
import { isIn } from "./statuses.ts";
import { write, type Step } from "./step.ts";
import { storedDict } from "./stored.ts";
import { failWorkflow, logError } from "./workflow-status.ts";

/** Renders inputs and vars and stages the first tasks; with an error in any of them the workflow fails.
 * Values that were given are taken as they are: what looks like an expression in them is text. */
export function begin(step: Step, given: JsonObject, context: JsonObject): void {
  const { workflow } = step.draft;
  const errors: unknown[] = [];
  const rolling: Record<string, unknown> = { ...context };
  for (const { name, fallback } of workflow.inputs) {
    const value = Object.hasOwn(given, name)
      ? given[name]
      : attempt(() => fallback.evaluate(plainContext(step, rolling)), errors);
    if (value !== failed) setVariable(rolling, name, value);
  }
  const initial = mergeInto({ ...context }, rolling);
  const { values } = renderNamed(workflow.vars, initial, {
    errors,
    contextOf: (variables) => plainContext(step, variables),
  });
  for (const error of errors) logError(step, error);
  if (errors.length > 0) failWorkflow(step);
  else write(step, { kind: "begin", context: storedDict(mergeInto({ ...initial }, values)) });
}

/** Renders the output of a workflow that ended, unless that was done. Errors fail it. */
export function renderOutput(step: Step): void {
  const { draft } = step;
  const { status } = draft;
  if (!isIn("completed", status) || draft.output !== undefined) return;
  if (draft.workflow.output.length === 0) return;
  const errors: unknown[] = [];
  const { values } = renderNamed(draft.workflow.output, terminalVariables(step), {
    errors,
    contextOf: (variables) => factsContext(step, variables),
  });
  if (Object.keys(values).length > 0) write(step, { kind: "output", output: storedDict(values) });
  for (const error of errors) logError(step, error);
  if (errors.length > 0 && status !== "canceled") failWorkflow(step);
}

/** What the tasks saw at which the workflow ended, the later ones over the earlier. */
export function terminalVariables(step: Step): JsonObject {
  let node: ContextNode | undefined;
  for (const run of step.draft.runs) {
    if (run.terminal) node = node === undefined ? run.in : joinNodes(node, run.in);
  }
  return node === undefined ? {} : variablesOf(node);
}

const failed = Symbol("failed");

function attempt(evaluate: () => unknown, errors: unknown[]): unknown {
  try {
    return evaluate();
  } catch (error) {
    errors.push(unlessUnanswered(error));
    return failed;
  }
}

/** Renders a list of names in order; each value sees those before it. */
function renderNamed(
  list: readonly NamedTemplate[],
  variables: JsonObject,
  how: {
    errors: unknown[];
    contextOf: (variables: JsonObject) => ReturnType<typeof plainContext>;
  },
): { values: JsonObject } {
  const values: Record<string, unknown> = {};
  const rolling: Record<string, unknown> = { ...variables };
  for (const { name, template } of list) {
    const value = attempt(() => template.evaluate(how.contextOf(rolling)), how.errors);
    if (value === failed) continue;
    setVariable(rolling, name, value);
    setVariable(values, name, value);
  }
  return { values };
}
