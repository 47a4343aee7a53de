/** Rules that may cause each other: one changes what another hears of, and so on, back to the first. Told from what is written in the rules and in the
 * workflows they start; what is only known when they run may be anything. */
import type { ActionDefinition, RuleDefinition, WorkflowSource } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";

export interface RuleContent {
  readonly rules: ReadonlyMap<string, RuleDefinition>;
  readonly actions: ReadonlyMap<string, ActionDefinition>;
  readonly workflows: ReadonlyMap<string, WorkflowSource>;
}

/** A change of entries; undefined = of any type, of any attribute. */
interface Change {
  readonly event: "created" | "updated" | "deleted" | "restored" | "any";
  readonly types: readonly string[] | undefined;
  readonly attributes: readonly string[] | undefined;
}

export interface RuleCycle {
  /** Each causes the next, the last the first. */
  readonly rules: readonly RuleDefinition[];
  /** One sentence for people. */
  readonly message: string;
}

/** Each cycle of enabled rules once, named from the rule that comes first in the alphabet. */
export function ruleCycles(content: RuleContent): readonly RuleCycle[] {
  const rules = [...content.rules.values()]
    .filter(({ enabled, trigger }) => enabled && trigger.type.startsWith("inventory."))
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
  const made = new Map(rules.map((rule) => [rule.ref, changesOf(rule.action, content, [])]));
  const heard = new Map(rules.map((rule) => [rule.ref, hearing(rule)]));
  const next = (from: RuleDefinition): readonly RuleDefinition[] =>
    rules.filter((to) => {
      const wanted = heard.get(to.ref);
      return wanted !== undefined && (made.get(from.ref) ?? []).some((one) => meet(one, wanted));
    });
  const done = new Set<string>();
  return rules.flatMap((rule) => {
    if (done.has(rule.ref)) return [];
    const way = wayBack(rule, next);
    if (way === undefined) return [];
    for (const { ref } of way) done.add(ref);
    return [{ rules: way, message: sentence(way) }];
  });
}

function sentence(way: readonly RuleDefinition[]): string {
  const [first] = way;
  if (way.length === 1)
    return `rule ${first?.ref} changes what it hears of itself; it may go round until the guards against loops stop it`;
  const names = [...way, ...way.slice(0, 1)].map(({ ref }) => ref).join(" → ");
  return `rules may cause each other: ${names}; they may go round until the guards against loops stop them`;
}

type Way = readonly RuleDefinition[];

/** The shortest way from a rule back to it. */
function wayBack(start: RuleDefinition, next: (from: RuleDefinition) => Way): Way | undefined {
  const seen = new Set<string>();
  let ways: readonly Way[] = [[start]];
  while (ways.length > 0) {
    const round = ways.find((way) =>
      next(way.at(-1) ?? start).some(({ ref }) => ref === start.ref),
    );
    if (round !== undefined) return round;
    ways = ways.flatMap((way) => {
      const fresh = next(way.at(-1) ?? start).filter(({ ref }) => !seen.has(ref));
      for (const { ref } of fresh) seen.add(ref);
      return fresh.map((rule) => [...way, rule]);
    });
  }
  return undefined;
}

function meet(change: Change, wanted: Change): boolean {
  const events = change.event === "any" || wanted.event === "any" || change.event === wanted.event;
  return (
    events && overlap(change.types, wanted.types) && overlap(change.attributes, wanted.attributes)
  );
}

function overlap(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === undefined || b === undefined || a.some((one) => b.includes(one));
}

const named = (value: unknown): readonly string[] | undefined => {
  const list = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");
  return list.length === 0 || list.some(isExpression) ? undefined : list;
};

function isExpression(text: string): boolean {
  return /<%|\{\{|\{%|<\$/.test(text);
}

/** What a rule hears of; undefined when no change of entries can start it. */
function hearing({ trigger, criteria }: RuleDefinition): Change | undefined {
  const [, entries, event = "committed"] =
    /^inventory\.(entry|changeset)\.(\w+)$/.exec(trigger.type) ?? [];
  if (entries === undefined) return undefined;
  if (entries === "changeset") return { event: "any", types: undefined, attributes: undefined };
  if (event !== "updated" && event !== "deleted" && event !== "restored" && event !== "created")
    return undefined;
  const { type, attribute } = trigger.parameters;
  const equal = (key: string, operators: readonly string[]): readonly string[] | undefined => {
    const criterion = criteria[key];
    return criterion !== undefined && operators.includes(criterion.type)
      ? named(criterion.pattern)
      : undefined;
  };
  return {
    event,
    types: named(type) ?? equal("trigger.type", ["equals", "eq"]),
    attributes: named(attribute) ?? equal("trigger.changed", ["contains"]),
  };
}

const events: Readonly<Record<string, Change["event"]>> = {
  patch: "updated",
  upsert: "any",
  allocate: "any",
  delete: "deleted",
  restore: "restored",
  revert: "any",
  revert_changeset: "any",
};

interface Call {
  readonly ref: string;
  readonly parameters: JsonObject;
}

/** What an action changes; of a workflow what its tasks change. */
function changesOf(
  { ref, parameters }: Call,
  content: RuleContent,
  above: readonly string[],
): readonly Change[] {
  const action = content.actions.get(ref);
  if (action === undefined || above.includes(ref)) return [];
  if (action.runner === "inventory") return changeOf(action, parameters);
  const document = content.workflows.get(ref)?.document;
  const tasks = isObject(document) && isObject(document["tasks"]) ? document["tasks"] : {};
  return Object.values(tasks).flatMap((task) => {
    if (!isObject(task) || typeof task["action"] !== "string") return [];
    const [name = ""] = task["action"].split(" ");
    const input = isObject(task["input"]) ? task["input"] : {};
    return changesOf({ ref: name, parameters: input }, content, [...above, ref]);
  });
}

function changeOf(action: ActionDefinition, parameters: JsonObject): readonly Change[] {
  const operation = parameters["operation"] ?? action.parameters["operation"]?.default;
  const event = typeof operation === "string" ? events[operation] : undefined;
  if (event === undefined) return [];
  const { attributes, set, set_once: once, items } = parameters;
  const written = [attributes, set, once].filter((one) => one !== undefined);
  const known = items === undefined && written.length > 0 && written.every(isObject);
  const whole = event === "deleted" || event === "restored";
  return [
    {
      event,
      types: items === undefined ? named(parameters["type"]) : undefined,
      attributes:
        known && !whole ? written.filter(isObject).flatMap((one) => Object.keys(one)) : undefined,
    },
  ];
}
