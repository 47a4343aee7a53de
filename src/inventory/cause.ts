/**
 * Why a change happened, as a chain from the first event on; it stops an inventory change from causing itself for ever.
 * The engine carries it: event → execution context → changeset → event. Pack authors cannot forget or forge it.
 */
import { isObject, type JsonObject } from "../model/json.ts";

export interface Cause {
  /** Execution that wrote, when one did. */
  readonly execution: string | null;
  /** Rules that led here, oldest first, each as `rule@entry`. */
  readonly ruleChain: readonly string[];
  /** Changesets that led here, oldest first. */
  readonly changesets: readonly string[];
  /** Inventory changes before this one in the chain. */
  readonly depth: number;
}

export const noCause: Cause = { execution: null, ruleChain: [], changesets: [], depth: 0 };
/** A chain longer than this is a loop that the other guards missed. */
const deepest = 8;
const longestChain = 100;

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

/** Reads a cause out of JSON (an execution's context); anything malformed is the empty cause. */
export function readCause(value: unknown): Cause {
  if (!isObject(value)) return noCause;
  const { execution, ruleChain, changesets, depth } = value;
  return {
    execution: typeof execution === "string" ? execution : null,
    ruleChain: texts(ruleChain),
    changesets: texts(changesets),
    depth: typeof depth === "number" && depth > 0 ? depth : 0,
  };
}

/** Rules that led to an event, oldest first, each as `rule@entry`; none for what came from outside. */
export function chainOf({
  source,
  payload,
  cause,
}: {
  readonly source: string;
  readonly payload: unknown;
  readonly cause?: JsonObject;
}): readonly string[] {
  if (cause !== undefined) return texts(cause["ruleChain"]);
  if (source !== "inventory" || !isObject(payload) || !isObject(payload["origin"])) return [];
  return texts(payload["origin"]["rule_chain"]);
}

/** Whether the chain that led to this event is so long that the event is put aside. */
export function isTooDeep({ depth }: Pick<Cause, "depth">): boolean {
  return depth > deepest;
}

/**
 * The cause that an execution started by `rule` on this event passes on. Put it into the execution's context as `inventory_cause`;
 * `inventoryRunner` reads it there. An event that is not of the inventory continues the chain of what raised it (the end of an execution, an
 * action that calls a webhook), or starts one.
 */
export function causeOfEvent(
  { payload, cause }: { readonly payload: unknown; readonly cause?: JsonObject },
  rule: string,
): Cause {
  if (!isObject(payload) || !isObject(payload["origin"])) {
    const { ruleChain, ...before } = readCause(cause);
    const chain = [...ruleChain, `${rule}@`].slice(-longestChain);
    return { ...before, execution: null, ruleChain: chain };
  }
  const { origin, changeset } = payload;
  // News of what sources say may come without a change.
  const changed =
    isObject(changeset) && typeof changeset["id"] === "string" ? [changeset["id"]] : [];
  const depth = typeof origin["depth"] === "number" ? origin["depth"] : 0;
  return {
    execution: null,
    ruleChain: [...texts(origin["rule_chain"]), `${rule}@${entryOf(payload)}`].slice(-longestChain),
    changesets: [...texts(origin["causes"]), ...changed].slice(-longestChain),
    depth: depth + changed.length,
  };
}

function entryOf(payload: unknown): string {
  const entry = isObject(payload) && isObject(payload["entry"]) ? payload["entry"] : {};
  return typeof entry["id"] === "string" ? entry["id"] : "";
}

/**
 * Why this rule must not fire on this inventory event, or undefined when it may. It may be a cause of its own event `reentrant` times;
 * an event of a changeset counts as one of no entry.
 */
export function loopReason(payload: unknown, rule: string, reentrant = 0): string | undefined {
  if (!isObject(payload) || !isObject(payload["origin"])) return undefined;
  const entry = entryOf(payload);
  const own = `${rule}@${entry}`;
  const times = texts(payload["origin"]["rule_chain"]).filter((one) => one === own).length;
  if (times <= reentrant) return undefined;
  const what = entry === "" ? "this changeset" : `this change of entry ${entry}`;
  return `rule ${rule} is itself a cause of ${what}${times > 1 ? `, ${times} times` : ""}`;
}
