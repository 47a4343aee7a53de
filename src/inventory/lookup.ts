/** From what people write for an entry (a name, a key) to the rows that could be meant. */
import { isObject, type JsonObject } from "../model/json.ts";
import { attributeType } from "./attribute-types.ts";
import { targets, type Catalogue, type KnownType } from "./catalogue.ts";
import { keyOfAttributes, keyValue } from "./derive.ts";
import type { Attribute } from "./definition.ts";
import { isReference, type ReferenceRequest } from "./references.ts";
import { shown } from "./validate.ts";

export interface Probes {
  readonly keys: readonly { type_id: number; key_name: string; key_value: string }[];
  readonly names: readonly { type_id: number; name: string }[];
  /** Set when the request can never be answered. */
  readonly problem?: string;
}

/** A value as stored, or unchanged when it is not valid: then it simply finds nothing. */
function canonical(attribute: Attribute, value: unknown): unknown {
  if (isReference(attribute)) return value;
  const parsed = attributeType(attribute.element.type).parse(value, attribute.element);
  return "value" in parsed ? parsed.value : value;
}

function keyProbe(type: KnownType, names: readonly string[], given: JsonObject) {
  const key = keyOfAttributes(type, names);
  if (key === undefined) return undefined;
  const document = Object.fromEntries(
    names.flatMap((name) => {
      const attribute = type.attributes.get(name);
      const value = given[name];
      return attribute === undefined || value === null || value === undefined
        ? []
        : [[name, canonical(attribute, value)]];
    }),
  );
  const value = keyValue(type, key, document);
  return value === undefined
    ? undefined
    : { type_id: type.id, key_name: key.name, key_value: value };
}

/** Text is a name or the value of a single-attribute key; an object holds a key's attributes (references in it already as ids). */
export function probesFor(known: Catalogue, { to, given }: ReferenceRequest): Probes {
  const types = targets(known, to);
  if (typeof given === "string" || typeof given === "number") return textProbes(types, given);
  if (!isObject(given))
    return { keys: [], names: [], problem: `${shown(given)} is no id, name or key` };
  const names = Object.keys(given);
  const keys = types.flatMap((type) => keyProbe(type, names, given) ?? []);
  const named = names.length === 1 && typeof given["name"] === "string" ? given["name"] : undefined;
  if (keys.length > 0 || named !== undefined)
    return {
      keys,
      names: named === undefined ? [] : types.map(({ id }) => ({ type_id: id, name: named })),
    };
  const possible = types.flatMap((type) =>
    type.keys.map(({ attributes }) => `${type.name} {${attributes.join(", ")}}`),
  );
  const problem = `{${names.join(", ")}} is no key; keys are ${possible.join(", ")}`;
  return { keys: [], names: [], problem };
}

function textProbes(types: readonly KnownType[], given: string | number): Probes {
  return {
    keys: types.flatMap((type) =>
      type.keys
        .filter(({ attributes }) => attributes.length === 1)
        .flatMap(({ attributes }) => {
          const [name = ""] = attributes;
          return keyProbe(type, attributes, { [name]: given }) ?? [];
        }),
    ),
    names: types.map(({ id }) => ({ type_id: id, name: String(given) })),
  };
}
