/** References as people write them (id, name, key) and as documents keep them (id). */
import { isObject, type JsonObject } from "../model/json.ts";
import { isUuid } from "./attribute-types.ts";
import type { Attribute, EntityType } from "./definition.ts";

/** A reference somebody wrote, to be looked up among the entries of `to` (empty = any type). */
export interface ReferenceRequest {
  readonly to: readonly string[];
  /** An id, a name (or the value of a single-attribute key), or an object of a key's attributes. */
  readonly given: unknown;
}
export type Resolution = { readonly id: string } | { readonly problem: string };
/** What became of a request; undefined = nobody looked it up. */
export type Resolve = (request: ReferenceRequest) => Resolution | undefined;

/** Texts of lists of types; there are as many as attributes. */
const targetTexts = new WeakMap<readonly string[], string>();

/** One text per request, equal for equal requests. */
export function requestKey({ to, given }: ReferenceRequest): string {
  let text = targetTexts.get(to);
  if (text === undefined) targetTexts.set(to, (text = JSON.stringify(to)));
  return typeof given === "string" ? `${text}"${given}` : text + JSON.stringify(given);
}

export function isReference({ element }: Attribute): boolean {
  return element.type === "ref" || element.type === "named_ref";
}

const referencesOfTypes = new WeakMap<EntityType, readonly Attribute[]>();

function referencesOf(type: EntityType): readonly Attribute[] {
  const known = referencesOfTypes.get(type);
  if (known !== undefined) return known;
  const found = [...type.attributes.values()].filter(isReference);
  referencesOfTypes.set(type, found);
  return found;
}

function written(attribute: Attribute, value: unknown): unknown {
  return attribute.element.type === "named_ref" && isObject(value) ? value["ref"] : value;
}

function elements(attribute: Attribute, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return attribute.array && Array.isArray(value) ? value : [value];
}

/** Every reference in a document, whether it resolves or not. */
export function referencesIn(type: EntityType, document: JsonObject): readonly ReferenceRequest[] {
  return referencesOf(type).flatMap((attribute) =>
    elements(attribute, document[attribute.name]).map((value) => ({
      to: attribute.element.to,
      given: written(attribute, value),
    })),
  );
}

/** The ids a stored document refers to, by attribute and place. */
export function storedReferences(
  type: EntityType,
  document: JsonObject,
): readonly { attribute: Attribute; ord: number; label: string | null; id: string }[] {
  return referencesOf(type).flatMap((attribute) =>
    elements(attribute, document[attribute.name]).flatMap((value, ord) => {
      const id = written(attribute, value);
      const label = isObject(value) && typeof value["label"] === "string" ? value["label"] : null;
      return isUuid(id) ? [{ attribute, ord, label, id }] : [];
    }),
  );
}

/** A reference element with its target replaced by the id that was found. */
export function withTarget(attribute: Attribute, value: unknown, id: string): unknown {
  return attribute.element.type === "named_ref" && isObject(value) ? { ...value, ref: id } : id;
}

export function requestOf(attribute: Attribute, value: unknown): ReferenceRequest {
  return { to: attribute.element.to, given: written(attribute, value) };
}

/** The document without its references to the given ids. */
export function unlink(
  type: EntityType,
  document: JsonObject,
  gone: ReadonlySet<string>,
): JsonObject {
  const result = new Map(Object.entries(document));
  for (const attribute of type.attributes.values()) {
    if (!isReference(attribute) || !result.has(attribute.name)) continue;
    const all = elements(attribute, result.get(attribute.name));
    const left = all.filter((value) => !gone.has(String(written(attribute, value))));
    if (left.length === all.length) continue;
    if (attribute.array && left.length > 0) result.set(attribute.name, left);
    else result.delete(attribute.name);
  }
  return Object.fromEntries(result);
}
