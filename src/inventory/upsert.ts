import { isObject, type JsonObject } from "../model/json.ts";
import type { KnownType } from "./catalogue.ts";
import { isUuid } from "./attribute-types.ts";
import { keyOfAttributes, keyValue } from "./derive.ts";
import { badRequest } from "./problem.ts";
import { nearest } from "./text.ts";
import { shown } from "./validate.ts";

/** One item of an upsert, as read from JSON. */
export interface UpsertItem {
  readonly type: string;
  /** The entry itself; then nothing is matched. */
  readonly id?: string | undefined;
  /** The version that the values are meant for; at another one the item is a conflict. */
  readonly ifVersion?: number | undefined;
  /** Attribute lists, tried in order; undefined = the type's keys. */
  readonly match: readonly (readonly string[])[] | undefined;
  /** Attributes to set; null removes. */
  readonly set: JsonObject;
  /** Set only where the entry has no value yet. */
  readonly setOnce: JsonObject;
  /** Elements to add to lists that lack them. */
  readonly add: Readonly<Record<string, readonly unknown[]>>;
}

const itemKeys = ["type", "id", "if_version", "match", "set", "set_once", "add"];

/** Reads an item; throws INVENTORY_REQUEST that says where and what was expected. */
export function readUpsertItem(given: unknown, path: string): UpsertItem {
  if (!isObject(given)) throw badRequest(`${path} is not an object`);
  for (const key of Object.keys(given)) {
    if (itemKeys.includes(key)) continue;
    const near = nearest(key, itemKeys);
    const hint = near === undefined ? `expected ${itemKeys.join(", ")}` : `did you mean ${near}?`;
    throw badRequest(`${path}: unknown key ${key}; ${hint}`);
  }
  const { type, id, if_version: ifVersion, match, set, set_once: setOnce, add } = given;
  if (typeof type !== "string") throw badRequest(`${path}.type: expected the name of a type`);
  const object = (value: unknown, name: string): JsonObject => {
    if (value === undefined || value === null) return {};
    if (isObject(value)) return value;
    throw badRequest(`${path}.${name}: expected an object of attributes, got ${shown(value)}`);
  };
  return {
    type,
    ...readAim(id, ifVersion, path),
    match: readMatch(match, `${path}.match`),
    set: object(set, "set"),
    setOnce: object(setOnce, "set_once"),
    add: readAdd(object(add, "add"), `${path}.add`),
  };
}

function readAim(
  id: unknown,
  ifVersion: unknown,
  path: string,
): Pick<UpsertItem, "id" | "ifVersion"> {
  const [named, versioned] = [id ?? undefined, ifVersion ?? undefined];
  if (named !== undefined && !isUuid(named))
    throw badRequest(`${path}.id: ${shown(id)} is not an id of an entry; expected a UUID`);
  if (versioned !== undefined && !Number.isSafeInteger(versioned))
    throw badRequest(`${path}.if_version: expected the version of the entry`);
  return {
    ...(isUuid(id) ? { id: id.toLowerCase() } : {}),
    ...(typeof ifVersion === "number" ? { ifVersion } : {}),
  };
}

function readMatch(given: unknown, path: string): UpsertItem["match"] {
  if (given === undefined || given === null) return undefined;
  if (!Array.isArray(given))
    throw badRequest(`${path}: expected a list of attribute names or of lists of them`);
  return given.map((order: unknown, index) => {
    const names: readonly unknown[] = Array.isArray(order) ? order : [order];
    const texts = names.filter((name) => typeof name === "string");
    if (texts.length === 0 || texts.length !== names.length)
      throw badRequest(`${path}[${index}]: expected an attribute name or a list of them`);
    return texts;
  });
}

function readAdd(given: JsonObject, path: string): UpsertItem["add"] {
  return Object.fromEntries(
    Object.entries(given).map(([name, values]) => {
      if (!Array.isArray(values)) throw badRequest(`${path}.${name}: expected a list`);
      const list: readonly unknown[] = values;
      return [name, list];
    }),
  );
}

/** One way to find the entry: by a natural key, or by what its document contains. */
export interface MatchProbe {
  readonly key: { type_id: number; key_name: string; key_value: string } | undefined;
  readonly containing: JsonObject;
}

/** The usable match orders of an item, whose values are canonical. An order that lacks a value is left out. */
export function matchProbes(
  type: KnownType,
  match: UpsertItem["match"],
  values: JsonObject,
): readonly MatchProbe[] {
  const orders = match ?? type.keys.map(({ attributes }) => attributes);
  return orders.flatMap((names): MatchProbe[] => {
    const key = keyOfAttributes(type, names);
    const value = key === undefined ? undefined : keyValue(type, key, values);
    if (key !== undefined && value !== undefined)
      return [
        {
          key: { type_id: type.id, key_name: key.name, key_value: value },
          containing: {},
        },
      ];
    const missing = names.some((name) => values[name] === undefined || values[name] === null);
    if (key !== undefined || missing) return [];
    return [
      { key: undefined, containing: Object.fromEntries(names.map((name) => [name, values[name]])) },
    ];
  });
}
