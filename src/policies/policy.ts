/** Policies of actions, compiled once: which gates an execution has to pass, and when it is run again. */
import type { Ask, EvaluationContext } from "../expressions/context.ts";
import { compileJinjaTemplate } from "../expressions/jinja/compile.ts";
import { compileTemplate, languageOf } from "../expressions/template.ts";
import type { PolicyDefinition } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";

/** What a gate demands. Times are seconds. */
export type GateRule =
  | {
      readonly kind: "concurrency";
      readonly threshold: number;
      readonly full: "delay" | "cancel";
    }
  | {
      readonly kind: "rate";
      readonly limit: number;
      readonly seconds: number;
      readonly full: "delay" | "cancel";
    }
  | {
      readonly kind: "debounce";
      readonly seconds: number;
      /** Trailing: the longest time that a burst can put it off. */
      readonly most: number | undefined;
      readonly edge: "trailing" | "leading";
    };

/** Executions with the same key share a gate. */
export interface Gate {
  readonly policy: string;
  readonly rule: GateRule;
  /** Throws what the expression throws, also Unanswered. */
  readonly key: (parameters: JsonObject, context: JsonObject, ask: Ask) => string;
}

export interface Retry {
  readonly policy: string;
  readonly on: "failed" | "timeout";
  readonly most: number;
  /** Seconds. */
  readonly delay: number;
}

export interface ActionPolicies {
  readonly gates: readonly Gate[];
  readonly retries: readonly Retry[];
}

export interface CompiledPolicies {
  /** By action; actions without policies are not in it. */
  readonly actions: ReadonlyMap<string, ActionPolicies>;
  /** What the gates of a policy demand now, by the policy's ref. */
  readonly rules: ReadonlyMap<string, GateRule>;
}

/** Compiles enabled policies; of one action in the order of their refs. Never throws: a faulty key fails where it is evaluated. */
export function compilePolicies(definitions: Iterable<PolicyDefinition>): CompiledPolicies {
  const actions = new Map<string, { gates: Gate[]; retries: Retry[] }>();
  const rules = new Map<string, GateRule>();
  const all = [...definitions].filter(({ enabled }) => enabled);
  for (const policy of all.toSorted((a, b) => (a.ref < b.ref ? -1 : 1))) {
    const known = actions.get(policy.resourceRef) ?? { gates: [], retries: [] };
    actions.set(policy.resourceRef, known);
    const rule = ruleOf(policy);
    if (rule === undefined) known.retries.push(retryOf(policy));
    else {
      rules.set(policy.ref, rule);
      known.gates.push({ policy: policy.ref, rule, key: keyOf(policy) });
    }
  }
  return { actions, rules };
}

function ruleOf({ policyType, parameters }: PolicyDefinition): GateRule | undefined {
  const full = parameters["action"] === "cancel" ? "cancel" : "delay";
  const seconds = number(parameters["seconds"], 1);
  switch (policyType) {
    case "action.concurrency":
    case "action.concurrency.attr":
      return { kind: "concurrency", threshold: number(parameters["threshold"], 1), full };
    case "action.rate_limit":
      return { kind: "rate", limit: number(parameters["limit"], 1), seconds, full };
    case "action.debounce": {
      const { max_seconds: most } = parameters;
      return {
        kind: "debounce",
        seconds,
        most: typeof most === "number" ? most : undefined,
        edge: parameters["edge"] === "leading" ? "leading" : "trailing",
      };
    }
    default:
      return undefined;
  }
}

function number(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

function retryOf({ ref, parameters }: PolicyDefinition): Retry {
  return {
    policy: ref,
    on: parameters["retry_on"] === "timeout" ? "timeout" : "failed",
    most: number(parameters["max_retry_count"], 2),
    delay: number(parameters["delay"], 0),
  };
}

function keyOf({ policyType, parameters }: PolicyDefinition): Gate["key"] {
  const { attributes, key } = parameters;
  if (policyType === "action.concurrency.attr") {
    const names = Array.isArray(attributes) ? attributes.map(String) : [];
    return (given) => keyText(names.map((name) => [name, given[name] ?? null]));
  }
  if (key === undefined) return () => "";
  const evaluate = compileKey(key);
  return (given, context, ask) => {
    const variables = { ...given, parameters: given, context };
    return keyText(evaluate({ variables, ask }));
  };
}

/** Jinja as in rules: the parameters are its names. */
function compileKey(key: unknown): (context: EvaluationContext) => unknown {
  if (typeof key !== "string" || languageOf(key) !== "jinja") {
    const template = compileTemplate(key);
    return (context) => template.evaluate(context);
  }
  try {
    const template = compileJinjaTemplate(key);
    return (context) => template.render(context);
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Equal values, equal text: names of objects have no order. */
function keyText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(ordered(value));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value ?? null;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, ordered(value[name])]),
  );
}
