/** What a client makes of an execution that runs: pause, resume, cancel, an end. */
import { cancel, settle, steer } from "../engine/request.ts";
import {
  executionStatuses,
  isFinished,
  isWorkflow,
  type ExecutionStatus,
} from "../model/execution.ts";
import { liveActionId } from "../model/ids.ts";
import type { JsonObject } from "../model/json.ts";
import type { AppError } from "../model/errors.ts";
import type { StoredExecution } from "../store/executions.ts";
import { objectIn, pythonText } from "./bodies.ts";
import type { Door } from "./door.ts";
import { refusal } from "./query.ts";

const steps = { pausing: "pause", paused: "pause", resuming: "resume", running: "resume" } as const;

function isStep(status: string): status is keyof typeof steps {
  return status in steps;
}

/** From which statuses a step can be made, and where there is nothing to do. */
const places = {
  pause: { from: ["running", "resuming"], done: ["pausing", "paused"] },
  resume: { from: ["paused"], done: ["running", "resuming"] },
} as const satisfies Record<string, Record<string, readonly ExecutionStatus[]>>;

function isAmong(status: string, list: readonly string[]): boolean {
  return list.includes(status);
}

/** Refuses what does not fit, in StackStorm's words; false = nothing to do. */
function fits({ id, runner, status }: StoredExecution, wanted: keyof typeof steps): boolean {
  const what = steps[wanted];
  if (wanted === "running" && isAmong(status, ["requested", "running"])) return false;
  const refused = (reason: string): AppError =>
    refusal(
      `Failed updating execution. Unable to ${what} liveaction "${liveActionId(id)}" because it is ${reason}`,
    );
  if (!isWorkflow(runner)) throw refused(`not supported by the "${runner}" runner.`);
  if (isAmong(status, places[what].done)) return false;
  if (isAmong(status, places[what].from)) return true;
  throw refused(
    what === "pause"
      ? "not in a running state."
      : `in "${status}" state and not in "paused" state.`,
  );
}

/** Gives it as it is then. Throws AppError for what does not fit, in StackStorm's words. */
export async function changeExecution(
  door: Door,
  execution: StoredExecution,
  body: JsonObject,
  user: string,
): Promise<StoredExecution> {
  const { core } = door;
  const { id } = execution;
  const unknown = Object.keys(body).find((name) => name !== "status" && name !== "result");
  if (unknown !== undefined)
    throw refusal(`Additional properties are not allowed ('${unknown}' was unexpected)`);
  const { status } = body;
  const result = objectIn(body, "result");
  const known = executionStatuses.find((each) => each === status);
  if (known === undefined)
    throw refusal(
      status === undefined
        ? "'status' is a required property"
        : `${pythonText(status)} is not one of [${executionStatuses.map((each) => `'${each}'`).join(", ")}]`,
    );
  if (isFinished(execution.status)) throw refusal("Execution is already in completed state.");
  if (known === "canceling" || known === "canceled") return cancel(core, id, user);
  if (isStep(known)) {
    if (!fits(execution, known)) return execution;
    return steer(core, id, steps[known] === "pause" ? "pausing" : "resuming", user);
  }
  if (isFinished(known)) return settle(core, id, { status: known, result });
  throw refusal(
    `The status of an execution can be set to canceling, pausing, resuming or to an end, not to "${known}".`,
  );
}
