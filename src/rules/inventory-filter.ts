/** Trigger parameters of rules on the inventory: which of its events a rule listens to. One event is one trigger instance, whoever listens;
 * so these are conditions of the rule, not another trigger. */
import type { Demand } from "../expressions/jsonata/equalities.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";

export interface Filter {
  /** What does not hold of that payload; undefined when the rule listens to it. */
  refuses(payload: unknown): string | undefined;
  readonly demands: readonly Demand[];
}

/** Whether parameters of such a trigger filter. */
export function isFiltered(trigger: string): boolean {
  return trigger.startsWith("inventory.");
}

const texts = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");

/** `type`, `attribute` and `not_from` of a rule's trigger: each a name or a list of names. */
export function compileFilter({ trigger }: Pick<RuleDefinition, "trigger">): Filter | undefined {
  if (!isFiltered(trigger.type)) return undefined;
  const { type, attribute, not_from: notFrom } = trigger.parameters;
  const [types, attributes, sources] = [texts(type), texts(attribute), texts(notFrom)];
  if (types.length + attributes.length + sources.length === 0) return undefined;
  return {
    demands: types.length === 0 ? [] : [{ path: ["trigger", "type"], values: types }],
    refuses: (payload) => {
      const event = isObject(payload) ? payload : {};
      if (types.length > 0 && !types.includes(String(event["type"])))
        return `the trigger's parameter type: the entry is a ${String(event["type"])}, not a ${types.join(" or ")}`;
      const changed = new Set([...texts(event["changed"]), ...texts(event["attribute"])]);
      if (attributes.length > 0 && !attributes.some((name) => changed.has(name)))
        return `the trigger's parameter attribute: ${attributes.join(", ")} did not change`;
      const source = isObject(event["origin"]) ? event["origin"]["source"] : undefined;
      return typeof source === "string" && sources.includes(source)
        ? `the trigger's parameter not_from: the change came from ${source} itself`
        : undefined;
    },
  };
}

/** How often a rule may be a cause of its own event: `reentrant` of its trigger. */
export function reentrancy({ trigger }: Pick<RuleDefinition, "trigger">): number {
  const { reentrant } = trigger.parameters;
  return typeof reentrant === "number" && isFiltered(trigger.type) ? reentrant : 0;
}
