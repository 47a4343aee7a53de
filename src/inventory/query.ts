/**
 * The query model: one compiler from conditions over paths to predicates, for search, saved filters, node sets, permissions and exports.
 * References are named as people name them; `resolve` answers them (a first run with answers missing tells which are needed).
 */
import type { Catalogue, KnownType } from "./catalogue.ts";
import { compileTest } from "./query-tests.ts";
import { readCondition, type Condition } from "./query-condition.ts";
import { readPath, type Path, type Readable } from "./query-path.ts";
import { all, any, always, never, not, type Predicate, type ValuePath } from "./predicate.ts";
import type { QueryClock } from "./query-time.ts";
import { attributeType } from "./attribute-types.ts";
import { badRequest } from "./problem.ts";
import { isReference, type Resolve } from "./references.ts";
import { bigrams, containsPattern, searchWords } from "./text.ts";

/** What the caller may see. Rows that it may not see do not exist for it, on every step of a path. */
export interface Access {
  readonly readable: Readable;
  /** What must hold of an entry of the type; undefined = every one may be seen. */
  rows(type: KnownType): Condition | undefined;
}
export const fullAccess: Access = { readable: () => true, rows: () => undefined };

export interface QueryContext {
  readonly known: Catalogue;
  readonly access: Access;
  readonly resolve: Resolve;
  /** The site's day and the moment of the query: `today+90d` and `now-2h` count from them. */
  readonly clock: QueryClock;
  /** True: entries as they were at some moment, of which only documents are known. */
  readonly past?: boolean;
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
      return wordsOf(condition.words);
    case "test": {
      const path = readPath(condition.path, types, reading(context));
      if (context.past === true && path.steps.length > 0)
        throw presentOnly(`a path (${path.text})`);
      return compileTest(condition, path, {
        ...context,
        enclose: (p, last) => enclose(p, last, context),
      });
    }
  }
}

function presentOnly(what: string): Error {
  return badRequest(`${what} can only be asked of the present, not of the past (at)`);
}

function reading({ known, access }: QueryContext): { known: Catalogue; readable: Readable } {
  return { known, readable: access.readable };
}

/** Puts what must hold of the last entry of a path behind its steps. */
function enclose(path: Path, last: Predicate, context: QueryContext): Predicate {
  return path.steps.reduceRight<Predicate>(
    (rest, step) => ({
      kind: "step",
      direction: step.direction,
      attribute: step.attribute,
      rest: all(visible(step.types, context), rest),
    }),
    last,
  );
}

/** Entries of these types that the caller may see. */
function visible(types: readonly KnownType[], context: QueryContext): Predicate {
  if (
    types.length === context.known.byId.size &&
    types.every((type) => context.access.rows(type) === undefined)
  )
    return always;
  const open: KnownType[] = [];
  const limited: Predicate[] = [];
  for (const type of types) {
    const condition = context.access.rows(type);
    if (condition === undefined) open.push(type);
    else {
      // The condition of a permission looks at everything: it is not the caller's own question.
      const inner = compile(condition, [type], { ...context, access: fullAccess });
      limited.push(all({ kind: "types", ids: [type.id] }, inner));
    }
  }
  const free: Predicate[] =
    open.length === 0 ? [] : [{ kind: "types", ids: open.map(({ id }) => id) }];
  const parts = [...free, ...limited];
  return parts.length === 0 ? never : any(...parts);
}

/** The words that must all stand in the search text, in any writing. */
export function wordsOf(text: string): Predicate {
  const words = searchWords(text);
  if (words.length === 0) return always;
  return {
    kind: "words",
    patterns: words.map(containsPattern),
    grams: [...new Set(words.flatMap(bigrams))],
  };
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
    steps: steps.map(({ direction, attribute, types: leadsTo }) => ({
      direction,
      attribute,
      rest: visible(leadsTo, context),
    })),
    ending:
      ending.kind === "field"
        ? ending
        : { kind: "attribute", name: ending.name, array, column: columnOf(followed) },
    many: array || steps.some(({ many }) => many),
  };
}

function isReferenceEnding({ ending }: Path): boolean {
  return ending.kind === "attribute" && ending.by.every(({ attribute }) => isReference(attribute));
}

function columnOf({ ending }: Path): "d" | "ts" | "n" | "net" | "t" {
  if (ending.kind !== "attribute") return "t";
  const columns = new Set(
    ending.by.map(({ attribute }) => {
      const { range, network } = attributeType(attribute.element.type).indexes;
      return range ?? network ?? "t";
    }),
  );
  const [only] = columns;
  return columns.size === 1 && only !== undefined ? only : "t";
}
