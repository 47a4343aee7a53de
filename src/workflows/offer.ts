/** Which tasks are to run next, with their actions rendered. */
import type { EvaluationContext } from "../expressions/context.ts";
import { keepShared, variablesOf, type ContextNode } from "./contexts.ts";
import { countIn, stagedTask } from "./draft.ts";
import { ConductorError } from "./errors.ts";
import { factsContext, unlessUnanswered, withItem } from "./evaluate.ts";
import type { TaskNode } from "./graph.ts";
import { isInt, isTruthy, typeName } from "./python.ts";
import type { ItemsSpec, TaskSpec } from "./spec.ts";
import type { ItemAction, Items, StagedTask } from "./state.ts";
import { isIn } from "./statuses.ts";
import { write, type Step } from "./step.ts";
import { stored } from "./stored.ts";
import { failWorkflow, logError } from "./workflow-status.ts";

export interface OfferedAction extends ItemAction {
  readonly item?: number;
}

export interface OfferedTask {
  readonly node: TaskNode;
  readonly route: number;
  /** None for a `with` task whose list is empty. A task without an action has one whose `action` is null. */
  readonly actions: readonly OfferedAction[];
  /** Seconds. */
  readonly delay?: number;
  readonly items?: { readonly count: number; readonly concurrency: number | null };
  /** A `with` task has its visit when its items are rendered, any other when it starts. */
  readonly visit?: number;
}

/** The tasks that may start now, among these staged ones, by name and route. If one of them cannot be rendered the workflow fails
 * and none is offered. Tasks are offered until they start. */
export function offerTasks(step: Step, staged: Iterable<StagedTask>): OfferedTask[] {
  const candidates = startable(step, staged);
  const offered: OfferedTask[] = [];
  let failed = false;
  for (const candidate of candidates) {
    try {
      const task = render(step, candidate);
      if (task !== undefined) offered.push(task);
    } catch (error) {
      failed = true;
      const name = step.draft.graph.nodes[candidate.task]?.name ?? "";
      logError(step, unlessUnanswered(error), { task_id: name, route: candidate.route });
    }
  }
  if (failed) {
    failWorkflow(step);
    return [];
  }
  if (offered.length < 2) return offered;
  return offered.toSorted((a, b) =>
    a.node.name === b.node.name ? a.route - b.route : a.node.name < b.node.name ? -1 : 1,
  );
}

function startable(step: Step, staged: Iterable<StagedTask>): StagedTask[] {
  const { status } = step.draft;
  const remediation = status === "failed";
  if (!remediation && !isIn("running", status)) return [];
  const ready: StagedTask[] = [];
  for (const task of staged) {
    if (task.ready && !task.completed && (!remediation || task.runOnFail)) ready.push(task);
  }
  return ready;
}

function render(step: Step, staged: StagedTask): OfferedTask | undefined {
  const node = step.draft.graph.nodes[staged.task];
  if (node === undefined) return undefined;
  const { spec } = node;
  const { route } = staged;
  // A task that is staged twice is rendered with what the first of them saw.
  const seen = stagedTask(step.draft, staged.task, route)?.in ?? staged.in;
  let made: EvaluationContext | undefined;
  const context = () => {
    made ??= factsContext(step, variablesOf(seen), { taskId: node.name, route });
    return made;
  };
  const items = spec.items;
  if (items !== undefined) return renderItems(step, { node, items, staged, seen, context });
  const actions = [renderAction(spec, context)];
  if (made !== undefined) keepShared(seen, actions);
  const delay = delayOf(spec, staged, context);
  return { node, route, actions, ...(delay === undefined ? {} : { delay }) };
}

const nowhere: EvaluationContext = {
  variables: {},
  ask() {
    throw new Error("A literal asks nothing.");
  },
};

function renderAction(spec: TaskSpec, context: () => EvaluationContext): ItemAction {
  const { action, input } = spec;
  const literal = (action?.literal ?? true) && (input?.literal ?? true);
  const given = literal ? nowhere : context();
  const rendered = { action: action?.evaluate(given), input: input?.evaluate(given) };
  return { action: stored(rendered.action) ?? null, input: stored(rendered.input) ?? null };
}

