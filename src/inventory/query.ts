/**
 * The query model: one compiler from conditions over paths to predicates, for search, saved filters, node sets, permissions and exports.
 * References are named as people name them; `resolve` answers them (a first run with answers missing tells which are needed).
 */
import type { Catalogue, KnownType } from "./catalogue.ts";
import { compileTest } from "./query-tests.ts";
import { readCondition, type Condition, type NamedKind } from "./query-condition.ts";
import {
  guardOf,
  readPath,
  type AttributeOf,
  type Guard,
  type Path,
  type Step,
} from "./query-path.ts";
import { all, any, always, never, not, type Predicate, type ValuePath } from "./predicate.ts";
import type { QueryClock } from "./query-time.ts";
import { attributeType } from "./attribute-types.ts";
import { badRequest, InventoryError } from "./problem.ts";
import { isReference, type Resolve } from "./references.ts";
import { bigrams, containsPattern, searchWords } from "./text.ts";

/** What the caller may see. Entries that it may not see do not exist for it, on every step of a path. `past`: asked of an earlier image. */
export interface Access {
  /** What must hold of an entry of the type; undefined = every one may be seen. */
  rows(type: KnownType, past: boolean): Predicate | undefined;
  /** What must hold of an entry for the attribute to be read there; undefined = wherever the entry may be seen. */
  guard(type: KnownType, attribute: string, past: boolean): Predicate | undefined;
}
export const fullAccess: Access = { rows: () => undefined, guard: () => undefined };

/** What a saved filter or a group asks: one of these parts must hold, of entries of its types (undefined: of any). */
export interface NamedParts {
  /** What it is called in messages. */
  readonly name: string;
  readonly parts: readonly {
    readonly types: readonly string[] | undefined;
    readonly condition: Condition;
  }[];
}
/** Answers what saved filters and groups ask; a problem when there is none such. */
export type Named = (what: NamedKind, given: unknown) => NamedParts | { readonly problem: string };

export interface QueryContext {
  /** Types and attributes that exist for the caller. */
  readonly known: Catalogue;
  readonly access: Access;
  readonly resolve: Resolve;
  /** Missing where conditions cannot name filters and groups. */
  readonly named?: Named;
  /** The site's day and the moment of the query: `today+90d` and `now-2h` count from them. */
  readonly clock: QueryClock;
  /** True: entries as they were at some moment, of which only documents are known. */
  readonly past?: boolean;
  /** True: there are types that do not exist for the caller. */
  readonly partial?: boolean;
}

/** What entries of `types` must fulfil; the types and what the caller may see are part of it. */
export function compileCondition(
  condition: Condition,
  types: readonly KnownType[],
  context: QueryContext,
): Predicate {
  return all(visible(types, context), compile(condition, types, context));
}

/** The same from JSON. Throws INVENTORY_REQUEST. */
export function compileWhere(
  where: unknown,
  types: readonly KnownType[],
  context: QueryContext,
): Predicate {
  return compileCondition(readCondition(where), types, context);
}

function compile(
  condition: Condition,
  types: readonly KnownType[],
  context: QueryContext,
): Predicate {
  switch (condition.kind) {
    case "all":
      return all(...condition.of.map((one) => compile(one, types, context)));
    case "any":
      return any(...condition.of.map((one) => compile(one, types, context)));
    case "not":
      return not(compile(condition.of, types, context));
    case "text":
      if (context.past === true) throw presentOnly("words");
      return wordsOf(condition.words, types, context);
    case "named":
      return compileNamed(condition, types, context);
    case "test": {
      const path = readPath(condition.path, types, reading(context));
      if (context.past === true && path.steps.length > 0)
        throw presentOnly(`a path (${path.text})`);
      return compileTest(condition, path, {
        ...context,
        guard: guarding(context),
        visible: (seen) => visible(seen, context),
        enclose: (p, last) => enclose(p, last, context),
      });
    }
  }
}

function compileNamed(
  { what, given }: Extract<Condition, { readonly kind: "named" }>,
  types: readonly KnownType[],
  context: QueryContext,
): Predicate {
  if (context.named === undefined) throw badRequest(`a ${what} cannot be named here`);
  const answer = context.named(what, given);
  if ("problem" in answer) throw badRequest(answer.problem);
  const here = new Set(types);
  const parts = answer.parts.map(({ types: names, condition }) => {
    const own =
      names === undefined ? types : names.flatMap((name) => context.known.byName.get(name) ?? []);
    // Compiled for all its types, as it was meant; asked of those that are asked for.
    const met = own.filter((type) => here.has(type));
    if (met.length === 0) return never;
    return all(
      { kind: "types", ids: met.map(({ id }) => id) },
      inWords(answer.name, context, () => compile(condition, own, context)),
    );
  });
  return any(...parts);
}

/** A fault in what somebody else saved is told to those who may read all of it. */
function inWords(name: string, { access }: QueryContext, make: () => Predicate): Predicate {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    const reason = access === fullAccess ? `: ${error.message}` : "";
    throw badRequest(`${name} asks what is not there, or what you may not read${reason}`);
  }
}

function presentOnly(what: string): Error {
  return badRequest(`${what} can only be asked of the present, not of the past (at)`);
}

function guarding({ access, past }: QueryContext): Guard {
  return (type, attribute) => access.guard(type, attribute, past === true);
}

function reading(context: QueryContext): { known: Catalogue; guard: Guard } {
  return { known: context.known, guard: guarding(context) };
}

