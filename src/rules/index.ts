/** All rules, arranged so that an event only meets those that can match it.
 * 1. A rule stands under its trigger (type and parameters); events of other triggers never meet it.
 * 2. Where it demands a value of a field, it stands under that value; events with another value never meet it.
 * 3. What an event meets is evaluated in full: the index only leaves out rules that could neither match nor fail. */
import { Float } from "../expressions/python/values.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { RuleDefinition } from "../model/definitions.ts";
import type { Demand } from "../expressions/jsonata/equalities.ts";
import { isFiltered } from "./inventory-filter.ts";
import { compileRule, type CompiledRule } from "./rule.ts";

export interface RuleIndex {
  /** By `triggerKey`. */
  readonly triggers: ReadonlyMap<string, TriggerRules>;
  /** Trigger types that some enabled rule listens to. */
  readonly types: ReadonlySet<string>;
}

export interface TriggerRules {
  readonly standard: Candidates;
  readonly backstop: Candidates;
}

export interface Candidates {
  /** In file order. */
  readonly all: readonly CompiledRule[];
  /** Rules under one demanded field each. */
  readonly fields: readonly FieldRules[];
  /** Rules that demand nothing of a single field. */
  readonly rest: readonly CompiledRule[];
}

interface FieldRules {
  readonly path: readonly string[];
  readonly byValue: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly all: readonly CompiledRule[];
}

interface FieldDraft {
  readonly path: readonly string[];
  readonly byValue: Map<string, CompiledRule[]>;
  readonly all: CompiledRule[];
}

/** Compiles enabled rules. Never throws: a faulty rule fails, with its reason, at every event of its trigger. */
export function compileRules(rules: Iterable<RuleDefinition>): RuleIndex {
  const byTrigger = new Map<string, CompiledRule[]>();
  const types = new Set<string>();
  let ordinal = 0;
  for (const rule of rules) {
    if (!rule.enabled) continue;
    const key = listeningKey(rule);
    const compiled = compileRule(rule, ordinal);
    ordinal += 1;
    types.add(rule.trigger.type);
    const known = byTrigger.get(key);
    if (known === undefined) byTrigger.set(key, [compiled]);
    else known.push(compiled);
  }
  const triggers = new Map<string, TriggerRules>();
  for (const [key, list] of byTrigger) {
    triggers.set(key, {
      standard: arrange(list.filter(({ rule }) => rule.type.ref !== "backstop")),
      backstop: arrange(list.filter(({ rule }) => rule.type.ref === "backstop")),
    });
  }
  return { triggers, types };
}

/** Under which events a rule stands. */
export function listeningKey({ trigger }: Pick<RuleDefinition, "trigger">): string {
  return triggerKey(trigger.type, isFiltered(trigger.type) ? undefined : trigger.parameters);
}

/** One text for a trigger type and its parameters; the order of the parameters and slashes around a url do not matter. */
export function triggerKey(type: string, parameters: JsonObject | undefined): string {
  if (parameters === undefined) return type;
  const names = Object.keys(parameters);
  if (names.length === 0) return type;
  const given = names.toSorted().map((name) => [name, plainParameter(name, parameters[name])]);
  return `${type} ${JSON.stringify(given)}`;
}

function plainParameter(name: string, value: unknown): unknown {
  if (name === "url" && typeof value === "string")
    return value.replace(/^\/+/, "").replace(/\/+$/, "");
  return sorted(value);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.keys(value)
    .toSorted()
    .map((name) => [name, sorted(value[name])]);
}

/** Puts each rule under the field that most rules demand, so that few fields have to be looked up. */
function arrange(rules: readonly CompiledRule[]): Candidates {
  const uses = new Map<string, number>();
  for (const { path } of rules.flatMap(({ demands }) => demands)) {
    uses.set(fieldName(path), (uses.get(fieldName(path)) ?? 0) + 1);
  }
  const usesOf = ({ path }: Demand): number => Number(uses.get(fieldName(path)));
  const fields = new Map<string, FieldDraft>();
  const rest: CompiledRule[] = [];
  for (const rule of rules) {
    const [best] = rule.demands.toSorted((a, b) => usesOf(b) - usesOf(a));
    if (best === undefined) rest.push(rule);
    else file(fields, rule, best);
  }
  return { all: rules, fields: [...fields.values()], rest };
}

function fieldName(path: readonly string[]): string {
  return path.join("\n");
}

function file(fields: Map<string, FieldDraft>, rule: CompiledRule, { path, values }: Demand): void {
  const field: FieldDraft = fields.get(fieldName(path)) ?? { path, byValue: new Map(), all: [] };
  fields.set(fieldName(path), field);
  field.all.push(rule);
  for (const key of new Set(values.map(scalarKey))) {
    const known = field.byValue.get(key);
    if (known === undefined) field.byValue.set(key, [rule]);
    else known.push(rule);
  }
}

/** Equal values have equal keys, in Python and in JSONata. */
function scalarKey(value: string | number | bigint | boolean): string {
  if (typeof value === "string") return `s${value}`;
  return `n${typeof value === "boolean" ? Number(value) : value}`;
}

/** The key of a value; undefined for one that equals no text, number or boolean. */
function valueKey(value: unknown): string | undefined {
  if (isScalar(value)) return scalarKey(value);
  return value instanceof Float ? scalarKey(value.value) : undefined;
}

function isScalar(value: unknown): value is string | number | bigint | boolean {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}

const nobody: readonly CompiledRule[] = [];

/** The rules that this payload can match, in file order. */
export function candidates(index: Candidates, payload: unknown): readonly CompiledRule[] {
  let found = index.rest;
  for (const field of index.fields) {
    const met = rulesUnder(field, payload);
    if (met.length > 0) found = found.length === 0 ? met : [...found, ...met];
  }
  return found === index.rest || (index.fields.length === 1 && index.rest.length === 0)
    ? found
    : found.toSorted((a, b) => a.ordinal - b.ordinal);
}

function rulesUnder(field: FieldRules, payload: unknown): readonly CompiledRule[] {
  let value: unknown = payload;
  for (const [depth, name] of field.path.entries()) {
    if (depth === 0) {
      // Criteria and conditions see the payload as `trigger` and nothing else.
      if (name !== "trigger") return nobody;
      continue;
    }
    // JSONata looks into lists, where one item may have the value.
    if (Array.isArray(value)) return field.all;
    if (!isObject(value) || !Object.hasOwn(value, name)) return nobody;
    value = value[name];
  }
  if (Array.isArray(value)) return field.all;
  const key = valueKey(value);
  return (key === undefined ? undefined : field.byValue.get(key)) ?? nobody;
}
