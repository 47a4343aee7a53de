/** Things that recorded requests ask for and whose making the recording leaves out: they are made up, as the recorded answer shows them. */
import { isObject } from "../../src/model/json.ts";
import type { RecordedCase } from "./http.ts";
import { type Asked, until } from "./http-steps.ts";

type Ask = (method: string, path: string, body?: unknown) => Promise<Asked>;

function idOf({ body }: Asked): string | undefined {
  const one: unknown = Array.isArray(body) ? body[0] : body;
  return isObject(one) && typeof one["id"] === "string" ? one["id"] : undefined;
}

/** An execution like the recorded one. */
async function executionLike(ask: Ask, recorded: unknown): Promise<string | undefined> {
  if (!isObject(recorded) || !isObject(recorded["action"])) return undefined;
  const { action, parameters } = recorded;
  const body = { action: action["ref"], ...(isObject(parameters) ? { parameters } : {}) };
  return idOf(await ask("POST", "/executions", body));
}

/** The second of two executions of which a policy lets one run at a time; rejects unless it was held back. */
async function heldBack(ask: Ask, recorded: unknown): Promise<string | undefined> {
  const policy = await ask("POST", "/policies", {
    name: "one_at_a_time",
    pack: "default",
    policy_type: "action.concurrency",
    resource_ref: "core.local",
    parameters: { action: "delay", threshold: 1 },
  });
  const first = await executionLike(ask, recorded);
  await until(ask, `/executions/${first}`, "running");
  const second = await executionLike(ask, recorded);
  await until(ask, `/executions/${second}`, "delayed");
  await until(ask, `/executions/${second}`, "succeeded");
  await ask("DELETE", `/policies/${idOf(policy)}`);
  return second;
}

async function timerRule(ask: Ask): Promise<string | undefined> {
  return idOf(
    await ask("POST", "/rules", {
      name: "made_up_timer",
      pack: "default",
      trigger: { type: "core.st2.IntervalTimer", parameters: { unit: "hours", delta: 5 } },
      criteria: {},
      action: { ref: "core.noop" },
    }),
  );
}

/** Its id; undefined when it is not known how such a thing is made. */
export async function makeUp(
  ask: Ask,
  name: string,
  { body }: RecordedCase,
): Promise<string | undefined> {
  if (name === "policies/second.final") return heldBack(ask, body);
  if (name === "triggers/timer.del") return timerRule(ask);
  if (name === "rules_webhooks/ti.one")
    return idOf(await ask("GET", "/triggerinstances?trigger_type=core.st2.webhook&limit=1"));
  return executionLike(ask, body);
}
