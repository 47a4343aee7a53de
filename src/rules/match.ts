/** Which rules an event matches. Pure: data in, verdicts out. */
import { Unanswered, type Ask, type Question } from "../expressions/context.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { candidates, triggerKey, type Candidates, type RuleIndex } from "./index.ts";
import { judge } from "./rule.ts";

/** What rules see of an event. */
export interface MatchEvent {
  /** Trigger type. */
  readonly trigger: string;
  readonly parameters?: JsonObject;
  readonly payload: unknown;
}

export interface MatchResult {
  /** In file order; backstop rules only when no other rule matched. */
  readonly matches: ReadonlyArray<{ readonly rule: RuleDefinition }>;
  /** Rules that could not be evaluated, with the reason. They do not match. */
  readonly failures: ReadonlyArray<{ readonly rule: RuleDefinition; readonly reason: string }>;
}

const nothing: MatchResult = { matches: [], failures: [] };

/** Matches one event against all rules of its trigger. Throws Unanswered with everything that has to be known first. */
export function match(index: RuleIndex, event: MatchEvent, ask: Ask): MatchResult {
  const rules = index.triggers.get(triggerKey(event.trigger, event.parameters));
  if (rules === undefined) return nothing;
  const first = pass(rules.standard, event.payload, ask);
  if (first.matches.length > 0 || rules.backstop.all.length === 0) return first;
  const second = pass(rules.backstop, event.payload, ask);
  return { matches: second.matches, failures: [...first.failures, ...second.failures] };
}

function pass(rules: Candidates, payload: unknown, ask: Ask): MatchResult {
  const met = candidates(rules, payload);
  if (met.length === 0) return nothing;
  const matches: Array<{ rule: RuleDefinition }> = [];
  const failures: Array<{ rule: RuleDefinition; reason: string }> = [];
  let questions: Question[] | undefined;
  for (const compiled of met) {
    const verdict = judge(compiled, payload, ask);
    switch (verdict.kind) {
      case "match":
        matches.push({ rule: compiled.rule });
        break;
      case "failure":
        failures.push({ rule: compiled.rule, reason: verdict.reason });
        break;
      case "unanswered":
        questions = [...(questions ?? []), ...verdict.error.questions];
        break;
      case "no-match":
        break;
    }
  }
  const [first, ...others] = questions ?? [];
  if (first !== undefined) throw new Unanswered(first, others);
  return { matches, failures };
}

/** Why one rule did or did not match. */
export interface Explanation {
  readonly rule: RuleDefinition;
  readonly verdict: "match" | "no-match" | "failure";
  /** One sentence for people. */
  readonly reason: string;
}

/** Explains every enabled rule of the event's trigger type, in file order. Throws Unanswered as `match` does. */
export function explain(index: RuleIndex, event: MatchEvent, ask: Ask): readonly Explanation[] {
  const key = triggerKey(event.trigger, event.parameters);
  const matched = new Set(match(index, event, ask).matches.map(({ rule }) => rule.ref));
  const explained: Array<{ ordinal: number; explanation: Explanation }> = [];
  for (const [trigger, { standard, backstop }] of index.triggers) {
    for (const compiled of [...standard.all, ...backstop.all]) {
      const { rule, ordinal } = compiled;
      if (rule.trigger.type !== event.trigger) continue;
      const explanation: Explanation =
        trigger === key
          ? { rule, ...explainOne(judge(compiled, event.payload, ask), matched.has(rule.ref)) }
          : {
              rule,
              verdict: "no-match",
              reason: `its trigger has other parameters: ${JSON.stringify(rule.trigger.parameters)}`,
            };
      explained.push({ ordinal, explanation });
    }
  }
  return explained.toSorted((a, b) => a.ordinal - b.ordinal).map(({ explanation }) => explanation);
}

function explainOne(
  verdict: ReturnType<typeof judge>,
  isMatch: boolean,
): Pick<Explanation, "verdict" | "reason"> {
  switch (verdict.kind) {
    case "match":
      return isMatch
        ? { verdict: "match", reason: "everything it demands holds" }
        : { verdict: "no-match", reason: "it is a backstop rule, and another rule matched" };
    case "no-match":
      return { verdict: "no-match", reason: verdict.because() };
    case "failure":
      return { verdict: "failure", reason: verdict.reason };
    case "unanswered":
      throw verdict.error;
  }
}
