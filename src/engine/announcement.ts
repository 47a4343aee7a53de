/** Payloads of StackStorm's triggers about executions. */
import { maskedIn } from "../model/secrets.ts";
import { readCause } from "../inventory/cause.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { traceOf } from "../model/trace.ts";
import type { NewEvent } from "../model/events.ts";
import type { Core } from "./core.ts";
import type { Claim } from "./run.ts";

const actionTrigger = "core.st2.generic.actiontrigger";

/** StackStorm's action trigger, where a rule listens to it and the site wants to hear of such ends. */
export function actionEvent(
  core: Core,
  claim: Claim,
  { status, result }: { readonly status: string; readonly result: unknown },
): NewEvent | undefined {
  if (!core.definitions().listens(actionTrigger) || !core.actionTriggers.has(status))
    return undefined;
  const payload = {
    execution_id: claim.id,
    status,
    start_timestamp: pythonTime(begunAt(claim)),
    action_name: claim.action.slice(claim.action.indexOf(".") + 1),
    action_ref: claim.action,
    runner_ref: claim.runner,
    parameters: maskedParameters(core, claim),
    result,
  };
  return { trigger: actionTrigger, payload, source: "engine", ...traced(claim) };
}

/** Somebody is asked. */
export function inquiryEvent(claim: Claim, result: unknown): NewEvent {
  const route = isObject(result) && typeof result["route"] === "string" ? result["route"] : "";
  return {
    trigger: "core.st2.generic.inquiry",
    payload: { id: claim.id, route },
    source: "engine",
    ...traced(claim),
  };
}

/** The parameters without secrets. */
export function maskedParameters(core: Core, { action, runner, parameters }: Claim): JsonObject {
  const own = core.definitions().content.actions.get(action)?.parameters;
  return maskedIn({ ...core.runners.get(runner)?.parameters, ...own }, parameters);
}

/** The trace goes on with what follows, and so does the chain of rules that led here. */
export function traced(
  claim: Pick<Claim, "id" | "context">,
): Required<Pick<NewEvent, "trace" | "traceTag">> & Pick<NewEvent, "cause"> {
  const { id, tag } = traceOf(claim);
  return { trace: id, traceTag: tag, ...causing(claim) };
}

/** What an execution does goes on in its chain of causes, where it has one. */
export function causing(run: Pick<Claim, "context"> | undefined): Pick<NewEvent, "cause"> {
  const cause = run?.context["inventory_cause"];
  return isObject(cause) && readCause(cause).ruleChain.length > 0 ? { cause } : {};
}

/** When it was asked for; what this process has just made, to the second, from its id. */
export function begunAt({ id, created_at: at }: Pick<Claim, "id" | "created_at">): Date {
  return at ?? new Date(Number.parseInt(id.slice(0, 8), 16) * 1_000);
}

/** As Python prints an aware datetime. */
function pythonTime(at: Date): string {
  const text = at.toISOString().replace("T", " ").slice(0, -1);
  return `${text.endsWith(".000") ? text.slice(0, -4) : `${text}000`}+00:00`;
}
