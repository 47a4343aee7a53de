/** Payloads of events, held against the schema of their trigger type. */
import { type SchemaFault, schemaFault } from "../expressions/parameter-schema.ts";
import { builtinTriggerTypes } from "../model/builtin-triggers.ts";
import type { Content } from "../model/definitions.ts";

/** One line, and all that StackStorm says. */
export type PayloadFault = Pick<SchemaFault, "message" | "text">;

/** Why that payload is none of this trigger type, as StackStorm words it; undefined when it is. */
export function payloadFault(
  content: Pick<Content, "triggerTypes">,
  type: string,
  payload: unknown,
): PayloadFault | undefined {
  const known = content.triggerTypes.get(type) ?? builtinTriggerTypes.get(type);
  if (known === undefined) {
    const message = `Trigger type with reference "${type}" doesn't exist in the database`;
    return { message, text: message };
  }
  const { payloadSchema } = known;
  if (Object.keys(payloadSchema).length === 0) return undefined;
  return schemaFault(payload, payloadSchema);
}
