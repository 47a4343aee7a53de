/** The next execution of a workflow: from what it decided to a wish. */
import { castParameter } from "../expressions/python/casts.ts";
import { mergeParameterSchemas } from "../expressions/parameter-schema.ts";
import { PythonError } from "../expressions/python/errors.ts";
import { typeName } from "../expressions/python/compare.ts";
import { toPlain } from "../expressions/python/json.ts";
import { pyStr } from "../expressions/python/text.ts";
import { AppError } from "../model/errors.ts";
import { taskContext } from "../model/child-context.ts";
import type { JsonObject } from "../model/json.ts";
import type { WorkflowEvent } from "../workflows/conductor.ts";
import type { CourseEffect } from "../workflows/course.ts";
import { reasonOf } from "./children.ts";
import type { Core } from "./core.ts";
import { actionFor, type Wish } from "./launch.ts";
import { inheritedNotify } from "./notify.ts";
import type { Claim } from "./run.ts";

/** Whose execution it is, as its end will name it. */
interface Place {
  readonly taskId: string;
  readonly route: number;
  readonly item?: number;
  readonly visit?: number;
}

export interface Child {
  readonly place: Place;
  /** Throws what `plan` throws, or a ChainCastError. */
  wish(): Wish;
}

/** A rendered parameter of an action-chain does not fit the action: StackStorm ends the whole chain. */
class ChainCastError extends AppError {
  constructor(message: string) {
    super("PARAMETERS_INVALID", [message]);
  }
}

/** A task of an Orquesta workflow. */
export function taskChild(
  core: Core,
  workflow: Claim,
  base: JsonObject,
  effect: Extract<CourseEffect, { kind: "run" }>,
): Child {
  const { key, taskId, route, item, action, input, delay } = effect;
  const notify = inheritedNotify(core, workflow, { taskId, action });
  const wish = {
    action,
    parameters: input ?? {},
    context: {
      ...base,
      orquesta: taskContext(workflow.id, effect),
      ...(notify === undefined ? {} : { notify }),
    },
    derived: item === undefined,
    parent: workflow.id,
    taskKey: key,
    ...(delay === undefined ? {} : { delaySeconds: delay }),
  };
  return { place: { taskId, route, ...(item === undefined ? {} : { item }) }, wish: () => wish };
}

/** A node of an action-chain. */
export function nodeChild(
  core: Core,
  workflow: { readonly id: string; readonly base: JsonObject },
  effect: Extract<CourseEffect, { kind: "node" }>,
): Child {
  const { key, node, visit, action, input, shown, notify } = effect;
  const context = {
    ...workflow.base,
    chain: { ...shown, visit },
    ...(notify === undefined ? {} : { notify }),
  };
  return {
    place: { taskId: node, route: 0, visit },
    wish: () => ({
      action,
      parameters: castAll(core, action, input),
      context,
      parent: workflow.id,
      taskKey: key,
    }),
  };
}

/** StackStorm casts what a chain rendered before the action is asked for, and words it like this. */
function castAll(core: Core, ref: string, input: JsonObject): JsonObject {
  const action = actionFor(core, ref);
  const runner = core.runners.get(action.runner)?.parameters ?? {};
  const schemas = mergeParameterSchemas(runner, action.parameters);
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => {
      const type = schemas[name]?.type;
      if (type === undefined) return [name, value];
      try {
        return [name, toPlain(castParameter(value, type))];
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        throw new ChainCastError(
          `Failed to cast value "${pyStr(value)}" (type: ${typeName(value)}) for parameter "${name}" of type "${type}": ` +
            `${error.message}. Perhaps the value is of an invalid type?`,
        );
      }
    }),
  );
}

/** What an action-chain words differently. */
function causeOf(error: unknown): { cause?: "reference" | "parameters" } {
  if (error instanceof ChainCastError) return { cause: "parameters" };
  return error instanceof AppError && error.code === "ACTION_NOT_FOUND"
    ? { cause: "reference" }
    : {};
}

/** What the conductor hears of a child that could not be started. */
export function refusedEvent(
  core: Core,
  refused: { readonly workflow: string; readonly child: Child; readonly error: unknown },
): WorkflowEvent {
  const { workflow, error } = refused;
  const { taskId, route } = refused.child.place;
  if (!(error instanceof AppError))
    core.log("error", "a task could not be started", {
      execution: workflow,
      task: taskId,
      reason: reasonOf(error),
    });
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "fail", message, taskId, route, ...causeOf(error) };
}

/** Whether only children that are workflows are asked. */
export function onlyOf(
  effect: Extract<CourseEffect, { kind: "children" }>,
): "workflows" | undefined {
  return "only" in effect ? effect.only : undefined;
}

/** Microseconds as StackStorm writes them. */
export function timeNow(): string {
  return new Date().toISOString().replace("Z", "000Z");
}
