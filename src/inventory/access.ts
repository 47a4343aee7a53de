/** What somebody may do in the inventory, compiled from grants: which types and attributes there are at all, and on which entries.
 *
 * 1. Grants add up. A type or attribute that no grant names does not exist for the caller.
 * 2. Who may see an entry may know its name, and so the attributes that its title is made of.
 * 3. What cannot be decided is not granted: an unknown type, a condition that no longer compiles, `$user.team` of somebody without team. */
import {
  inventoryVerbs,
  type InventoryGrant,
  type InventoryVerb,
} from "../model/inventory-grants.ts";
import type { Catalogue, KnownType } from "./catalogue.ts";
import type { Attribute } from "./definition.ts";
import { InventoryError } from "./problem.ts";
import { all, any, never, type Predicate } from "./predicate.ts";
import { compileCondition, fullAccess, type Access, type QueryContext } from "./query.ts";
import { readCondition, type Condition } from "./query-condition.ts";

/** One grant on one type. */
export interface Licence {
  readonly verbs: ReadonlySet<InventoryVerb>;
  readonly attributes: ReadonlySet<string>;
  /** Entries it is about; undefined = every one of the type. */
  readonly rows: Predicate | undefined;
  /** The same of a deleted entry, whose references are no longer followed. */
  readonly gone: Predicate | undefined;
  /** The same of an earlier image of an entry: allowed now, and as it was then. */
  readonly image: Predicate | undefined;
  /** Place of the grant among those that were given, for explanations. */
  readonly grant: number;
}

/** Licences by id of the type. */
export type Licences = ReadonlyMap<number, readonly Licence[]>;

/** What `$user…` in conditions means, by its text; what is missing makes a grant void. */
export type UserFacts = ReadonlyMap<string, unknown>;

/** The attributes that stand in the title of a type. */
export function titleAttributes({ title }: Pick<KnownType, "title">): readonly string[] {
  return [...title.matchAll(/\{([^}]*)\}/g)].map(([, name = ""]) => name);
}

/** A grant that was given, or why it means nothing here. */
export interface Granted {
  readonly licences: Licences;
  /** By place of the grant. */
  readonly voids: ReadonlyMap<number, string>;
}

export interface GrantContext {
  readonly query: Omit<QueryContext, "access" | "past">;
  readonly facts: UserFacts;
  /** Ids of the entries that a grant names, by place of the grant. */
  readonly entries: ReadonlyMap<number, readonly string[]>;
}

/** Compiles grants against the types as they are. */
export function compileGrants(grants: readonly InventoryGrant[], context: GrantContext): Granted {
  const licences = new Map<number, Licence[]>();
  const voids = new Map<number, string>();
  for (const [index, grant] of grants.entries()) {
    const condition = conditionOf(grant, context.facts);
    if ("missing" in condition) {
      voids.set(index, condition.missing);
      continue;
    }
    const problems: string[] = [];
    for (const type of typesOf(grant, context.query.known)) {
      const licence = licenceOn(type, { grant, index, condition: condition.condition }, context);
      if (typeof licence === "string") problems.push(licence);
      else licences.set(type.id, [...(licences.get(type.id) ?? []), licence]);
    }
    const unknown = grant.types.filter(
      (name) => name !== "*" && !context.query.known.byName.has(name),
    );
    if (unknown.length > 0) problems.push(`there is no type ${unknown.join(", ")}`);
    if (problems.length > 0) voids.set(index, problems.join("; "));
  }
  return { licences, voids };
}

function typesOf({ types }: InventoryGrant, { byName }: Catalogue): readonly KnownType[] {
  if (types.includes("*")) return [...byName.values()];
  return [...new Set(types)].flatMap((name) => byName.get(name) ?? []);
}

interface Meant {
  readonly grant: InventoryGrant;
  readonly index: number;
  readonly condition: Condition | undefined;
}

