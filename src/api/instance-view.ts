import type { Response } from "express";
import { seenPayload } from "../engine/inventory-payload.ts";
import type { Content } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import type { StoredEnforcement, StoredInstance } from "../store/reads.ts";
import { idFor, isoTime } from "./ids.ts";
import { lentInventory } from "./inventory-view.ts";

/** A trigger instance as StackStorm's API shows it. */
export function instanceView({
  id,
  trigger,
  payload,
  status,
  occurred_at,
}: StoredInstance): JsonObject {
  return { id, trigger, payload, status, occurrence_time: isoTime(occurred_at) };
}

/** The same with what the caller may read of its payload; undefined when it is about what the caller may not see. */
export async function seenInstanceView(
  response: Response,
  instance: StoredInstance,
): Promise<JsonObject | undefined> {
  const seen = await seenInstance(response, instance);
  return seen === undefined ? undefined : instanceView(seen);
}

/** The trigger instance with what the caller may read of its payload; undefined when it is about what the caller may not see. */
export async function seenInstance(
  response: Response,
  instance: StoredInstance,
): Promise<StoredInstance | undefined> {
  if (!instance.trigger.startsWith("inventory.")) return instance;
  const { ground } = await lentInventory(response);
  const payload = await seenPayload(ground, instance.trigger, instance.payload);
  return payload === undefined ? undefined : { ...instance, payload };
}

/** A rule enforcement as StackStorm's API shows it. */
export function enforcementView({
  id,
  trigger_instance_id,
  rule,
  execution_id,
  status,
  failure_reason,
  enforced_at,
}: StoredEnforcement): JsonObject {
  return {
    id,
    trigger_instance_id,
    rule: { ref: rule, id: idFor(`rule:${rule}`), uid: `rule:${rule.replace(".", ":")}` },
    ...(execution_id === null ? {} : { execution_id }),
    status,
    ...(failure_reason === null ? {} : { failure_reason }),
    enforced_at: isoTime(enforced_at),
  };
}

/** The ref of a rule by its id. */
export function ruleById(content: Content, id: string): string | undefined {
  return [...content.rules.keys()].find((ref) => ref === id || idFor(`rule:${ref}`) === id);
}
