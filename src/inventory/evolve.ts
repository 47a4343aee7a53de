/**
 * How entries follow their type when it changes. Each version of a type is kept as it was written; what lies between two of them is told
 * from both, so that an entry can be brought along from whatever version it was written under.
 */
import { isObject, type JsonObject } from "../model/json.ts";
import { attributeType } from "./attribute-types.ts";
import type { Attribute, Element, EntityType } from "./definition.ts";
import { isReference } from "./references.ts";
import { fold } from "./text.ts";
import { sameJson } from "./patch.ts";

/** Words of an attribute that matter to what is stored; labels, aliases and the like do not. */
const structural = [
  "type",
  "items",
  "to",
  "values",
  "pattern",
  "min",
  "max",
  "required",
  "default",
  "index",
  "scope",
  "expiry",
  "search",
  "computed",
  "stored",
  "renamed_from",
  "convert",
] as const;

function bodies(definition: JsonObject): Readonly<Record<string, JsonObject>> {
  const { attributes } = definition;
  return Object.fromEntries(
    Object.entries(isObject(attributes) ? attributes : {}).map(([name, body]) => [
      name,
      isObject(body) ? body : {},
    ]),
  );
}

/** The values of an enum, without labels and in one order: the ledger keeps no order of names. */
function namesIn(values: unknown): unknown {
  if (Array.isArray(values)) return values.map(String).toSorted();
  return isObject(values) ? Object.keys(values).toSorted() : values;
}

function structureOf(definition: JsonObject): JsonObject {
  const attributes = Object.entries(bodies(definition)).map(([name, body]) => [
    name,
    Object.fromEntries(
      structural.map((word) => {
        const value = body[word];
        return [word, (word === "values" ? namesIn(value) : value) ?? null];
      }),
    ),
  ]);
  const { title, keys, validate } = definition;
  return {
    attributes: Object.fromEntries(attributes),
    title: title ?? null,
    keys: keys ?? null,
    asserts: (Array.isArray(validate) ? validate : []).map((one: unknown) =>
      isObject(one) ? one["assert"] : null,
    ),
  };
}

/** Whether entries stay as they are when a type goes from one definition to the other. */
export function sameStructure(before: JsonObject, after: JsonObject): boolean {
  return sameJson(structureOf(before), structureOf(after));
}

/** What happens to documents between two versions of a type. */
export interface Evolution {
  /** Old name → new name. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
  /** Name (the new one) → JSONata over `value` and `entry`. */
  readonly converted: ReadonlyMap<string, string>;
}

function namesOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((name) => typeof name === "string");
}

export function evolution(before: JsonObject, after: JsonObject): Evolution {
  const [old, next] = [bodies(before), bodies(after)];
  const renamed = new Map<string, string>();
  const converted = new Map<string, string>();
  for (const [name, body] of Object.entries(next)) {
    const from = namesOf(body["renamed_from"]).find((one) => old[one] !== undefined);
    if (from !== undefined && old[name] === undefined) renamed.set(from, name);
    const { convert } = body;
    const was = old[from ?? name];
    if (typeof convert === "string" && was !== undefined && was["convert"] !== convert)
      converted.set(name, convert);
  }
  const common = new Set(["tags", "note", "name"]);
  const removed = Object.keys(old).filter(
    (name) => next[name] === undefined && !renamed.has(name) && !common.has(name),
  );
  return { renamed, removed, converted };
}

function kindOf({ type, items }: JsonObject): string {
  const kind = isObject(items) ? items["type"] : undefined;
  return typeof kind === "string" ? `array of ${kind}` : String(type);
}

/** People's words for what changes, for dry runs and for the list of migrations. */
export function stepsBetween(before: JsonObject, after: JsonObject): readonly string[] {
  const { renamed, removed, converted } = evolution(before, after);
  const [old, next] = [bodies(before), bodies(after)];
  const from = new Map([...renamed].map(([was, name]) => [name, was]));
  const each = Object.entries(next).flatMap(([name, body]) => {
    const was = old[from.get(name) ?? name];
    if (was === undefined) return [`add ${name}`];
    const changed = (word: string): boolean => !sameJson(was[word] ?? null, body[word] ?? null);
    const required = body["required"] === true;
    return [
      ...(kindOf(was) === kindOf(body)
        ? []
        : [`make ${name} ${kindOf(body)}, it was ${kindOf(was)}`]),
      ...((was["required"] === true) === required
        ? []
        : [required ? `require ${name}` : `require ${name} no more`]),
      ...valuesBetween(name, inner(was), inner(body)),
      ...(changed("index") ? [`index ${name}`] : []),
      ...(changed("computed") ? [`compute ${name}`] : []),
    ];
  });
  return [
    ...[...renamed].map(([was, name]) => `rename ${was} to ${name}`),
    ...removed.map((name) => `remove ${name}`),
    ...[...converted.keys()].map((name) => `convert ${name}`),
    ...each,
    ...keysBetween(after, before).map((key) => `make ${key} unique`),
    ...keysBetween(before, after).map((key) => `let ${key} be there more than once`),
  ];
}

/** What an attribute says of its values, or of those of its list. */
function inner(body: JsonObject): JsonObject {
  const { items } = body;
  return isObject(items) ? { ...body, ...items } : body;
}

