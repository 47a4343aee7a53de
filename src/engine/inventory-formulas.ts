/** Computed attributes and assertions: loads what formulas follow and evaluates them. */
import { ExpressionError } from "../expressions/context.ts";
import { attributeType } from "../inventory/attribute-types.ts";
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import type { Assertion, Attribute } from "../inventory/definition.ts";
import { titleOf } from "../inventory/derive.ts";
import {
  deepestReference,
  expanded,
  followed,
  type Formula,
  type Seen,
} from "../inventory/formula.ts";
import type { Checked, EntryProblem } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import { decide as decideAsking } from "../processes/ask.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";

/** An entry whose written attributes are sound. */
export interface Unfinished {
  readonly id: string;
  readonly type: KnownType;
  readonly document: JsonObject;
}

interface Ground {
  readonly known: Catalogue;
  /** True inside a write: what formulas read stays as it is until the transaction ends. */
  readonly hold: boolean;
}

function storedOnes(type: KnownType): readonly Attribute[] {
  return type.computedOrder.flatMap((name) => {
    const attribute = type.attributes.get(name);
    return attribute?.computed?.stored === true ? [attribute] : [];
  });
}

function freshOnes(type: KnownType): readonly Attribute[] {
  return type.computedOrder.flatMap((name) => {
    const attribute = type.attributes.get(name);
    return attribute?.computed?.stored === false ? [attribute] : [];
  });
}

/** The documents with their stored computed attributes, or what is wrong with them: formulas that fail, assertions that do not hold. */
export async function finished(
  db: Db,
  entries: readonly Unfinished[],
  ground: Ground,
): Promise<readonly Checked[]> {
  const work = entries.map(({ type }) => ({
    attributes: storedOnes(type),
    assertions: type.assertions,
  }));
  const names = new Set(
    work.flatMap(({ attributes, assertions }) => namesOf([...attributes, ...assertions])),
  );
  // A stored value must not be made of something that changes before it is written; an assertion may.
  const hold = ground.hold && work.some(({ attributes }) => attributes.length > 0);
  const found = await loadFollowed(db, entries, names, { ...ground, hold });
  return Promise.all(
    entries.map(async (entry, index): Promise<Checked> => {
      const { attributes = [], assertions = [] } = work[index] ?? {};
      if (attributes.length + assertions.length === 0) return { document: entry.document };
      const made = await computed(entry, attributes, { ...ground, names, found });
      const failed = await broken(made.entry, assertions, { ...ground, names, found });
      const problems = [...made.problems, ...failed];
      return problems.length > 0 ? { problems } : { document: made.entry.document };
    }),
  );
}

/** Values of the computed attributes that are not stored, as they are now; null where the formula fails. By entry id. */
export async function freshValues(
  db: Db,
  entries: readonly Unfinished[],
  known: Catalogue,
): Promise<ReadonlyMap<string, JsonObject>> {
  const wanted = entries.filter(({ type }) => freshOnes(type).length > 0);
  if (wanted.length === 0) return new Map();
  const names = new Set(wanted.flatMap(({ type }) => namesOf(freshOnes(type))));
  const ground = { known, hold: false };
  const found = await loadFollowed(db, wanted, names, ground);
  const values = wanted.map(async (entry) => {
    const attributes = freshOnes(entry.type);
    const made = await computed(entry, attributes, { ...ground, names, found });
    const own = attributes.flatMap(({ name }) => {
      const failed = made.problems.some(({ path }) => path === name);
      const value = made.entry.document[name];
      return failed ? [[name, null]] : value === undefined ? [] : [[name, value]];
    });
    return [entry.id, Object.fromEntries(own)] as const;
  });
  return new Map(await Promise.all(values));
}

function namesOf(parts: readonly (Attribute | Assertion)[]): readonly string[] {
  return parts.flatMap((part) => {
    const read = "formula" in part ? part.formula : part.computed?.formula;
    return read === undefined ? [] : [...read.names];
  });
}

