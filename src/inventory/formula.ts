/** JSONata over an entry: what computed attributes and assertions are made of. References stand in it as the entries they name. */
import type { Ask } from "../expressions/context.ts";
import { compileJsonata } from "../expressions/jsonata/compile.ts";
import { namesRead } from "../expressions/jsonata/names.ts";
import type { JsonObject } from "../model/json.ts";
import type { Attribute, EntityType, EntityTypes } from "./definition.ts";
import { isReference } from "./references.ts";

export interface Formula {
  readonly source: string;
  /** Plain paths from the entry on. */
  readonly paths: readonly (readonly string[])[];
  /** Every name in it; references of these names are followed. */
  readonly names: ReadonlySet<string>;
  /** Its value changes with the time. */
  readonly timed: boolean;
  /** Throws ExpressionError, or Unanswered. */
  evaluate(entry: JsonObject, ask: Ask): unknown;
}

/** References inside references inside references: deeper is not followed. */
export const deepestReference = 5;

/** Throws ExpressionError when the text is no JSONata. */
export function formula(source: string): Formula {
  const { paths, names, timed } = namesRead(source);
  const compiled = compileJsonata(source);
  return {
    source,
    paths,
    names,
    timed,
    evaluate: (entry, ask) => compiled.evaluate({ variables: entry, ask }),
  };
}

/** An entry as formulas see it. */
export interface Seen {
  readonly id: string;
  readonly type: string;
  /** Its title. */
  readonly name: string;
  readonly document: JsonObject;
}

/** Ids that the entry's references of these names lead to. */
export function followed(
  type: EntityType,
  document: JsonObject,
  names: ReadonlySet<string>,
): readonly string[] {
  return [...type.attributes.values()]
    .filter((attribute) => names.has(attribute.name) && isReference(attribute))
    .flatMap((attribute) => elements(attribute, document[attribute.name]).map(idOf));
}

function elements(attribute: Attribute, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return attribute.array && Array.isArray(value) ? value : [value];
}

function idOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null && "ref" in value ? String(value.ref) : "";
}

/** The entry with its references of these names replaced by what they name; others stay ids. */
export function expanded(
  { id, type, name, document }: Seen,
  names: ReadonlySet<string>,
  { types, found }: { readonly types: EntityTypes; readonly found: ReadonlyMap<string, Seen> },
  depth = deepestReference,
): JsonObject {
  const attributes = types.get(type)?.attributes;
  const target = (value: unknown): unknown => {
    const seen = depth > 0 ? found.get(idOf(value)) : undefined;
    if (seen === undefined) return value;
    const entry = expanded(seen, names, { types, found }, depth - 1);
    return typeof value === "object" ? { ...value, ref: entry } : entry;
  };
  const body = Object.entries(document).map(([key, value]) => {
    const attribute = attributes?.get(key);
    if (attribute === undefined || !names.has(key) || !isReference(attribute)) return [key, value];
    const all = elements(attribute, value).map(target);
    return [key, attribute.array ? all : all[0]];
  });
  return { id, type, name, ...Object.fromEntries(body) };
}

/** Per type, the attributes whose change may alter a stored computed value of another type. Follows references of the names that formulas use. */
export function watchedAttributes(types: EntityTypes): ReadonlyMap<string, ReadonlySet<string>> {
  const watched = new Map<string, Set<string>>();
  for (const type of types.values()) {
    for (const { computed } of type.attributes.values()) {
      if (computed?.stored === true) watch(type, computed.formula.names, { types, watched });
    }
  }
  return watched;
}

function watch(
  type: EntityType,
  names: ReadonlySet<string>,
  { types, watched }: { readonly types: EntityTypes; readonly watched: Map<string, Set<string>> },
): void {
  const seen = new Set<string>();
  let here: readonly EntityType[] = [type];
  for (let depth = 0; depth < deepestReference && here.length > 0; depth += 1) {
    here = here
      .flatMap((one) => targetsOf(one, names, types))
      .filter(({ name }) => !seen.has(name));
    for (const { name, title } of here) {
      seen.add(name);
      const known = watched.get(name) ?? new Set();
      const titled = [...title.matchAll(/\{([^}]*)\}/g)].map(([, part = ""]) => part);
      for (const each of [...names, ...titled]) known.add(each);
      watched.set(name, known);
    }
  }
}

function targetsOf(
  type: EntityType,
  names: ReadonlySet<string>,
  types: EntityTypes,
): readonly EntityType[] {
  const wanted = [...type.attributes.values()].filter(
    (attribute) => names.has(attribute.name) && isReference(attribute),
  );
  const found = wanted.flatMap(({ element }) =>
    element.to.length === 0
      ? [...types.values()]
      : element.to.flatMap((name) => types.get(name) ?? []),
  );
  return [...new Map(found.map((one) => [one.name, one])).values()];
}
