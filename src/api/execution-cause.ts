/** What an execution came from: rule, trigger, trigger type and trigger instance, which StackStorm keeps with it. */
import type { Response } from "express";
import type { Content } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Db } from "../store/schema.ts";
import type { StoredExecution } from "../store/executions.ts";
import { findInstances, type StoredInstance } from "../store/reads.ts";
import { ruleView } from "./action-view.ts";
import { instanceView, seenInstance } from "./instance-view.ts";
import { triggerTypeOf } from "./trigger-view.ts";

type Caused = Pick<StoredExecution, "context">;

function named(value: unknown): string | undefined {
  return isObject(value) && typeof value["name"] === "string" ? value["name"] : undefined;
}

function afterDot(ref: string): string {
  return ref.slice(ref.indexOf(".") + 1);
}

/** Nothing where no rule was involved. Of a rule that is gone its ref is left; without `instance` only id and trigger of that are told. */
export function causeOf(
  content: Content,
  { context }: Caused,
  instance?: StoredInstance,
): JsonObject {
  const { rule: kept, trigger_instance } = context;
  const ref = named(kept);
  const rule = ref === undefined ? undefined : content.rules.get(ref);
  const type = instance?.trigger ?? named(trigger_instance) ?? rule?.trigger.type;
  if (ref === undefined || type === undefined) return { rule: kept, trigger_instance };
  return {
    rule:
      rule === undefined
        ? { ...(isObject(kept) ? kept : {}), ref, name: afterDot(ref) }
        : ruleView(content, rule),
    trigger: { ...rule?.trigger, type, ref: type, name: afterDot(type) },
    trigger_type: triggerTypeOf(content, type),
    trigger_instance: instance === undefined ? trigger_instance : instanceView(instance),
  };
}

/** What each of them came from, with whole trigger instances, as far as the caller may read them. */
export async function causesOf(
  db: Db,
  content: Content,
  rows: readonly Caused[],
  response: Response,
): Promise<(row: Caused) => JsonObject> {
  const idOf = ({ context: { trigger_instance: kept } }: Caused): string =>
    isObject(kept) && typeof kept["id"] === "string" ? kept["id"] : "";
  const ids = [...new Set(rows.map(idOf))].filter((id) => id !== "");
  const instances = await findInstances(db, ids);
  const seen = await Promise.all(instances.map((each) => seenInstance(response, each)));
  const found = new Map(seen.flatMap((each) => (each === undefined ? [] : [[each.id, each]])));
  return (row) => causeOf(content, row, found.get(idOf(row)));
}