function delayOf(
  spec: TaskSpec,
  staged: StagedTask,
  context: () => EvaluationContext,
): number | undefined {
  let delay: number | undefined;
  if (spec.delay !== undefined) {
    const value = spec.delay.evaluate(spec.delay.literal ? nowhere : context());
    if (!isInt(value)) {
      throw new ConductorError("TypeError", "The value of task delay is not type of integer.");
    }
    if (!spec.delay.literal || isTruthy(value)) delay = Number(value);
  }
  if (staged.retry === undefined) return delay;
  return isTruthy(staged.retry.delay) ? Number(staged.retry.delay) : 0;
}

interface ItemsToRender {
  readonly node: TaskNode;
  readonly items: ItemsSpec;
  readonly staged: StagedTask;
  readonly seen: ContextNode;
  readonly context: () => EvaluationContext;
}

function renderItems(step: Step, task: ItemsToRender): OfferedTask | undefined {
  const { node, staged, context } = task;
  const { route } = staged;
  const delayed = () => delayOf(node.spec, staged, context);
  const { items, delay } = preparedItems(step, task, delayed);
  const actions = waitingItems(items);
  const count = items.actions.length;
  if (actions.length === 0 && count > 0) return undefined;
  const concurrency = items.concurrency ?? null;
  return {
    node,
    route,
    actions,
    items: { count, concurrency },
    visit: items.visit,
    ...(delay === undefined ? {} : { delay }),
  };
}

/** Renders all items when the task is offered first, so that an error in any of them shows before one runs. */
function preparedItems(
  step: Step,
  task: ItemsToRender,
  delayed: () => number | undefined,
): { items: Items; delay: number | undefined } {
  const { node, staged } = task;
  if (staged.items !== undefined && staged.items.visit > 0 && staged.items.actions.length > 0) {
    return { items: staged.items, delay: delayed() };
  }
  const actions = renderAll(task);
  const delay = delayed();
  const concurrency = concurrencyOf(task.items, task.context);
  keepShared(task.seen, actions);
  write(step, {
    kind: "items",
    task: node.name,
    route: staged.route,
    actions,
    visit: step.draft.visits + 1,
    ...(concurrency === undefined ? {} : { concurrency }),
  });
  const prepared = step.draft.staged.get(staged.serial)?.items;
  if (prepared === undefined) throw new Error(`The items of "${node.name}" were not kept.`);
  return { items: prepared, delay };
}

function renderAll(task: ItemsToRender): ItemAction[] {
  const { node, items, context } = task;
  const list = items.items.evaluate(context());
  if (!Array.isArray(list)) {
    throw new ConductorError("TypeError", `The value of "${items.source}" is not type of list.`);
  }
  return list.map((value: unknown) => {
    const item = namedItem(items.names, value);
    return renderAction(node.spec, () => withItem(context(), item));
  });
}

/** `x, y in …` gives every item as a dict of its parts. */
function namedItem(names: readonly string[], value: unknown): unknown {
  if (names.length === 0) return value;
  if (Array.isArray(value)) {
    return Object.fromEntries(names.slice(0, value.length).map((name, at) => [name, value[at]]));
  }
  const [name] = names;
  return names.length === 1 && name !== undefined ? { [name]: value } : value;
}

function concurrencyOf(items: ItemsSpec, context: () => EvaluationContext): number | undefined {
  if (items.concurrency === undefined) return undefined;
  const value = items.concurrency.evaluate(items.concurrency.literal ? nowhere : context());
  if (value === null || value === undefined) return undefined;
  if (!isInt(value)) {
    const message = `'<=' not supported between instances of '${typeName(value)}' and 'int'`;
    throw new ConductorError("TypeError", message);
  }
  return Math.max(Number(value), 1);
}

/** The items that may start now: as many as the concurrency leaves room for, in their order. */
function waitingItems(items: Items): OfferedAction[] {
  const running = countIn(items.counts, "active");
  const room = (items.concurrency ?? Infinity) - running;
  const waiting: OfferedAction[] = [];
  for (let item = items.cursor; item < items.actions.length && waiting.length < room; item += 1) {
    const action = items.actions[item];
    const status = items.statuses.get(item) ?? "null";
    if (action !== undefined && status === "null") waiting.push({ ...action, item });
  }
  return waiting;
}
