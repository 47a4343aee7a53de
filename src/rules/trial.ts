/** One rule against one event, criterion by criterion: what an author wants to know. The same criteria and the same verdict as in matching. */
import { Unanswered, type Ask } from "../expressions/context.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import { messageOf } from "./failure.ts";
import { listeningKey, triggerKey } from "./index.ts";
import type { MatchEvent } from "./match.ts";
import { compileRule, judge } from "./rule.ts";

export interface CriterionTrial {
  /** `when` for the condition in JSONata. */
  readonly key: string;
  readonly type: string;
  /** What the event holds there; null when there is nothing. */
  readonly actual: unknown;
  /** What it is held against, rendered. */
  readonly pattern: unknown;
  readonly verdict: "holds" | "does not hold" | "failure";
  /** Why it could not be evaluated. */
  readonly reason?: string;
}

export interface RuleTrial {
  readonly rule: string;
  readonly enabled: boolean;
  /** Whether the event is one that the rule listens to. */
  readonly listens: boolean;
  /** Each is evaluated, also those after the first that does not hold. */
  readonly criteria: readonly CriterionTrial[];
  readonly verdict: "match" | "no-match" | "failure";
  /** One sentence for people. */
  readonly reason: string;
}

/** Tries a rule, enabled or not. Throws Unanswered with what has to be known first. */
export function tryRule(rule: RuleDefinition, event: MatchEvent, ask: Ask): RuleTrial {
  const compiled = compileRule(rule, 0);
  const scope = { document: { trigger: event.payload }, ask };
  const criteria = compiled.criteria.map((criterion): CriterionTrial => {
    const { key, type, pattern } = criterion;
    const written = rule.criteria[key]?.pattern;
    const rendered = attempt(() =>
      pattern === undefined ? written : pattern.evaluate({ variables: scope.document, ask }),
    );
    const actual = attempt(() => criterion.value(scope));
    const shown = {
      key,
      type,
      actual: "value" in actual ? (actual.value ?? null) : null,
      pattern: "value" in rendered ? rendered.value : written,
    };
    return { ...shown, ...verdictOf(() => criterion.test(scope)) };
  });
  const { when } = compiled;
  const all =
    when === undefined
      ? criteria
      : [
          ...criteria,
          {
            key: "when",
            type: "jsonata",
            actual: null,
            pattern: when.source,
            ...verdictOf(() => when.test(scope)),
          },
        ];
  const listens = listeningKey(rule) === triggerKey(event.trigger, event.parameters);
  const about = { rule: rule.ref, enabled: rule.enabled, listens, criteria: all };
  if (!listens)
    return {
      ...about,
      verdict: "no-match",
      reason: `the rule listens to ${named(rule.trigger.type, rule.trigger.parameters)}, the event is one of ${named(event.trigger, event.parameters)}`,
    };
  const judged = judge(compiled, event.payload, ask);
  switch (judged.kind) {
    case "match":
      return { ...about, verdict: "match", reason: "everything it demands holds" };
    case "no-match":
      return { ...about, verdict: "no-match", reason: judged.because() };
    case "failure":
      return { ...about, verdict: "failure", reason: judged.reason };
    case "unanswered":
      throw judged.error;
  }
}

function named(type: string, parameters: unknown): string {
  const text = JSON.stringify(parameters ?? {});
  return text === "{}" ? type : `${type} ${text}`;
}

function verdictOf(test: () => boolean): Pick<CriterionTrial, "verdict" | "reason"> {
  const tested = attempt(test);
  if ("reason" in tested) return { verdict: "failure", reason: tested.reason };
  return { verdict: tested.value ? "holds" : "does not hold" };
}

function attempt<T>(work: () => T): { readonly value: T } | { readonly reason: string } {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    return { reason: messageOf(error) };
  }
}
