/** Results against the output schemas of their actions, where the site wants that (`RAICHO_VALIDATE_OUTPUT`). */
import { badOutput, outputFault } from "../expressions/output-schema.ts";
import { maskerOf, secretsIn } from "../model/secrets.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Core } from "./core.ts";

/** The end of an execution, or a failure when it succeeded with what its action does not declare. */
export function checkedEnd<Reached extends { readonly status: string; readonly result: unknown }>(
  core: Core,
  ran: { readonly action: string; readonly runner: string },
  end: Reached,
): Reached | { readonly status: "failed"; readonly result: JsonObject } {
  if (!core.validateOutput || end.status !== "succeeded") return end;
  const runner = core.runners.get(ran.runner);
  const action = core.definitions().content.actions.get(ran.action)?.checkedOutput;
  const key = runner?.outputKey;
  const fault = outputFault({ runner: runner?.outputSchema, action, key }, end.result);
  if (fault === undefined) return end;
  // The words tell the value; what its schema calls secret is not for anybody's eyes.
  const own = key !== undefined && isObject(end.result) ? end.result[key] : end.result;
  const secrets = action === undefined ? [] : secretsIn({ own: action }, { own });
  return { status: "failed", result: badOutput(maskerOf(secrets)?.text(fault) ?? fault) };
}
