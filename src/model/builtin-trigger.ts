/** How a trigger type that needs no pack is written down. */
import type { TriggerTypeDefinition } from "./definitions.ts";
import type { JsonObject } from "./json.ts";

export type BuiltinTriggerType = Omit<TriggerTypeDefinition, "source">;

export const text = { type: "string" } as const;
export const object = { type: "object" } as const;

interface Schemas {
  readonly parameters?: JsonObject;
  readonly payload: JsonObject;
}

/** A trigger type without a pack of its own. */
export function builtin(
  pack: string,
  name: string,
  description: string,
  schemas: Schemas,
): BuiltinTriggerType {
  const { parameters, payload } = schemas;
  return {
    ref: `${pack}.${name}`,
    pack,
    name,
    description,
    payloadSchema: { type: "object", properties: payload },
    parametersSchema:
      parameters === undefined
        ? {}
        : { type: "object", properties: parameters, additionalProperties: false },
  };
}
