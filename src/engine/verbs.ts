/** Actions of the engine's own packs: each is a verb, called as the action is within its pack. */
import type { Outcome } from "../model/outcome.ts";
import type { RunCall } from "../runners/runner.ts";
import { endInLedger } from "./in-ledger.ts";

/** Does what the action's name says; fails with the names that there are where that is none of them. Rejects as `endInLedger` does. */
export async function runVerb<Verb>(
  verbs: Readonly<Record<string, Verb>>,
  { action }: RunCall,
  run: (verb: Verb) => Promise<unknown>,
): Promise<Outcome> {
  const dot = action.ref.indexOf(".");
  const [pack, name] = [action.ref.slice(0, dot), action.ref.slice(dot + 1)];
  const verb = verbs[name];
  if (verb !== undefined) return endInLedger(() => run(verb));
  const known = Object.keys(verbs).join(", ");
  return {
    status: "failed",
    result: { error: `There is no ${pack} action "${name}": ${known}` },
  };
}
