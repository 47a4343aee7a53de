/** What each operator asks of the value at the end of a path. */
import { attributeType, isUuid } from "./attribute-types.ts";
import type { Catalogue, KnownType } from "./catalogue.ts";
import type { Attribute } from "./definition.ts";
import { all, always, any, never, not, type Comparison, type Predicate } from "./predicate.ts";
import { badRequest, type InventoryError } from "./problem.ts";
import type { Condition, Operator } from "./query-condition.ts";
import {
  guardOf,
  isField,
  type AttributeOf,
  type Field,
  type Guard,
  type Path,
} from "./query-path.ts";
import { isReference, type Resolve } from "./references.ts";
import { containsPattern, escapeLike, fold, foldHost } from "./text.ts";
import { momentOf, type QueryClock } from "./query-time.ts";
import { shown } from "./validate.ts";

export interface TestContext {
  readonly known: Catalogue;
  readonly resolve: Resolve;
  readonly clock: QueryClock;
  readonly past?: boolean;
  readonly guard: Guard;
  /** Entries of these types that the caller may see. */
  visible(types: readonly KnownType[]): Predicate;
  /** Puts a predicate of the last entry behind the steps of the path. */
  enclose(path: Path, last: Predicate): Predicate;
}
type Test = Extract<Condition, { readonly kind: "test" }>;

/** Operators that are the contrary of another one: nothing of what the path leads to fulfils that. */
const contraries: Partial<Record<Operator, Operator>> = { ne: "eq", not_in: "in" };
const comparisons: Partial<Record<Operator, Comparison>> = { lt: "<", le: "<=", gt: ">", ge: ">=" };

/** Throws INVENTORY_REQUEST when the operator does not fit the attribute or the value. */
export function compileTest(test: Test, path: Path, context: TestContext): Predicate {
  const contrary = contraries[test.op];
  if (contrary !== undefined) return not(compileTest({ ...test, op: contrary }, path, context));
  if (test.op === "exists" || test.op === "empty" || test.op === "duplicated") {
    const wanted = test.value === undefined || test.value === true || test.value === "true";
    if (!wanted && test.value !== false && test.value !== "false")
      throw wrong(test, "expected true or false");
    const there = context.enclose(path, presence(test, path, context));
    // Empty is the contrary of being there.
    return (test.op === "empty") === wanted ? not(there) : there;
  }
  return context.enclose(path, ending(test, path, context));
}

function wrong({ path, op, value }: Test, message: string): InventoryError {
  return badRequest(`${path} ${op} ${shown(value)}: ${message}`, { path, op });
}

function presence(test: Test, { ending: end, types }: Path, context: TestContext): Predicate {
  if (test.op === "duplicated" && context.past === true)
    throw wrong(test, "can only be asked of the present");
  if (end.kind !== "attribute") {
    if (test.op === "duplicated") throw wrong(test, "expected a path that ends at an attribute");
    return all();
  }
  const guarded = guardOf(end.by, types, context.guard);
  if (test.op !== "duplicated") {
    const others = withoutAttribute({ ending: end, types });
    const there = all(guarded, { kind: "present", attribute: end.name });
    // Every entry has a name, of whatever it is made.
    return others.length === 0 ? there : any(there, { kind: "types", ids: others });
  }
  const among = all(context.visible(end.by.map(({ type }) => type)), guarded);
  return all(guarded, { kind: "duplicated", attribute: end.name, among });
}

function ending(test: Test, path: Path, context: TestContext): Predicate {
  const end = path.ending;
  if (end.kind === "field") return fieldTest(test, end.field, context);
  if (end.kind === "entry") return entryTest(test, path, context);
  const parts = new Map<string, { readonly predicate: Predicate; readonly ids: number[] }>();
  for (const one of end.by) {
    const asked = attributeTest(test, one, context);
    const predicate = all(context.guard(one.type, end.name) ?? always, asked);
    const same = parts.get(JSON.stringify(predicate));
    if (same === undefined) parts.set(JSON.stringify(predicate), { predicate, ids: [one.type.id] });
    else same.ids.push(one.type.id);
  }
  const list = [...parts.values(), ...fieldOfOthers(test, path, context)];
  if (list.length === 1 && end.by.length === path.types.length) return list[0]?.predicate ?? never;
  return any(...list.map(({ predicate, ids }) => all({ kind: "types", ids }, predicate)));
}