/** Everything that references of these names lead to, by id. */
async function loadFollowed(
  db: Db,
  entries: readonly Unfinished[],
  names: ReadonlySet<string>,
  { known, hold }: Ground,
): Promise<ReadonlyMap<string, Seen>> {
  const found = new Map<string, Seen>();
  if (names.size === 0) return found;
  let here: readonly Pick<Unfinished, "type" | "document">[] = entries;
  for (let depth = 0; depth < deepestReference && here.length > 0; depth += 1) {
    const ids = here.flatMap(({ type, document }) => followed(type, document, names));
    const fresh = [...new Set(ids)].filter((id) => id !== "" && !found.has(id));
    const rows = await loadEntries(db, fresh, hold ? "share" : "none");
    here = [...rows.values()].flatMap((row) => {
      const type = known.byId.get(row.typeId);
      if (type === undefined || row.deletedAt !== null) return [];
      found.set(row.id, { id: row.id, type: type.name, name: row.name, document: row.doc });
      return [{ type, document: row.doc }];
    });
  }
  return found;
}

interface Surroundings extends Ground {
  readonly names: ReadonlySet<string>;
  readonly found: ReadonlyMap<string, Seen>;
}

function seen({ id, type, document }: Unfinished): Seen {
  return { id, type: type.name, name: titleOf(type, document), document };
}

function wholeOf(entry: Unfinished, { known, names, found }: Surroundings): JsonObject {
  return expanded(seen(entry), names, { types: known.byName, found });
}

function evaluate(whole: JsonObject, read: Formula, { known }: Surroundings): Promise<unknown> {
  return decideAsking((ask) => read.evaluate(whole, ask), known.answer);
}

async function computed(
  start: Unfinished,
  attributes: readonly Attribute[],
  around: Surroundings,
): Promise<{ readonly entry: Unfinished; readonly problems: readonly EntryProblem[] }> {
  let entry = start;
  const problems: EntryProblem[] = [];
  for (const attribute of attributes) {
    if (attribute.computed === undefined) continue;
    const { name } = attribute;
    try {
      const whole = wholeOf(entry, around);
      const parsed = parse(attribute, await evaluate(whole, attribute.computed.formula, around));
      if ("wrong" in parsed) problems.push({ path: name, message: `${name} ${parsed.wrong}` });
      else if (parsed.value !== undefined)
        entry = { ...entry, document: { ...entry.document, [name]: parsed.value } };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      problems.push({ path: name, message: `${name} cannot be computed: ${error.message}` });
    }
  }
  return { entry, problems };
}

/** JSONata gives one element for a list of one, and nothing for an empty one. */
function parse(
  { array, element }: Attribute,
  value: unknown,
): { readonly value: unknown } | { readonly wrong: string } {
  if (value === undefined || value === null) return { value: undefined };
  const kind = attributeType(element.type);
  const given: readonly unknown[] = array && Array.isArray(value) ? value : [value];
  const values: unknown[] = [];
  for (const one of given) {
    const parsed = kind.parse(one, element);
    if ("wrong" in parsed) {
      const because = parsed.wrong === "" ? "" : `: ${parsed.wrong}`;
      return {
        wrong: `is computed as ${JSON.stringify(one)}, expected ${kind.expected}${because}`,
      };
    }
    values.push(parsed.value);
  }
  return { value: array ? values : values[0] };
}

async function broken(
  entry: Unfinished,
  assertions: readonly Assertion[],
  around: Surroundings,
): Promise<readonly EntryProblem[]> {
  const problems: EntryProblem[] = [];
  if (assertions.length === 0) return problems;
  const whole = wholeOf(entry, around);
  for (const { formula, message, attribute } of assertions) {
    try {
      const value = await evaluate(whole, formula, around);
      if (value === undefined || isTrue(value)) continue;
      const expected = formula.source;
      problems.push({ path: attribute, message: message.en, messages: message, expected });
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const failed = `${formula.source} cannot be evaluated: ${error.message}`;
      problems.push({ path: attribute, message: failed });
    }
  }
  return problems;
}

function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTrue);
  return value !== null && value !== "" && value !== 0 && value !== false;
}
