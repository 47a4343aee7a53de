/** What an action gave back, against its output schema, as StackStorm checks it where the site asks for that. */
import { isObject, type JsonObject } from "../model/json.ts";
import { schemaFault } from "./parameter-schema.ts";
import { pyRepr } from "./python/text.ts";

export interface OutputSchemas {
  /** What the runner's whole result looks like; undefined: what actions of that runner give back is not checked. */
  readonly runner: JsonObject | undefined;
  /** What the action's own value looks like; undefined where nothing, an older form or something malformed is declared. */
  readonly action: JsonObject | undefined;
  /** Where the action's own value stands inside the result; undefined = the whole result. */
  readonly key: string | undefined;
}

/** What is wrong with the result of an action that succeeded, in the words of Python's jsonschema; undefined when nothing is. */
export function outputFault(
  { runner, action, key }: OutputSchemas,
  result: unknown,
): string | undefined {
  if (runner === undefined) return undefined;
  const whole = schemaFault(result, runner, { allowNull: false });
  if (whole !== undefined) return whole.text;
  if (action === undefined) return undefined;
  if (key !== undefined && !(isObject(result) && key in result)) return pyRepr(key);
  const own = key !== undefined && isObject(result) ? result[key] : result;
  return schemaFault(own, action, { allowNull: false })?.text;
}

/** The result of an execution whose output is not as declared. */
export function badOutput(fault: string): JsonObject {
  return {
    error: fault,
    message: "Error validating output. See error output for more details.",
  };
}
