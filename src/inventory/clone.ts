/** Copies of entries: what of a document a copy takes over, and what it must have of its own. */
import { isObject, type JsonObject } from "../model/json.ts";
import type { Attribute, EntityType, Key } from "./definition.ts";
import { keyValue } from "./derive.ts";
import { isReference } from "./references.ts";

/** Text is replaced wherever it stands in names and keys, in this order. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

function titleParts({ title }: EntityType): ReadonlySet<string> {
  return new Set([...title.matchAll(/\{([^}]*)\}/g)].map(([, part = ""]) => part));
}

/** Text of which names and keys are made, so that a copy may have another. */
function isNaming(type: EntityType, attribute: Attribute): boolean {
  const { element, array, name, computed } = attribute;
  if (array || computed !== undefined) return false;
  if (element.type !== "string" && element.type !== "fqdn") return false;
  return (
    titleParts(type).has(name) || type.keys.some(({ attributes }) => attributes.includes(name))
  );
}

/** The attribute that carries the entry's own name: the first text of its title. */
export function nameAttribute(type: EntityType): string | undefined {
  return [...titleParts(type)].find((name) => {
    const attribute = type.attributes.get(name);
    return attribute !== undefined && isNaming(type, attribute);
  });
}

/** Attributes that say which thing it is and cannot be made up: serial numbers, asset numbers, aliases. */
function isIdentity(type: EntityType, attribute: Attribute): boolean {
  const { name, required } = attribute;
  if (required || titleParts(type).has(name)) return false;
  const alone = type.keys.some(
    ({ attributes }) => attributes.length === 1 && attributes[0] === name,
  );
  const { names = [], assets = [] } = type.host ?? {};
  return alone || names.includes(name) || assets.includes(name);
}

/** The copy's document: references among the copied entries lead to the copies (`ids`), names are renamed, identities are left out. */
export function copied(
  type: EntityType,
  document: JsonObject,
  {
    ids,
    rename,
  }: { readonly ids: ReadonlyMap<string, string>; readonly rename: readonly Renaming[] },
): JsonObject {
  const entries = Object.entries(document).flatMap(([name, value]) => {
    const attribute = type.attributes.get(name);
    if (attribute === undefined || attribute.computed !== undefined) return [];
    if (isReference(attribute)) return [[name, redirected(value, ids)]];
    if (isIdentity(type, attribute)) return [];
    if (typeof value !== "string" || !isNaming(type, attribute)) return [[name, value]];
    return [[name, rename.reduce((text, { from, to }) => text.replaceAll(from, to), value)]];
  });
  return Object.fromEntries(entries);
}

function redirected(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => redirected(one, ids));
  if (typeof value === "string") return ids.get(value) ?? value;
  return isObject(value) ? { ...value, ref: redirected(value["ref"], ids) } : value;
}

/** Names after this one: its last number counted up, the first label of a host name; without a number from 2 on. */
export function* namesAfter(name: string): Generator<string> {
  const dot = name.indexOf(".");
  const [head, tail] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
  const numbered = /^(.*?)(\d+)(\D*)$/s.exec(head) ?? [head, `${head}-`, "", ""];
  const [, stem = "", digits = "", rest = ""] = numbered;
  for (let number = digits === "" ? 2n : BigInt(digits) + 1n; ; number += 1n)
    yield `${stem}${String(number).padStart(digits.length, "0")}${rest}${tail}`;
}

/** The part of a key that a copy can have otherwise, or undefined. */
export function changeablePart(type: EntityType, key: Key): string | undefined {
  const own = key.attributes.filter((name) => {
    const attribute = type.attributes.get(name);
    return attribute !== undefined && isNaming(type, attribute);
  });
  return own.find((name) => titleParts(type).has(name)) ?? own.at(-1);
}

/** The keys of a document, each with its text. */
export function keysOf(
  type: EntityType,
  document: JsonObject,
): readonly { readonly key: Key; readonly value: string }[] {
  return type.keys.flatMap((key) => {
    const value = keyValue(type, key, document);
    return value === undefined ? [] : [{ key, value }];
  });
}

/** The order in which copies can be written: each after those that it cannot be without. Undefined: they need each other in a ring. */
export function writingOrder(
  copies: readonly {
    readonly id: string;
    readonly type: EntityType;
    readonly document: JsonObject;
  }[],
): readonly string[] | undefined {
  const ids = new Set(copies.map(({ id }) => id));
  const needs = new Map(
    copies.map(({ id, type, document }) => [id, neededOf(type, document, ids)] as const),
  );
  const order: string[] = [];
  const done = new Set<string>();
  while (order.length < copies.length) {
    const ready = [...needs].filter(
      ([id, needed]) => !done.has(id) && needed.every((one) => done.has(one)),
    );
    if (ready.length === 0) return undefined;
    for (const [id] of ready) {
      done.add(id);
      order.push(id);
    }
  }
  return order;
}

function neededOf(
  type: EntityType,
  document: JsonObject,
  ids: ReadonlySet<string>,
): readonly string[] {
  return [...type.attributes.values()].flatMap((attribute) => {
    const keyed = type.keys.some(({ attributes }) => attributes.includes(attribute.name));
    const place = type.allocate?.as === attribute.name;
    return isReference(attribute) && (attribute.required || keyed || place)
      ? targetsIn(document[attribute.name]).filter((id) => ids.has(id))
      : [];
  });
}

function targetsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => targetsIn(one));
  if (typeof value === "string") return [value];
  return isObject(value) && typeof value["ref"] === "string" ? [value["ref"]] : [];
}

/** The document without references to entries that are not there yet, as far as it can be without them. */
export function withoutLater(
  type: EntityType,
  document: JsonObject,
  later: ReadonlySet<string>,
): JsonObject {
  return Object.fromEntries(
    Object.entries(document).filter(([name, value]) => {
      const attribute = type.attributes.get(name);
      return attribute === undefined || !isReference(attribute)
        ? true
        : !targetsIn(value).some((id) => later.has(id));
    }),
  );
}
