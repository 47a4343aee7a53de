/** What operators ask of the engine: run, cancel, pause, resume, answer. Each resolves when it is on disk. */
import { passing } from "../model/crash-points.ts";
import { AppError } from "../model/errors.ts";
import { isFinished, isWorkflow, type FinishedStatus } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { decide } from "../processes/ask.ts";
import {
  findExecution,
  lockExecution,
  overrideExecution,
  type StoredExecution,
} from "../store/executions.ts";
import type { Db } from "../store/schema.ts";
import { tellIn } from "./announce.ts";
import type { Core, End } from "./core.ts";
import { plan, rowsOf, userIn } from "./launch.ts";
import { release, start } from "./start.ts";
import { checkAnswer } from "./inquiry.ts";

export interface ExecutionRequest {
  readonly action: string;
  readonly parameters: JsonObject;
  readonly context: JsonObject;
  readonly delaySeconds?: number;
  /** Who is to run it, whatever its action says. */
  readonly pool?: string | undefined;
}

/** Runs an action; gives the execution's id. Throws AppError when the action or its parameters are wrong. */
export async function request(
  core: Core,
  { action, parameters, context, delaySeconds, pool }: ExecutionRequest,
): Promise<string> {
  const wish = {
    pool,
    action,
    parameters,
    context,
    ...(delaySeconds === undefined ? {} : { delaySeconds }),
  };
  const launch = await decide(
    (ask) => plan(core, wish, ask),
    (question) => core.answer(question, userIn(context)),
  );
  passing("request.before-commit");
  await core.pump.commit(rowsOf([launch])).catch((error: unknown) => {
    release(core, [launch]);
    throw error;
  });
  passing("request.after-commit");
  start(core, [launch]);
  return launch.how === "inline" ? launch.row.i : launch.row.id;
}

/** Changes an unfinished execution under its row lock. Where that ends it, `work` gives the end: what rules are to hear of it is written with it. */
async function change(
  core: Core,
  id: string,
  work: (tx: Db, execution: StoredExecution) => Promise<End | undefined>,
): Promise<StoredExecution> {
  const told = await core.database.transaction(async (tx) => {
    const execution = await lockExecution(tx, id);
    if (execution === undefined) throw new AppError("EXECUTION_NOT_FOUND", [id]);
    const end = await work(tx, execution);
    if (end === undefined) return undefined;
    return tellIn(core, tx, (await findExecution(tx, id)) ?? execution, end);
  });
  told?.();
  const after = await findExecution(core.database.db, id);
  if (after === undefined) throw new AppError("EXECUTION_NOT_FOUND", [id]);
  return after;
}

/** Tells whoever runs or conducts it; a workflow that nobody conducts is rung for. */
async function tell(
  core: Core,
  { id, parent, owner, runner, attempt, delivered }: StoredExecution,
): Promise<void> {
  if (owner !== null) core.bells.ring({ kind: "control", id });
  else if (isWorkflow(runner))
    await core.queue
      .ring([{ name: "run", execution: id, attempt: attempt + 1 }])
      .catch(() => undefined);
  if (parent === null || delivered) return;
  core.bells.ring({ kind: "advance", id: parent });
  const workflow = await findExecution(core.database.db, parent);
  if (workflow?.owner === null)
    await core.queue
      .ring([{ name: "run", execution: parent, attempt: workflow.attempt + 1 }])
      .catch(() => undefined);
}

/** Cancels it: at once when nobody runs it, else as soon as its worker has ended it (≤ 5 s). A workflow lets its running actions end, starts nothing
 * more, and takes the workflow that it is a part of with it. `spareRunning`: leaves an action that runs alone. */
export async function cancel(
  core: Core,
  id: string,
  user: string,
  { spareRunning = false }: { readonly spareRunning?: boolean } = {},
): Promise<StoredExecution> {
  const result = { message: "Action canceled by user.", user };
  let newly = false;
  const after = await change(core, id, async (tx, { status, owner, parent, runner }) => {
    const workflow = isWorkflow(runner);
    if (isFinished(status) || (spareRunning && !workflow && owner !== null)) return undefined;
    newly = status !== "canceling";
    const idle = owner === null && !workflow;
    const ended = idle || status === "requested" || status === "delayed";
    await overrideExecution(tx, id, {
      status: ended ? "canceled" : "canceling",
      context: { cancelled_by: user },
      result,
      ended,
      raiseFence: ended,
      ...(ended ? { delivered: parent === null } : {}),
    });
    return ended ? { status: "canceled", result } : undefined;
  });
  await tell(core, after);
  if (newly && isWorkflow(after.runner) && after.parent !== null)
    await cancel(core, after.parent, user);
  return after;
}

/** Pauses or resumes a workflow in the name of `user`. */
export async function steer(
  core: Core,
  id: string,
  wanted: "pausing" | "resuming",
  user: string,
): Promise<StoredExecution> {
  const after = await change(core, id, async (tx, { status, runner, action }) => {
    if (!isWorkflow(runner)) throw new AppError("NOT_PAUSABLE", [id, action, runner]);
    const fits =
      wanted === "pausing"
        ? status === "running" || status === "resuming"
        : status === "paused" || status === "pausing";
    const context =
      wanted === "pausing" ? { paused_by: user, resumed_by: null } : { resumed_by: user };
    if (fits)
      await overrideExecution(tx, id, { status: wanted, ended: false, raiseFence: false, context });
    else if (wanted === "resuming") throw new AppError("NOT_PAUSED", [id, status]);
    return undefined;
  });
  await tell(core, after);
  return after;
}

/** Ends an execution from outside, as its own worker would; whoever runs it can record nothing any more. */
export async function settle(
  core: Core,
  id: string,
  { status, result }: { readonly status: FinishedStatus; readonly result: JsonObject },
): Promise<StoredExecution> {
  const after = await change(core, id, async (tx, { status: before, parent }) => {
    if (isFinished(before)) return undefined;
    await overrideExecution(tx, id, {
      status,
      result,
      ended: true,
      raiseFence: true,
      delivered: parent === null,
    });
    return { status, result };
  });
  await tell(core, after);
  return after;
}

/** Who answers an inquiry resumes the workflow that rests for it, but not one that an operator paused. */
async function noteResumer(tx: Db, id: string, user: string): Promise<void> {
  const { status, context } = (await findExecution(tx, id)) ?? {};
  if (status !== "paused" || typeof context?.["paused_by"] === "string") return;
  const note = { resumed_by: user };
  await overrideExecution(tx, id, { status, ended: false, raiseFence: false, context: note });
}

/** Answers a pending inquiry; its execution succeeds with the response. */
export async function answerInquiry(
  core: Core,
  id: string,
  response: unknown,
  user: { readonly name: string; readonly roles: readonly string[] },
): Promise<StoredExecution> {
  const after = await change(core, id, async (tx, { status, runner, result, parent }) => {
    if (runner !== "inquirer") throw new AppError("INQUIRY_NOT_FOUND", [id]);
    if (status !== "pending") throw new AppError("INQUIRY_ANSWERED", [id]);
    const asked = isObject(result) ? result : {};
    checkAnswer(id, asked, response, user);
    const end = { status: "succeeded", result: { ...asked, response } } as const;
    await overrideExecution(tx, id, {
      ...end,
      ended: true,
      raiseFence: true,
      delivered: parent === null,
    });
    if (parent !== null) await noteResumer(tx, parent, user.name);
    return end;
  });
  await tell(core, after);
  return after;
}
