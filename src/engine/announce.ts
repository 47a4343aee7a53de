/** Tells others what became of an execution: rules, and the workflow that it belongs to. */
import { type FinishedStatus, isFinished } from "../model/execution.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { ExecutionChange } from "../store/unit.ts";
import type { Core } from "./core.ts";
import { freed } from "./gates.ts";
import { ingest } from "./ingest.ts";
import type { Launch } from "./launch.ts";
import type { Claim } from "./run.ts";

/** An end raises the action trigger, a question the inquiry trigger. */
export function announce(
  core: Core,
  claim: Claim,
  { status, result }: { status: string; result: unknown },
): void {
  if (isFinished(status)) announceEnd(core, claim, { status, result });
  else if (status === "pending") announceInquiry(core, claim, result);
}

const actionTrigger = "core.st2.generic.actiontrigger";

/** Raises StackStorm's action trigger where a rule listens to it. */
export function announceEnd(
  core: Core,
  claim: Claim,
  { status, result }: { status: FinishedStatus; result: unknown },
): void {
  freed(core, claim);
  if (!core.definitions().listens(actionTrigger)) return;
  const payload = {
    execution_id: claim.id,
    status,
    action_name: claim.action.slice(claim.action.indexOf(".") + 1),
    action_ref: claim.action,
    runner_ref: claim.runner,
    parameters: claim.parameters,
    result,
  };
  void raise(core, actionTrigger, payload, `${claim.id}:${status}`);
}

/** The same for one that was born finished. */
export function announceFinished(
  core: Core,
  { row, context }: Extract<Launch, { how: "inline" }>,
): void {
  if (!core.definitions().listens(actionTrigger)) return;
  const { i: id, action, runner, p: parameters = {}, z: result } = row;
  announceEnd(
    core,
    { id, action, runner, parameters, context, fence: 1, attempt: 1 },
    { status: "succeeded", result },
  );
}

function announceInquiry(core: Core, claim: Claim, result: unknown): void {
  const route = isObject(result) && typeof result["route"] === "string" ? result["route"] : "";
  void raise(core, "core.st2.generic.inquiry", { id: claim.id, route }, claim.id);
}

async function raise(core: Core, trigger: string, payload: JsonObject, key: string): Promise<void> {
  await ingest(core, [
    { trigger, payload, source: "engine", dedupeKey: `${trigger}:${key}` },
  ]).catch((error: unknown) =>
    core.log("error", "a trigger of the engine was not stored", {
      trigger,
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
}

/** Tells the workflow that a child (a workflow itself) ended or waits. */
export function tellParent(
  core: Core,
  claim: Claim,
  { status, result }: { status: ExecutionChange["status"]; result: unknown },
): void {
  if (isFinished(status)) announceEnd(core, claim, { status, result });
  if (claim.parent === undefined || claim.parent === null) return;
  const parent = core.conducted.get(claim.parent);
  if (parent === undefined) core.bells.ring({ kind: "advance", id: claim.parent });
  else parent.deliver({ id: claim.id, context: claim.context, status, result });
}
