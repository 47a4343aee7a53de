/** One rule, compiled: what it demands of an event, and whether an event fulfils it. */
import { Unanswered, type Ask } from "../expressions/context.ts";
import { compileJsonata } from "../expressions/jsonata/compile.ts";
import { demands, type Demand } from "../expressions/jsonata/equalities.ts";
import { parse } from "../expressions/jsonata/parse.ts";
import { truthy } from "../expressions/jsonata/values.ts";
import { pyTruth } from "../expressions/python/compare.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import { compileFilter, type Filter } from "./inventory-filter.ts";
import { attempt, CriterionFailure, guarded, messageOf } from "./failure.ts";
import {
  compileCriterion,
  type CompiledCriterion,
  type CriteriaScope,
} from "./criteria.ts";

export interface CompiledRule {
  readonly rule: RuleDefinition;
  /** Place among all rules; matches come in this order. */
  readonly ordinal: number;
  /** What the parameters of an inventory trigger demand. */
  readonly filter: Filter | undefined;
  readonly criteria: readonly CompiledCriterion[];
  readonly when: When | undefined;
  /** Fields without whose values the rule can neither match nor fail; the index is made of one of them. */
  readonly demands: readonly Demand[];
}

interface When {
  readonly source: string;
  test(scope: CriteriaScope): boolean;
}

export function compileRule(rule: RuleDefinition, ordinal: number): CompiledRule {
  const criteria = Object.entries(rule.criteria).map(([key, criterion]) =>
    compileCriterion(key, criterion, rule.ref),
  );
  const filter = compileFilter(rule);
  return {
    rule,
    ordinal,
    filter,
    criteria,
    when: rule.when === undefined ? undefined : compileWhen(rule.when),
    demands: [
      ...(filter?.demands ?? []),
      ...criteriaDemands(criteria),
      // What `when` demands counts only when no criterion before it can fail.
      ...(criteria.every(isQuiet) ? whenDemands(rule.when) : []),
    ],
  };
}

function compileWhen(source: string): When {
  const compiled = attempt(() => compileJsonata(source));
  return {
    source,
    test: ({ document, ask }) =>
      guarded(() => {
        if (compiled instanceof CriterionFailure) throw new SyntaxError(compiled.message);
        return truthy(compiled.evaluate({ variables: document, ask }));
      }, failure),
  };
}

function failure(reason: string): string {
  return `Failed to evaluate "when": ${reason}`;
}

const quiet = new Set(["eq", "equals", "neq", "nequals", "exists", "nexists"]);

function isQuiet({ type, path, pattern }: CompiledCriterion): boolean {
  return quiet.has(type) && path !== undefined && pattern?.literal === true;
}

/** Literal equalities that are evaluated before anything that could fail: a rule that fails must not be passed over. */
function criteriaDemands(criteria: readonly CompiledCriterion[]): readonly Demand[] {
  const found: Demand[] = [];
  for (const criterion of criteria) {
    const { type, path, pattern } = criterion;
    if (!isQuiet(criterion)) break;
    const value = pattern?.value;
    const isEquality = type === "eq" || type === "equals";
    if (isEquality && path !== undefined && isKey(value)) found.push({ path, values: [value] });
  }
  return found;
}

function isKey(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function whenDemands(when: string | undefined): readonly Demand[] {
  if (when === undefined) return [];
  const parsed = attempt(() => parse(when));
  return parsed instanceof CriterionFailure ? [] : demands(parsed);
}

/** How one rule took one event. */
export type Verdict =
  | { readonly kind: "match" }
  /** `because` names what did not hold. */
  | { readonly kind: "no-match"; readonly because: () => string }
  | { readonly kind: "failure"; readonly reason: string }
  | { readonly kind: "unanswered"; readonly error: Unanswered };

const matched: Verdict = { kind: "match" };
const emptyPayload: Verdict = { kind: "no-match", because: () => "the event has no payload" };

/** Evaluates the rule in full. Never throws. */
export function judge(compiled: CompiledRule, payload: unknown, ask: Ask): Verdict {
  const { criteria, filter, when } = compiled;
  const refused = filter?.refuses(payload);
  if (refused !== undefined) return { kind: "no-match", because: () => refused };
  if (criteria.length > 0 && !pyTruth(payload ?? null)) return emptyPayload;
  const scope: CriteriaScope = { document: { trigger: payload }, ask };
  try {
    for (const criterion of criteria) {
      if (!criterion.test(scope)) {
        return { kind: "no-match", because: () => explained(criterion, scope) };
      }
    }
    if (when !== undefined && !when.test(scope)) {
      return { kind: "no-match", because: () => `when: ${when.source}` };
    }
    return matched;
  } catch (error) {
    if (error instanceof Unanswered) return { kind: "unanswered", error };
    return { kind: "failure", reason: messageOf(error) };
  }
}

function explained(criterion: CompiledCriterion, scope: CriteriaScope): string {
  const { key, type, pattern } = criterion;
  const context = { variables: scope.document, ask: scope.ask };
  const wanted = pattern === undefined ? "" : ` ${JSON.stringify(pattern.evaluate(context))}`;
  return `criterion ${key}: ${JSON.stringify(criterion.value(scope))} ${type}${wanted} does not hold`;
}
