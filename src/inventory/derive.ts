/** What is derived from a document: its name, and the rows of the edge, key, index and search tables. `reindex` can rebuild them all. */
import type { JsonObject } from "../model/json.ts";
import { attributeType } from "./attribute-types.ts";
import type { Attribute, EntityType, Key } from "./definition.ts";
import { isReference, storedReferences } from "./references.ts";
import { bigrams, fold, foldHost } from "./text.ts";

export interface EdgeRow {
  readonly attr: string;
  readonly ord: number;
  readonly label: string | null;
  readonly dst: string;
}
export interface KeyRow {
  readonly key_name: string;
  readonly key_value: string;
}
export interface IndexRow {
  readonly attr: string;
  readonly scope: string;
  readonly d: string | null;
  readonly ts: string | null;
  readonly n: string | null;
  readonly net: string | null;
  readonly t: string | null;
}
export interface Derived {
  readonly name: string;
  readonly search: string;
  readonly grams: readonly string[];
  readonly edges: readonly EdgeRow[];
  readonly keys: readonly KeyRow[];
  readonly index: readonly IndexRow[];
}

/** Scope of a network index that has none: NULL would make its unique comparisons slow. */
export const noScope = "00000000-0000-0000-0000-000000000000";
const longestSearch = 8000;
const longestLookup = 500;

/** `document` is valid and canonical. */
export function derive(type: EntityType, document: JsonObject): Derived {
  const name = titleOf(type, document);
  const search = searchText(type, name, document);
  return {
    name,
    search,
    grams: bigrams(search),
    edges: storedReferences(type, document).map(({ attribute, ord, label, id }) => ({
      attr: attribute.name,
      ord,
      label,
      dst: id,
    })),
    keys: type.keys.flatMap((key) => {
      const value = keyValue(type, key, document);
      return value === undefined ? [] : [{ key_name: key.name, key_value: value }];
    }),
    index: outlineOf(type).indexed.flatMap((attribute) => distinct(indexRows(attribute, document))),
  };
}

function plain(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What of a type matters to what is derived of its entries. */
interface Outline {
  /** The title: texts, and between them attributes. */
  readonly title: readonly string[];
  readonly searched: readonly Attribute[];
  readonly indexed: readonly Attribute[];
}
const outlines = new WeakMap<EntityType, Outline>();

function outlineOf(type: EntityType): Outline {
  const known = outlines.get(type);
  if (known !== undefined) return known;
  const attributes = [...type.attributes.values()];
  const outline = {
    title: type.title.split(/\{([^}]*)\}/),
    searched: attributes.filter(({ search }) => search),
    indexed: attributes.filter(({ index }) => index !== undefined),
  };
  outlines.set(type, outline);
  return outline;
}

export function titleOf(type: EntityType, document: JsonObject): string {
  const parts = outlineOf(type).title;
  const title = parts.map((part, at) => (at % 2 === 0 ? part : plain(document[part]))).join("");
  return title.replaceAll(/\s+/g, " ").trim().slice(0, 500);
}

function values(attribute: Attribute, document: JsonObject): readonly unknown[] {
  const value = document[attribute.name];
  if (value === undefined || value === null) return [];
  return attribute.array && Array.isArray(value) ? value : [value];
}

function searchText(type: EntityType, name: string, document: JsonObject): string {
  const words = outlineOf(type).searched.flatMap((attribute) =>
    values(attribute, document).map(plain),
  );
  return fold([...new Set([name, ...words])].join(" ")).slice(0, longestSearch);
}

/** How one attribute's value is written in keys and lookups; hosts lose their root dot, everything is folded. */
export function foldValue({ element }: Attribute, value: unknown): string {
  const text = plain(value);
  return element.type === "fqdn" ? foldHost(text) : fold(text);
}

/**
 * The text under which an entry is unique, or undefined when it takes no part in this key: a plain part is missing,
 * or its `unless` is true. A missing reference is a part of its own (an address without VRF is in the default one).
 */
export function keyValue(type: EntityType, key: Key, document: JsonObject): string | undefined {
  if (key.unless !== undefined && document[key.unless] === true) return undefined;
  const parts: string[] = [];
  for (const name of key.attributes) {
    const attribute = type.attributes.get(name);
    const value = document[name];
    if (attribute === undefined) return undefined;
    if (value === undefined || value === null || value === "") {
      if (!isReference(attribute)) return undefined;
      parts.push("");
    } else parts.push(escaped(foldValue(attribute, value)));
  }
  return parts.join("|");
}

function escaped(part: string): string {
  return /[\\|]/.test(part) ? part.replaceAll(/[\\|]/g, (sign) => `\\${sign}`) : part;
}

function indexRows(attribute: Attribute, document: JsonObject): readonly IndexRow[] {
  if (attribute.index === undefined) return [];
  const column = attributeType(attribute.element.type).indexes[attribute.index];
  if (column === undefined) return [];
  const scope = attribute.scope === undefined ? undefined : document[attribute.scope];
  const row = {
    attr: attribute.name,
    scope: typeof scope === "string" ? scope : noScope,
    d: null,
    ts: null,
    n: null,
    net: null,
    t: null,
  };
  return values(attribute, document).map((value) => ({
    ...row,
    [column]: column === "t" ? foldValue(attribute, value).slice(0, longestLookup) : plain(value),
  }));
}

/** Rows that must go and rows that must come to turn one derivation into the other. */
export interface DerivedChange {
  readonly edges: Delta<EdgeRow>;
  readonly keys: Delta<KeyRow>;
  readonly index: Delta<IndexRow>;
}
export interface Delta<Row> {
  readonly removed: readonly Row[];
  readonly added: readonly Row[];
}

function delta<Row>(before: readonly Row[], after: readonly Row[]): Delta<Row> {
  if (after.length === 0) return { removed: before, added: [] };
  const text = (row: Row): string => JSON.stringify(row);
  if (before.length === 0) return { removed: [], added: after };
  const [old, next] = [new Set(before.map(text)), new Set(after.map(text))];
  return {
    removed: before.filter((row) => !next.has(text(row))),
    added: after.filter((row) => !old.has(text(row))),
  };
}

/** A list may hold a value twice. */
function distinct<Row>(rows: readonly Row[]): readonly Row[] {
  if (rows.length < 2) return rows;
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

const nothing = { edges: [], keys: [], index: [] };

/** `before` undefined = a new or restored entry, `after` undefined = a deleted one. */
export function derivedChange(
  before: Derived | undefined,
  after: Derived | undefined,
): DerivedChange {
  const [old, next] = [before ?? nothing, after ?? nothing];
  return {
    edges: delta(old.edges, next.edges),
    keys: delta(old.keys, next.keys),
    index: delta(old.index, next.index),
  };
}

/** Key attributes that stand in a written reference or match: `{name: "R12", room: …}` → the key they make, if any. */
export function keyOfAttributes(type: EntityType, names: readonly string[]): Key | undefined {
  const wanted = new Set(names);
  return type.keys.find(
    ({ attributes }) =>
      attributes.length === wanted.size && attributes.every((name) => wanted.has(name)),
  );
}
