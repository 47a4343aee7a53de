/** Payloads of events, held against the schema of their trigger type. */
import { validateSchema } from "../expressions/parameter-schema.ts";
import { builtinTriggerTypes } from "../model/builtin-triggers.ts";
import type { Content } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";

/** Why that payload is none of this trigger type, as StackStorm words it; undefined when it is. */
export function payloadFault(
  content: Pick<Content, "triggerTypes">,
  type: string,
  payload: unknown,
): string | undefined {
  const known = content.triggerTypes.get(type) ?? builtinTriggerTypes.get(type);
  if (known === undefined)
    return `Trigger type with reference "${type}" doesn't exist in the database`;
  const { payloadSchema } = known;
  if (Object.keys(payloadSchema).length === 0) return undefined;
  // The check is of objects; what is none is held against the schema as a property.
  if (isObject(payload)) return validateSchema(payload, payloadSchema).fault?.message;
  const wrapped = { properties: { payload: { ...payloadSchema, required: true } } };
  return validateSchema({ payload }, wrapped).fault?.message;
}
