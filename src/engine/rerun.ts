/** Tasks of a workflow that ended, run again: a new execution that goes on with what the old one knew.
 *
 * 1. The new execution begins with a copy of the old one's journal: the old one stays as it was.
 * 2. Whether the tasks can run again is decided before anything is written.
 * 3. The request stands in the context; the conductor takes it in once, as the first event after the copied journal. */
import { AppError } from "../model/errors.ts";
import { isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { Unanswered } from "../expressions/context.ts";
import type { StoredExecution } from "../store/executions.ts";
import { decide } from "../processes/ask.ts";
import { copyWorkflow } from "../store/workflows.ts";
import type { WorkflowEvent } from "../workflows/conductor.ts";
import { ConductorError } from "../workflows/errors.ts";
import type { Core } from "./core.ts";
import { gateRows, gatesFor } from "./gates.ts";
import type { Launch } from "./launch.ts";
import { actionFor, queued, rowsOf, userIn } from "./launch.ts";
import { loadWorkflow } from "./load-workflow.ts";
import { start } from "./start.ts";

interface Again {
  readonly tasks: readonly string[];
  /** Of those: with all their items, not only the failed ones. */
  readonly reset: readonly string[];
  readonly context: JsonObject;
  readonly delaySeconds?: number;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** What a workflow's context asks to run again; undefined when it is an ordinary run. */
export function rerunIn(
  context: JsonObject,
): Extract<WorkflowEvent, { kind: "rerun" }> | undefined {
  const asked = context["re-run"];
  const tasks = isObject(asked) ? strings(asked["tasks"]) : [];
  if (!isObject(asked) || tasks.length === 0) return undefined;
  const reset = new Set(strings(asked["reset"]));
  return {
    kind: "rerun",
    tasks: tasks.map((taskId) => ({ taskId, route: 0, reset: reset.has(taskId) })),
  };
}

async function check(core: Core, before: StoredExecution, context: JsonObject): Promise<void> {
  const event = rerunIn(context);
  const loaded = await loadWorkflow(core, before);
  if (loaded === undefined || event === undefined || !isFinished(before.status))
    throw new AppError("PARAMETERS_INVALID", [
      "Unable to rerun workflow because it is not in a completed state.",
    ]);
  try {
    loaded.course.advance(event, core.ask, "");
  } catch (error) {
    if (error instanceof ConductorError) throw new AppError("PARAMETERS_INVALID", [error.message]);
    // What needs an answer first has passed the conductor's own checks.
    if (!(error instanceof Unanswered)) throw error;
  }
}

/** Runs tasks of an ended workflow again; gives the new execution's id. Throws AppError when they cannot. */
export async function rerunTasks(
  core: Core,
  before: StoredExecution,
  { tasks, reset, context, delaySeconds }: Again,
): Promise<string> {
  const { ref, runner, pack } = actionFor(core, before.action);
  const whole = {
    ...context,
    pack,
    "re-run": { ref: before.id, tasks, reset },
    // To StackStorm's clients it is the same workflow that goes on.
    workflow_execution: before.context["workflow_execution"] ?? before.id,
    ...(before.context["pool"] === undefined ? {} : { pool: before.context["pool"] }),
  };
  await check(core, before, whole);
  const { parameters } = before;
  const id = core.newId();
  await copyWorkflow(core.database.db, before.id, id);
  const base = {
    id,
    action: ref,
    runner,
    parameters,
    context: whole,
  };
  const gates = await decide(
    (ask) => gatesFor(core, { action: ref, parameters, context: whole }, ask),
    (question) => core.answer(question, userIn(whole)),
  );
  const launch: Launch =
    gates !== undefined
      ? {
          how: "held",
          row: { ...queued(base, {}), held: true },
          gates: gateRows(id, gates, { delay: delaySeconds }),
        }
      : delaySeconds === undefined
        ? {
            how: "here",
            row: {
              ...base,
              ended: false,
              delivered: true,
              status: "running",
              owner: core.process,
              fence: 1,
              attempt: 1,
              started: true,
            },
          }
        : {
            how: "queue",
            row: queued(base, { delaySeconds }),
          };
  await core.pump.commit(rowsOf([launch]));
  start(core, [launch]);
  return id;
}