/** Values that are allowed no more, or now. */
function valuesBetween(name: string, was: JsonObject, body: JsonObject): readonly string[] {
  const [old, next] = [namesOf(namesIn(was["values"])), namesOf(namesIn(body["values"]))];
  const listed = old.length > 0 && next.length > 0;
  const gone = listed ? old.filter((value) => !next.includes(value)) : [];
  const fresh = listed ? next.filter((value) => !old.includes(value)) : [];
  return [
    ...(gone.length > 0 ? [`take ${gone.join(", ")} from ${name}`] : []),
    ...(fresh.length > 0 ? [`allow ${fresh.join(", ")} as ${name}`] : []),
    ...targetsBetween(name, was, body),
    ...boundsBetween(name, was, body),
  ];
}

function targetsBetween(name: string, was: JsonObject, body: JsonObject): readonly string[] {
  const [old, next] = [namesOf(was["to"]).toSorted(), namesOf(body["to"]).toSorted()];
  if (old.length === 0 || next.length === 0 || sameJson(old, next)) return [];
  return [`let ${name} refer to ${next.join(", ")}, it was ${old.join(", ")}`];
}

function boundsBetween(name: string, was: JsonObject, body: JsonObject): readonly string[] {
  const words = ["pattern", "min", "max"].filter(
    (word) => !sameJson(was[word] ?? null, body[word] ?? null),
  );
  return words.length === 0 ? [] : [`change ${words.join(", ")} of ${name}`];
}

/** Keys of one definition that the other lacks, as people say them. */
function keysBetween(one: JsonObject, other: JsonObject): readonly string[] {
  const known = keysIn(other);
  return keysIn(one).filter((key) => !known.includes(key));
}

function keysIn({ keys }: JsonObject): readonly string[] {
  const list: readonly unknown[] = Array.isArray(keys) ? keys : [];
  return list.map((key) => namesOf(isObject(key) ? key["attributes"] : key).join(" and "));
}

/** The document under its new names, without what was removed. A value that somebody wrote under the new name already stays. */
export function renamedDocument(document: JsonObject, { renamed, removed }: Evolution): JsonObject {
  const result = new Map(Object.entries(document));
  for (const [was, name] of renamed) {
    const value = result.get(was);
    if (!result.has(was)) continue;
    result.delete(was);
    if (!result.has(name)) result.set(name, value);
  }
  for (const name of removed) result.delete(name);
  return Object.fromEntries(result);
}

/** The document with its values as the type wants them, where that is plain, and defaults for what became required. The rest stays for validation. */
export function fittedDocument(document: JsonObject, type: EntityType): JsonObject {
  const result = new Map(Object.entries(document));
  for (const attribute of type.attributes.values()) {
    const value = result.get(attribute.name);
    if (value !== undefined && value !== null) result.set(attribute.name, fitted(attribute, value));
    else if (attribute.required && attribute.default !== undefined)
      result.set(attribute.name, attribute.default);
  }
  return Object.fromEntries(result);
}

function fitted(attribute: Attribute, value: unknown): unknown {
  const { array, element } = attribute;
  // Names and keys of entries are looked up later; ids stay ids.
  const cast = (one: unknown): unknown => (isReference(attribute) ? one : castTo(element, one));
  if (array) return (Array.isArray(value) ? value : [value]).map(cast);
  if (!Array.isArray(value)) return cast(value);
  return value.length === 1 ? cast(value[0]) : cast(value);
}

function castTo(element: Element, value: unknown): unknown {
  const kind = attributeType(element.type);
  for (const candidate of [value, ...candidates(element, value)]) {
    const parsed = kind.parse(candidate, element);
    if ("value" in parsed) return parsed.value;
  }
  return value;
}

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  "1": true,
  false: false,
  no: false,
  "0": false,
};

/** Other ways to say the value. */
function candidates({ type, values }: Element, value: unknown): readonly unknown[] {
  if (typeof value === "number" || typeof value === "boolean") {
    const truth = truths[String(value)];
    return truth === undefined ? [String(value)] : [truth, String(value)];
  }
  if (typeof value !== "string") return type === "json" ? [] : [JSON.stringify(value)];
  const text = fold(value);
  if (type === "enum") return enumWords(values, text);
  if (type === "boolean") return truths[text] === undefined ? [] : [truths[text]];
  if (type === "date") return dates(text);
  if (type === "datetime") return dates(text).map((day) => `${day}T00:00:00Z`);
  return numbers(text, type);
}

function numbers(text: string, type: string): readonly unknown[] {
  const digits = text.replaceAll(/[,\s]/g, "");
  if (!/^-?\d+(\.\d+)?$/.test(digits)) return [text];
  return type === "money" ? [digits] : [Number(digits)];
}

/** A value is also known by its labels. */
function enumWords(values: Element["values"], text: string): readonly string[] {
  return [...values]
    .filter(([name, label]) => [name, label.ja, label.en].some((word) => fold(word) === text))
    .map(([name]) => name)
    .slice(0, 1);
}

function dates(text: string): readonly string[] {
  const [, year, month = "", day = ""] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})/.exec(text) ?? [];
  return year === undefined ? [] : [`${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`];
}