/** Of some types `name` is an attribute, of others what every entry has: the types that lack an attribute that is called as a field is. */
function withoutAttribute({
  ending: end,
  types,
}: Pick<Path, "ending" | "types">): readonly number[] {
  if (end.kind !== "attribute" || !isField(end.name)) return [];
  const own = new Set(end.by.map(({ type }) => type.id));
  return types.flatMap(({ id }) => (own.has(id) ? [] : [id]));
}

function fieldOfOthers(
  test: Test,
  path: Path,
  context: TestContext,
): readonly { readonly predicate: Predicate; readonly ids: number[] }[] {
  const ids = withoutAttribute(path);
  const { ending: end } = path;
  if (ids.length === 0 || end.kind !== "attribute" || !isField(end.name)) return [];
  return [{ predicate: fieldTest(test, end.name, context), ids: [...ids] }];
}

function listOf(test: Test): readonly unknown[] {
  if (test.op !== "in") return [test.value];
  if (typeof test.value === "string") return test.value.split(",").map((one) => one.trim());
  if (Array.isArray(test.value)) return test.value;
  throw wrong(test, "expected a list");
}

function attributeTest(test: Test, one: AttributeOf, context: TestContext): Predicate {
  const { attribute } = one;
  const comparison = comparisons[test.op];
  if (comparison !== undefined) return comparing(test, one, comparison, context);
  if (test.op === "within" || test.op === "contains_ip") return inNetwork(test, one, context);
  if (test.op !== "eq" && test.op !== "in") return liking(test, one, context);
  if (isReference(attribute)) return referring(test, attribute, context);
  return any(...listOf(test).map((value) => equal({ ...test, value }, one, context)));
}

function equal(test: Test, { attribute }: AttributeOf, context: TestContext): Predicate {
  const { element, array, name } = attribute;
  const parsed = attributeType(element.type).parse(
    typed(test.value, element.type, context),
    element,
  );
  if ("wrong" in parsed) {
    const because = parsed.wrong === "" ? "" : `: ${parsed.wrong}`;
    throw badRequest(
      `${test.path}: ${shown(test.value)} is not ${attributeType(element.type).expected}${because}`,
      { path: test.path },
    );
  }
  return { kind: "contains", document: { [name]: array ? [parsed.value] : parsed.value } };
}

/** The parameters of a URL are text; numbers and booleans are meant as such. */
function typed(value: unknown, type: string, { clock }: TestContext): unknown {
  if (typeof value !== "string") return value;
  if (type === "date" || type === "datetime") return momentOf(value, type, clock) ?? value;
  if (type === "boolean") return value === "true" ? true : value === "false" ? false : value;
  if (type !== "integer" && type !== "decimal") return value;
  return value.trim() === "" ? value : Number(value);
}

function referring(test: Test, attribute: Attribute, { resolve, past }: TestContext): Predicate {
  const { name, array, element } = attribute;
  const ids = listOf(test).flatMap((given) => {
    if (given === undefined || given === null || typeof given === "boolean")
      throw wrong(test, "expected an entry by id, name or key");
    const answer = resolve({ to: element.to, given });
    // What does not exist is referred to by nobody.
    return answer !== undefined && "id" in answer ? [answer.id] : [];
  });
  if (ids.length === 0) return never;
  if (past !== true) return { kind: "edge", attribute: name, ids };
  return any(
    ...ids.map((id): Predicate => {
      const one = element.type === "named_ref" ? { ref: id } : id;
      return { kind: "contains", document: { [name]: array ? [one] : one } };
    }),
  );
}

function comparing(
  test: Test,
  { attribute }: AttributeOf,
  comparison: Comparison,
  context: TestContext,
): Predicate {
  const { element, name } = attribute;
  const column = attributeType(element.type).indexes.range;
  if (column !== "d" && column !== "ts" && column !== "n")
    throw wrong(
      test,
      `${name} is a ${element.type}; only dates, moments, numbers and money have an order`,
    );
  const value = typed(test.value, element.type, context);
  // The bounds of the attribute do not bind a question about it.
  const parsed = attributeType(element.type).parse(value, {
    ...element,
    min: undefined,
    max: undefined,
  });
  if ("wrong" in parsed) throw wrong(test, `expected ${attributeType(element.type).expected}`);
  return {
    kind: "compare",
    attribute: name,
    column,
    comparison,
    value: String(parsed.value),
    indexed: attribute.index === "range" && context.past !== true,
  };
}

