/** What an action-chain shows of itself, in StackStorm's words. */
import { RenderFault } from "../expressions/render-values.ts";
import type { FinishedStatus } from "../model/execution.ts";
import { liveActionId } from "../model/ids.ts";
import type { JsonObject } from "../model/json.ts";
import type { ChainNode } from "./action-chain-spec.ts";
import { tasksOf, type ChainState, type ChainTask } from "./action-chain-state.ts";

/** The execution's result. A node whose execution waits stands at the end. */
export function chainResult(state: ChainState, displayPublished: boolean): JsonObject {
  const { running, published, error } = state;
  const tasks = tasksOf(state);
  if (running?.waits !== undefined) tasks.push(running.waits);
  return {
    tasks: tasks.map(taskView),
    ...(displayPublished ? { published } : {}),
    ...error,
  };
}

/** How the chain ends when this was its last node. */
export const outcomes = {
  succeeded: "succeeded",
  failed: "failed",
  abandoned: "failed",
  timeout: "timeout",
  canceled: "canceled",
} as const satisfies Record<FinishedStatus, FinishedStatus>;

/** Where a node leads after such an end; "" = nowhere. */
export function target(node: ChainNode | undefined, status: FinishedStatus): string {
  return (status === "succeeded" ? node?.onSuccess : node?.onFailure) ?? "";
}

/** In StackStorm's words what could not be rendered; any other error as it is. */
export function described(error: unknown, what: string, task: string): unknown {
  if (!(error instanceof RenderFault)) return error;
  const { key, template, message } = error;
  return new Error(
    `Failed rendering value for ${what} "${key}" in task "${task}" (template string=${template}): ${message}`,
  );
}

export function traceOf(reason: string): string {
  return `Traceback (most recent call last):\n  ${reason}`;
}

function taskView({ name, execution, state, result, created_at, updated_at }: ChainTask) {
  return {
    id: name,
    name,
    execution_id: execution,
    liveaction_id: execution === null ? null : liveActionId(execution),
    workflow: null,
    created_at,
    updated_at,
    state,
    result,
  };
}