/** Puts what must hold of the last entry of a path behind its steps. */
function enclose(path: Path, last: Predicate, context: QueryContext): Predicate {
  return path.steps.reduceRight<Predicate>((rest, step) => {
    const { before, after } = guardsOf(step);
    const further = all(visible(step.types, context), after, rest);
    return all(before, {
      kind: "step",
      direction: step.direction,
      attribute: step.attribute,
      rest: further,
    });
  }, last);
}

/** The entry with the reference is the one before an outward step, and the one after an inward step. */
function guardsOf({ direction, guard }: Step): { before: Predicate; after: Predicate } {
  return direction === "out" ? { before: guard, after: always } : { before: always, after: guard };
}

/** Entries of these types that the caller may see. */
function visible(
  types: readonly KnownType[],
  { access, known, past = false, partial = false }: QueryContext,
): Predicate {
  const conditions = types.map((type) => access.rows(type, past));
  if (!partial && types.length === known.byId.size && conditions.every((one) => one === undefined))
    return always;
  const open: KnownType[] = [];
  const limited: Predicate[] = [];
  for (const [index, type] of types.entries()) {
    const condition = conditions[index];
    if (condition === undefined) open.push(type);
    else limited.push(all({ kind: "types", ids: [type.id] }, condition));
  }
  const free: Predicate[] =
    open.length === 0 ? [] : [{ kind: "types", ids: open.map(({ id }) => id) }];
  const parts = [...free, ...limited];
  return parts.length === 0 ? never : any(...parts);
}

/** The words that must all stand in what the caller may read of the entry, in any writing. */
export function wordsOf(
  text: string,
  types: readonly KnownType[],
  context: QueryContext,
): Predicate {
  const words = searchWords(text);
  if (words.length === 0) return always;
  const patterns = words.map(containsPattern);
  const searched: Predicate = {
    kind: "words",
    patterns,
    grams: [...new Set(words.flatMap(bigrams))],
  };
  const guard = guarding(context);
  const open: number[] = [];
  const limited: Predicate[] = [];
  for (const type of types) {
    const attributes = [...type.attributes.values()].filter(({ search }) => search);
    const guards = attributes.map(({ name }) => guard(type, name));
    if (type.partial !== true && guards.every((one) => one === undefined)) open.push(type.id);
    else {
      const said = attributes.map(({ name }, index) => ({ name, guard: guards[index] ?? always }));
      limited.push(
        all({ kind: "types", ids: [type.id] }, { kind: "said", patterns, attributes: said }),
      );
    }
  }
  if (limited.length === 0) return searched;
  // The search text holds what the caller may not read, too: it only narrows down what the readable values decide.
  return all(searched, any({ kind: "types", ids: open }, ...limited));
}

/** A path whose values are wanted. A reference at its end gives the name of what it leads to. */
export function valuePath(
  text: string,
  types: readonly KnownType[],
  context: QueryContext,
): ValuePath {
  const path = readPath(text, types, reading(context));
  const followed = isReferenceEnding(path)
    ? readPath(`${text}.name`, types, reading(context))
    : path;
  const { ending, steps } = followed;
  if (ending.kind === "entry") throw badRequest(`${text}: expected an attribute at the end`);
  const array = ending.kind === "attribute" && ending.by.some(({ attribute }) => attribute.array);
  return {
    steps: steps.map((step) => {
      const { before, after } = guardsOf(step);
      const rest = all(visible(step.types, context), after);
      return { direction: step.direction, attribute: step.attribute, guard: before, rest };
    }),
    guard: ending.kind === "field" ? always : guardOf(ending.by, followed.types, guarding(context)),
    ending:
      ending.kind === "field"
        ? ending
        : {
            kind: "attribute",
            name: ending.name,
            array,
            values: valuesOf(ending.by),
            ...columnOf(followed),
          },
    many: array || steps.some(({ many }) => many),
  };
}

/** An attribute with more values than this is counted as one that may have any. */
const fewValues = 100;

function valuesOf(by: readonly AttributeOf[]): readonly (string | boolean)[] | undefined {
  const lists = by.map(({ attribute }): readonly (string | boolean)[] | undefined => {
    const { element, array } = attribute;
    if (element.type === "boolean" && !array) return [true, false];
    return element.type === "enum" && !array ? [...element.values.keys()] : undefined;
  });
  if (lists.includes(undefined)) return undefined;
  const values = [...new Set(lists.flatMap((list) => list ?? []))];
  return values.length > fewValues ? undefined : values;
}

function isReferenceEnding({ ending }: Path): boolean {
  return ending.kind === "attribute" && ending.by.every(({ attribute }) => isReference(attribute));
}

interface SortColumn {
  readonly column: "d" | "ts" | "n" | "net" | "t";
  readonly indexed: boolean;
}

function columnOf({ ending }: Path): SortColumn {
  if (ending.kind !== "attribute") return { column: "t", indexed: false };
  const columns = new Set(
    ending.by.map(({ attribute }) => {
      const { range, network } = attributeType(attribute.element.type).indexes;
      return range ?? network ?? "t";
    }),
  );
  const [only] = columns;
  const column = columns.size === 1 && only !== undefined ? only : "t";
  const indexes = ending.by.map(({ attribute }) => attribute.index);
  const wanted = column === "t" ? "lookup" : column === "net" ? "network" : "range";
  return { column, indexed: indexes.every((index) => index === wanted) };
}