function licenceOn(
  type: KnownType,
  { grant, index, condition }: Meant,
  context: GrantContext,
): Licence | string {
  const titles = titleAttributes(type);
  const hidden = titles.find((name) => grant.except.includes(name));
  if (hidden !== undefined)
    return `the name of a ${type.name} is made of ${hidden}: who may see the entry sees it, so it cannot be excepted`;
  const wanted = grant.attributes ?? [...type.attributes.keys()];
  const attributes = new Set(
    [...wanted, ...titles].filter(
      (name) => type.attributes.has(name) && !grant.except.includes(name),
    ),
  );
  const ids = grant.entries === undefined ? undefined : (context.entries.get(index) ?? []);
  const named: Predicate | undefined = ids === undefined ? undefined : { kind: "ids", ids };
  const base = { verbs: new Set(grant.may), attributes, grant: index };
  if (condition === undefined) return { ...base, ...unconditional(named) };
  const query = { ...context.query, access: fullAccess };
  const rows = attempt(() => compileCondition(condition, [type], query));
  if ("problem" in rows) return rows.problem;
  const own = attempt(() => compileCondition(condition, [type], { ...query, past: true }));
  return {
    ...base,
    rows: joined(rows.predicate, named),
    gone: "problem" in own ? never : joined(own.predicate, named),
    image: imageOf(joined(rows.predicate, named), "problem" in own ? undefined : own.predicate),
  };
}

function joined(first: Predicate, second: Predicate | undefined): Predicate {
  return second === undefined ? first : all(first, second);
}

function unconditional(named: Predicate | undefined): Pick<Licence, "rows" | "gone" | "image"> {
  return { rows: named, gone: named, image: named };
}

/** `own`: what the image itself can be asked; undefined = the condition follows references, of which only the present is known. */
function imageOf(rows: Predicate, own: Predicate | undefined): Predicate {
  const now: Predicate = { kind: "now", living: rows, gone: own ?? never };
  return own === undefined ? now : all(own, now);
}

function attempt(
  compile: () => Predicate,
): { readonly predicate: Predicate } | { readonly problem: string } {
  try {
    return { predicate: compile() };
  } catch (error) {
    if (error instanceof InventoryError) return { problem: error.message };
    throw error;
  }
}

/** The condition of a grant with `$user…` replaced. */
function conditionOf(
  { where }: InventoryGrant,
  facts: UserFacts,
): { readonly condition: Condition | undefined } | { readonly missing: string } {
  if (where === undefined) return { condition: undefined };
  try {
    return { condition: withFacts(readCondition(where), facts) };
  } catch (error) {
    if (error instanceof MissingFact) return { missing: error.message };
    if (error instanceof InventoryError) return { missing: error.message };
    throw error;
  }
}

class MissingFact extends Error {}

/** The texts `$user…` in a condition. */
export function factsIn(condition: Condition): readonly string[] {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.flatMap(factsIn);
    case "not":
      return factsIn(condition.of);
    case "text":
    case "named":
      return [];
    case "test":
      return [condition.value].flat().filter(isFact);
  }
}

/** Whether a value in a condition stands for something about the caller. */
export function isFact(value: unknown): value is string {
  return typeof value === "string" && /^\$user(?:\.|$)/.test(value);
}

function withFacts(condition: Condition, facts: UserFacts): Condition {
  switch (condition.kind) {
    case "all":
    case "any":
      return { ...condition, of: condition.of.map((one) => withFacts(one, facts)) };
    case "not":
      return { ...condition, of: withFacts(condition.of, facts) };
    case "text":
    case "named":
      return condition;
    case "test":
      return withFactsInTest(condition, facts);
  }
}

/** A fact that is a list turns equality into being one of the list. */
function withFactsInTest(
  test: Extract<Condition, { readonly kind: "test" }>,
  facts: UserFacts,
): Condition {
  const given: readonly unknown[] = Array.isArray(test.value) ? test.value : [test.value];
  if (!given.some(isFact)) return test;
  const values = given.flatMap((one): readonly unknown[] => {
    if (!isFact(one)) return [one];
    const fact = facts.get(one);
    if (fact === undefined || fact === null) throw new MissingFact(`the caller has no ${one}`);
    return Array.isArray(fact) ? fact : [fact];
  });
  if (test.op === "in" || test.op === "not_in") return { ...test, value: values };
  if (values.length === 1) return { ...test, value: values[0] };
  if (test.op === "eq") return { ...test, op: "in", value: values };
  if (test.op === "ne") return { ...test, op: "not_in", value: values };
  throw new MissingFact(
    `${test.path} ${test.op}: ${given.filter(isFact).join(", ")} has several values`,
  );
}

