/** From a wish ("run this action with these parameters") to a row, and from a committed row to work.
 *
 * 1. `plan` decides only; nothing runs before its row is committed.
 * 2. `held`: the action has policies, which let it start. `inline`: the result is known at once (noop), the row is born finished. `here`: this process claimed it at insert. `queue`: somebody else may. */
import { AppError } from "../model/errors.ts";
import type { Ask } from "../expressions/context.ts";
import type { ActionDefinition } from "../model/definitions.ts";
import { isWorkflow } from "../model/execution.ts";
import type { JsonObject } from "../model/json.ts";
import { poolOf } from "../model/pools.ts";
import { tracePart } from "../model/trace.ts";
import type { ExecutionRow, FinishedRow, GateRow, TraceRow, Unit } from "../store/unit.ts";
import type { Core } from "./core.ts";
import { gateRows, gatesFor } from "./gates.ts";
import { parametersFor } from "./parameters.ts";
import { placed } from "./pools.ts";

export interface Wish {
  readonly action: string;
  readonly parameters: JsonObject;
  readonly context: JsonObject;
  /** Names besides the parameters that templates may read, e.g. `trigger`. */
  readonly variables?: JsonObject;
  readonly parent?: string;
  readonly taskKey?: string;
  readonly delaySeconds?: number;
  /** Who is to run it, whatever its action says. */
  readonly pool?: string | undefined;
  /** Written only when that trigger instance is new. */
  readonly instance?: string;
  /** The context follows from the parent's and the task key: it need not be stored. */
  readonly derived?: boolean;
}

export type Launch =
  | { readonly how: "here" | "queue"; readonly row: ExecutionRow }
  /** Policies say when it may run. */
  | { readonly how: "held"; readonly row: ExecutionRow; readonly gates: readonly GateRow[] }
  /** `task` children without items leave their context to `childContext`. */
  | { readonly how: "inline"; readonly row: FinishedRow; readonly context: JsonObject };

const noopResult = { failed: false, succeeded: true, return_code: 0 } as const;

/** The action, or the error a client sees. */
export function actionFor(core: Core, ref: string): ActionDefinition {
  const action = core.definitions().content.actions.get(ref);
  if (action === undefined) throw new AppError("ACTION_NOT_FOUND", [ref]);
  const { runnersOff } = core.definitions().content;
  if (!action.enabled || runnersOff.has(action.runner))
    throw new AppError("ACTION_DISABLED", [ref]);
  return action;
}

/** Decides how a wish becomes an execution. Throws AppError for what a client did wrong, Unanswered when a lookup is needed first. */
export function plan(core: Core, wish: Wish, ask: Ask): Launch {
  const action = actionFor(core, wish.action);
  // Templates of parameters read it too, as `action_context`.
  const context = { ...placed(core, action, wish), pack: action.pack };
  const parameters = parametersFor(core, action, { ...wish, context }, ask);
  const delayed = wish.delaySeconds !== undefined && wish.delaySeconds > 0;
  const gates = gatesFor(core, { action: action.ref, parameters, context }, ask);
  const how = delayed || gates !== undefined ? ("queue" as const) : placeOf(core, action, context);
  const id = core.newId();
  if (how === "inline")
    return finishedAtOnce(wish, { id, action, parameters, process: core.process });
  const base = {
    id,
    action: action.ref,
    runner: action.runner,
    parameters,
    context,
    parent: wish.parent,
    task_key: wish.taskKey,
    instance: wish.instance,
  };
  if (how === "here") {
    if (!isWorkflow(action.runner)) core.slots.take();
    return {
      how,
      row: {
        ...base,
        status: "running",
        owner: core.process,
        fence: 1,
        attempt: 1,
        delivered: true,
        started: true,
        ended: false,
      },
    };
  }
  const waiting = queued(base, wish);
  if (gates === undefined) return { how, row: waiting };
  const { delaySeconds: delay, instance } = wish;
  return {
    how: "held",
    row: { ...waiting, held: true },
    gates: gateRows(id, gates, { delay, instance }),
  };
}

/** A row that waits to be claimed. */
export function queued(
  base: Omit<ExecutionRow, "status" | "fence" | "attempt" | "delivered" | "started" | "ended">,
  { delaySeconds }: Pick<Wish, "delaySeconds">,
): ExecutionRow {
  const delayed = delaySeconds !== undefined && delaySeconds > 0;
  return {
    ...base,
    status: delayed ? "delayed" : "requested",
    fence: 0,
    attempt: 0,
    delivered: true,
    delay: delaySeconds,
    started: false,
    ended: false,
  };
}

interface Decided {
  readonly id: string;
  readonly action: ActionDefinition;
  readonly parameters: JsonObject;
  /** Which decided it, and so did it. */
  readonly process: string;
}

function finishedAtOnce(wish: Wish, { id, action, parameters, process }: Decided): Launch {
  const { parent, taskKey, instance, derived } = wish;
  const context = { ...wish.context, pack: action.pack };
  const given = derived === true ? {} : { c: context };
  const some = Object.keys(parameters).length === 0 ? {} : { p: parameters };
  const row = {
    i: id,
    action: action.ref,
    runner: action.runner,
    z: noopResult,
    o: process,
    parent,
    k: taskKey,
    n: instance,
    ...some,
    ...given,
  };
  return { how: "inline", row, context };
}

function placeOf(
  core: Core,
  { runner }: ActionDefinition,
  context: JsonObject,
): "inline" | "here" | "queue" {
  if (runner === "noop") return "inline";
  if (core.slots.free() <= 0) return "queue";
  return core.pools.includes(poolOf({ runner, context })) ? "here" : "queue";
}

/** What a launch adds to a unit. */
export function rowsOf(
  launches: readonly Launch[],
): Required<Pick<Unit, "executions" | "finished" | "gates" | "traces">> {
  return {
    traces: launches.flatMap(traceRows),
    executions: launches.flatMap((launch) => (launch.how === "inline" ? [] : [launch.row])),
    finished: launches.flatMap((launch) => (launch.how === "inline" ? [launch.row] : [])),
    gates: launches.flatMap((launch) => (launch.how === "held" ? launch.gates : [])),
  };
}

/** What is noted of a trace that a caller gave. */
function traceRows(launch: Launch): readonly TraceRow[] {
  const [id, parent, context] =
    launch.how === "inline"
      ? [launch.row.i, launch.row.parent, launch.context]
      : [launch.row.id, launch.row.parent, launch.row.context];
  const part = parent === undefined ? tracePart(context) : undefined;
  return part === undefined ? [] : [{ execution_id: id, ...part }];
}

/** A row for a wish that cannot run: it exists so that everybody sees why. */
export function failedRow(core: Core, wish: Wish, error: unknown): ExecutionRow {
  const message = error instanceof Error ? error.message : String(error);
  return {
    id: core.newId(),
    action: wish.action,
    runner: core.definitions().content.actions.get(wish.action)?.runner ?? "",
    status: "failed",
    parameters: wish.parameters,
    context: wish.context,
    result: { error: message },
    parent: wish.parent,
    task_key: wish.taskKey,
    instance: wish.instance,
    fence: 0,
    attempt: 0,
    delivered: true,
    started: true,
    ended: true,
  };
}

/** In whose name an execution runs, where its context says so. */
export function userIn({ user }: JsonObject): string | undefined {
  return typeof user === "string" && user !== "" ? user : undefined;
}
