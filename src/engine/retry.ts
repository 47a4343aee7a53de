/** Runs an action again that failed or timed out, as its retry policy says: another execution, written in the unit that records the failed one, so that no
 * crash comes between. Inside a workflow the task is not told of the failure: it goes on with the next try. */
import { Unanswered } from "../expressions/context.ts";
import { liveActionId } from "../model/ids.ts";
import { traceOf } from "../model/trace.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Core } from "./core.ts";
import { gateRows, gatesFor } from "./gates.ts";
import { type Launch, queued } from "./launch.ts";
import type { Claim } from "./run.ts";

interface Tried {
  readonly count: number;
  /** The first execution of the row of tries. */
  readonly first: string;
}

/** What the context says about tries before this one. */
export function triedBefore({ id, context }: Pick<Claim, "id" | "context">): Tried {
  const policies = context["policies"];
  const retry = isObject(policies) ? policies["retry"] : undefined;
  if (!isObject(retry)) return { count: 0, first: id };
  const { retry_count: count, first_execution_id: first } = retry;
  return {
    count: typeof count === "number" ? count : 0,
    first: typeof first === "string" ? first : id,
  };
}

/** The key of a task without the number of the try. */
export function taskOf(key: string): string {
  return key.replace(/~\d+$/, "");
}

/** The next try of an execution that ended so; undefined when its action's policies want none. */
export function nextTry(core: Core, claim: Claim, status: string): Launch | undefined {
  const retries = core.definitions().policies.actions.get(claim.action)?.retries;
  if (retries === undefined) return undefined;
  const { count, first } = triedBefore(claim);
  const retry = retries.find(({ on, most }) => on === status && count < most);
  if (retry === undefined) return undefined;
  const before = claim.context["policies"];
  const { id: trace, tag } = traceOf(claim);
  const context = {
    ...claim.context,
    // What began a trace would else begin another.
    ...(trace === claim.id ? { trace_context: { id_: trace, trace_tag: tag } } : {}),
    policies: {
      ...(isObject(before) ? before : {}),
      retry: {
        applied_policy: retry.policy,
        retry_count: count + 1,
        retried_liveaction_id: liveActionId(claim.id),
        first_execution_id: first,
      },
    },
  };
  const id = core.newId();
  const { action, runner, parameters, parent, task_key: key } = claim;
  const base = {
    id,
    action,
    runner,
    parameters,
    context,
    parent: parent ?? undefined,
    task_key: key === null || key === undefined ? undefined : `${taskOf(key)}~${count + 1}`,
  };
  const row = queued(base, { delaySeconds: retry.delay });
  const gates = gatesOfTry(core, claim, context);
  if (gates === undefined) return { how: "queue", row };
  return {
    how: "held",
    row: { ...row, held: true },
    gates: gateRows(id, gates, { delay: retry.delay }),
  };
}

/** A key that cannot be evaluated at once holds nothing back here: the first try stood at its gate. */
function gatesOfTry(
  core: Core,
  { action, parameters }: Claim,
  context: JsonObject,
): ReturnType<typeof gatesFor> {
  try {
    return gatesFor(core, { action, parameters, context }, core.ask);
  } catch (error) {
    if (!(error instanceof Unanswered))
      core.log("warn", "a next try does not wait for its policies", {
        action,
        reason: error instanceof Error ? error.message : String(error),
      });
    return undefined;
  }
}