/** The types and attributes that exist for somebody with these licences. */
export function grantedCatalogue(known: Catalogue, licences: Licences): Catalogue {
  const types = [...known.byId.values()].flatMap((type) => {
    const own = licences.get(type.id) ?? [];
    return own.length === 0 ? [] : [grantedType(type, own)];
  });
  return {
    ...known,
    byId: new Map(types.map((type) => [type.id, type])),
    byName: new Map(types.map((type) => [type.name, type])),
  };
}

function grantedType(type: KnownType, licences: readonly Licence[]): KnownType {
  const readable = new Set(licences.flatMap(({ attributes }) => [...attributes]));
  const only = (names: readonly string[]): readonly string[] =>
    names.filter((name) => readable.has(name));
  const shown = [...type.attributes].filter(([name]) => readable.has(name));
  if (shown.length === type.attributes.size) return type;
  const hidden = new Set([...type.attributes.keys()].filter((name) => !readable.has(name)));
  const attributes = new Map<string, Attribute>(
    shown.map(([name, one]) => {
      const [scope] = only([one.scope ?? ""]);
      return [name, { ...one, scope, computed: shownFormula(one.computed, hidden) }];
    }),
  );
  const { host, allocate } = type;
  return {
    ...type,
    attributes,
    keys: type.keys
      .filter((key) => key.attributes.every((name) => readable.has(name)))
      .map((key) => ({ ...key, unless: only([key.unless ?? ""])[0] })),
    host: host && {
      names: only(host.names),
      addresses: only(host.addresses),
      assets: only(host.assets),
    },
    allocate: allocate && { ...allocate, copy: only(allocate.copy) },
    // Their texts could tell of attributes that do not exist for the caller.
    assertions: [],
    views: [],
    document: {},
    partial: true,
  };
}

/** A formula whose text names what is hidden is there without its text. */
function shownFormula(
  computed: Attribute["computed"],
  hidden: ReadonlySet<string>,
): Attribute["computed"] {
  if (computed === undefined) return undefined;
  if (![...hidden].some((name) => computed.formula.names.has(name))) return computed;
  return { ...computed, formula: { ...computed.formula, source: "" } };
}

function anyOf(licences: readonly Licence[], which: "rows" | "image"): Predicate | undefined {
  const parts = licences.map((licence) => licence[which]);
  return parts.includes(undefined)
    ? undefined
    : any(...parts.flatMap((part) => (part === undefined ? [] : [part])));
}

/** Licences as a query asks them. */
export function accessOf(licences: Licences): Access {
  const of = (type: KnownType): readonly Licence[] => licences.get(type.id) ?? [];
  return {
    rows: (type, past) => {
      const own = of(type);
      return own.length === 0 ? never : anyOf(own, past ? "image" : "rows");
    },
    guard: (type, attribute, past) => {
      const own = of(type);
      const holding = own.filter(({ attributes }) => attributes.has(attribute));
      // Wherever the entry may be seen, the attribute may.
      return holding.length === own.length ? undefined : anyOf(holding, past ? "image" : "rows");
    },
  };
}

/** What may be done with one entry: by verb, the attributes; a verb that is missing may not be done. */
export type Sight = ReadonlyMap<InventoryVerb, ReadonlySet<string>>;

/** What the licences that hold of an entry allow together; undefined = it may not be seen. */
export function sightOf(holding: readonly Licence[]): Sight | undefined {
  if (holding.length === 0) return undefined;
  const sight = new Map<InventoryVerb, Set<string>>();
  for (const verb of inventoryVerbs) {
    const own = verb === "read" ? holding : holding.filter(({ verbs }) => verbs.has(verb));
    if (own.length > 0) sight.set(verb, new Set(own.flatMap(({ attributes }) => [...attributes])));
  }
  return sight;
}
