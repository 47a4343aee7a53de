/** What an event would do, or one rule would make of it. Nothing is stored, nothing is started. */
import { Unanswered, type Ask } from "../expressions/context.ts";
import { loopReason } from "../inventory/cause.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { decide } from "../processes/ask.ts";
import { reentrancy } from "../rules/inventory-filter.ts";
import { match, type MatchEvent } from "../rules/match.ts";
import { tryRule, type RuleTrial } from "../rules/trial.ts";
import type { Core } from "./core.ts";
import { contextOf } from "./ingest.ts";
import { actionFor } from "./launch.ts";
import { parametersFor } from "./parameters.ts";

export interface Rehearsed {
  readonly rule: string;
  readonly action: string;
  /** `fires`: an execution with these parameters. `fails`: a failed enforcement with this reason. */
  readonly outcome: "fires" | "fails";
  readonly parameters: JsonObject;
  readonly reason?: string;
}

/** Which rules would fire for a stored event, in their order, with rendered parameters; and which would fail, with the reason. */
export async function rehearseEvent(
  core: Core,
  id: string,
  event: MatchEvent,
): Promise<readonly Rehearsed[]> {
  return decide(
    (ask) => {
      const { matches, failures } = match(core.definitions().rules, event, ask);
      return [
        ...matches.map(({ rule }) => rehearsed(core, { id, event, rule }, ask)),
        ...failures.map(({ rule, reason }) => failed(rule, reason)),
      ];
    },
    (question) => core.answer(question),
  );
}

/** One rule against one event, with everything that it asks answered as in matching. */
export async function rehearseRule(
  core: Core,
  rule: RuleDefinition,
  event: MatchEvent,
): Promise<RuleTrial> {
  return decide(
    (ask) => tryRule(rule, event, ask),
    (question) => core.answer(question),
  );
}

function failed(rule: RuleDefinition, reason: string): Rehearsed {
  return { rule: rule.ref, action: rule.action.ref, outcome: "fails", parameters: {}, reason };
}

function rehearsed(
  core: Core,
  { id, event, rule }: { id: string; event: MatchEvent; rule: RuleDefinition },
  ask: Ask,
): Rehearsed {
  const { payload } = event;
  const loop =
    loopReason(payload, rule.ref, reentrancy(rule)) ??
    core.breaker.held(rule.ref, { ...event, source: "inventory" });
  if (loop !== undefined) return failed(rule, `Not fired, to stop a loop: ${loop}`);
  const { ref, parameters } = rule.action;
  const wish = {
    action: ref,
    parameters,
    variables: { trigger: event.payload },
    context: contextOf(core, id, event, rule),
  };
  try {
    return {
      rule: rule.ref,
      action: ref,
      outcome: "fires",
      parameters: parametersFor(core, actionFor(core, ref), wish, ask),
    };
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    return failed(rule, error instanceof Error ? error.message : String(error));
  }
}