const withText: ReadonlySet<string> = new Set([
  "string",
  "text",
  "enum",
  "url",
  "email",
  "fqdn",
  "ip",
  "cidr",
  "mac",
  "duration",
]);

function liking(test: Test, { attribute }: AttributeOf, { past }: TestContext): Predicate {
  const { element, name } = attribute;
  if (isReference(attribute)) throw wrong(test, `${name} is a reference; ask ${test.path}.name`);
  if (!withText.has(element.type)) throw wrong(test, `${name} is a ${element.type}, not text`);
  if (typeof test.value !== "string" || fold(test.value) === "")
    throw wrong(test, "expected a text");
  const word = element.type === "fqdn" ? foldHost(test.value) : fold(test.value);
  return {
    kind: "like",
    attribute: name,
    pattern: patternOf(test.op, word),
    searched: attribute.search && past !== true ? containsPattern(word) : undefined,
  };
}

function patternOf(op: Operator, word: string): string {
  if (op === "starts_with") return `${escapeLike(word)}%`;
  return op === "ends_with" ? `%${escapeLike(word)}` : containsPattern(word);
}

function inNetwork(test: Test, { attribute }: AttributeOf, { past }: TestContext): Predicate {
  const { element, name } = attribute;
  const within = test.op === "within";
  if (element.type !== "cidr" && (element.type !== "ip" || !within))
    throw wrong(
      test,
      `${name} is a ${element.type}; expected ${within ? "an address or network" : "a network"}`,
    );
  const asked = { ...element, pattern: undefined };
  const kinds = within ? (["cidr"] as const) : (["ip", "cidr"] as const);
  for (const kind of kinds) {
    const parsed = attributeType(kind).parse(test.value, asked);
    if ("value" in parsed && typeof parsed.value === "string") {
      return {
        kind: "network",
        attribute: name,
        relation: within ? "within" : "around",
        value: parsed.value,
        indexed: attribute.index === "network" && past !== true,
      };
    }
  }
  throw wrong(test, within ? "expected a network as 10.0.0.0/8" : "expected an address or network");
}

function entryTest(test: Test, path: Path, { resolve }: TestContext): Predicate {
  if (test.op !== "eq" && test.op !== "in")
    throw wrong(
      test,
      "the path ends at an entry; expected eq, ne, in, not_in, exists, or an attribute",
    );
  const ids = listOf(test).flatMap((given) => {
    const answer = resolve({ to: path.types.map(({ name }) => name), given });
    return answer !== undefined && "id" in answer ? [answer.id] : [];
  });
  return { kind: "ids", ids };
}

function fieldTest(test: Test, field: Field, context: TestContext): Predicate {
  if (field === "id") return idTest(test);
  if (field === "type") return typeTest(test, context);
  if (field === "name") return nameTest(test);
  const comparison = comparisons[test.op] ?? (test.op === "eq" ? "=" : undefined);
  if (comparison === undefined) throw wrong(test, `${field} takes eq, ne, lt, le, gt, ge`);
  const value =
    field === "version"
      ? Number(test.value)
      : momentOf(String(test.value), "datetime", context.clock);
  if (value === undefined || Number.isNaN(value))
    throw wrong(
      test,
      field === "version" ? "expected a whole number" : "expected a moment with offset",
    );
  return { kind: "field", field, comparison, value: String(value) };
}

function idTest(test: Test): Predicate {
  if (test.op !== "eq" && test.op !== "in") throw wrong(test, "id takes eq, ne, in, not_in");
  const ids = listOf(test);
  if (!ids.every(isUuid)) throw wrong(test, "expected the id of an entry");
  return { kind: "ids", ids };
}

function typeTest(test: Test, { known }: TestContext): Predicate {
  if (test.op !== "eq" && test.op !== "in") throw wrong(test, "type takes eq, ne, in, not_in");
  const ids = listOf(test).flatMap((name) => known.byName.get(String(name))?.id ?? []);
  return { kind: "types", ids };
}

function nameTest(test: Test): Predicate {
  if (test.op === "eq" || test.op === "in") {
    return any(
      ...listOf(test).map((value): Predicate => ({
        kind: "name",
        like: false,
        value: String(value),
      })),
    );
  }
  if (test.op !== "like" && test.op !== "starts_with" && test.op !== "ends_with")
    throw wrong(test, "name takes eq, ne, in, not_in, like, starts_with, ends_with");
  return { kind: "name", like: true, value: patternOf(test.op, fold(String(test.value))) };
}
