/** Which trace something belongs to. A trace has the id of what began it: a trigger instance, or an execution that nothing else led to. Its members follow
 * from what is written anyway (enforcements, parents), and only who joins from outside is noted. */
import { liveActionId } from "./ids.ts";
import { isObject, type JsonObject } from "./json.ts";

export interface TraceName {
  readonly id: string;
  readonly tag: string;
}

function textIn(value: unknown, name: string): string | undefined {
  const text = isObject(value) ? value[name] : undefined;
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** The workflow at the top, where there is one. */
function topOf(parent: unknown): string | undefined {
  const above = isObject(parent) ? topOf(parent["parent"]) : undefined;
  return above ?? textIn(parent, "execution_id");
}

/** The tag of a trace that was given none, as StackStorm makes it. */
export function usualTag(id: string, begunBy: "trigger_instance" | "execution"): string {
  return begunBy === "execution" ? `execution-${liveActionId(id)}` : `trigger_instance-${id}`;
}

/** The trace of an execution, from what its context says. */
export function traceOf({
  id,
  context,
}: {
  readonly id: string;
  readonly context: JsonObject;
}): TraceName {
  const { trace_context: given, trigger_instance: instance, parent } = context;
  const event = textIn(instance, "id");
  const begun = event ?? topOf(parent) ?? id;
  const joined = textIn(given, "id_") ?? begun;
  const begunBy = event === undefined ? "execution" : "trigger_instance";
  return { id: joined, tag: textIn(given, "trace_tag") ?? usualTag(joined, begunBy) };
}

/** What an execution that nothing else led to says about its trace: that it joins one, or what its own is called. */
export function tracePart(
  context: JsonObject,
): { readonly trace: string | undefined; readonly tag: string | undefined } | undefined {
  const { trace_context: given, trigger_instance: instance } = context;
  if (!isObject(given) || instance !== undefined) return undefined;
  return { trace: textIn(given, "id_"), tag: textIn(given, "trace_tag") };
}
