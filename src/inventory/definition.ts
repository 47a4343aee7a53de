/** A compiled entity type: what the YAML of a pack means. Plain data, frozen by convention. */
import type { Allocation } from "./allocate.ts";
import type { AttributeTypeName } from "./attribute-types.ts";
import type { Formula } from "./formula.ts";

/** Display text by language; both are always present (the name stands in for a missing one). */
export interface Label {
  readonly ja: string;
  readonly en: string;
}

export type OnDelete = "restrict" | "unlink" | "cascade";

/** What one value (or one element of an array) must be. */
export interface Element {
  readonly type: AttributeTypeName;
  /** Target types of ref and named_ref; empty = any type. */
  readonly to: readonly string[];
  /** What happens to this reference when its target is deleted. */
  readonly onDelete: OnDelete;
  /** Values of an enum, in order, with their labels. */
  readonly values: ReadonlyMap<string, Label>;
  /** Tested against the whole text. */
  readonly pattern: RegExp | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export type IndexKind = "range" | "network" | "lookup";

/** A value that nobody writes: JSONata over the entry and what it refers to. */
export interface Computed {
  readonly formula: Formula;
  /** True: kept in the document, indexed and searched. False: made when somebody reads it. */
  readonly stored: boolean;
}

/** What must hold for an entry; nothing coming of the formula (a value is missing) holds, too. */
export interface Assertion {
  readonly formula: Formula;
  readonly message: Label;
  /** The attribute that people should look at; "" = the entry as a whole. */
  readonly attribute: string;
}

/** How entries of a type are shown: the columns of a table, or the groups of a form. */
export type View =
  | { readonly name: string; readonly label: Label; readonly columns: readonly string[] }
  | { readonly name: string; readonly label: Label; readonly groups: readonly ViewGroup[] };
export interface ViewGroup {
  readonly label: Label;
  readonly attributes: readonly string[];
}

export interface Attribute {
  readonly name: string;
  readonly label: Label;
  readonly description: string;
  readonly array: boolean;
  readonly element: Element;
  readonly required: boolean;
  readonly default: unknown;
  readonly index: IndexKind | undefined;
  /** Attribute (a reference) inside which a network index is separate, e.g. the VRF. */
  readonly scope: string | undefined;
  /** Days before a date at which somebody wants to know; empty = not tracked. */
  readonly expiry: readonly number[];
  /** Column headings under which spreadsheets know it. */
  readonly aliases: readonly string[];
  /** Sources by authority, best first. */
  readonly authority: readonly string[];
  /** False keeps it out of the search text. */
  readonly search: boolean;
  /** True: what hangs on the target is affected with it. */
  readonly impact: boolean;
  readonly computed: Computed | undefined;
  /** Names that it had before; entries that still have those are brought along. */
  readonly renamedFrom: readonly string[];
  /** JSONata over the old value (`value`) and document (`entry`) that gives the new one, when its meaning changed. */
  readonly convert: Formula | undefined;
}

/** A natural key: unique among the living entries of the type. */
export interface Key {
  readonly name: string;
  readonly attributes: readonly string[];
  /** A boolean attribute; where it is true the entry takes no part in this key. */
  readonly unless: string | undefined;
}

/** Types whose entries are machines that alerts name: where to look for which word. */
export interface HostRoles {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly assets: readonly string[];
}

/** Types whose entries are groups of others. */
export interface GroupRoles {
  /** The attribute with a query (`{type, where}`) whose entries are members; undefined = members are only put in by hand. */
  readonly query: string | undefined;
  /** References that make members: an attribute of the group, or `<Type.attribute` of a type that refers to it. */
  readonly members: readonly string[];
}

export interface EntityType {
  readonly name: string;
  readonly pack: string;
  readonly label: Label;
  readonly description: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly keys: readonly Key[];
  /** Template of the entry's name over its own attributes: `{hostname}`, `{host} {rtype}`. */
  readonly title: string;
  readonly host: HostRoles | undefined;
  readonly group: GroupRoles | undefined;
  /** How entries are taken from pools, if they can be. */
  readonly allocate: Allocation | undefined;
  readonly assertions: readonly Assertion[];
  readonly views: readonly View[];
  /** Computed attributes in an order in which each comes after those that it uses. */
  readonly computedOrder: readonly string[];
  /** Names that the type had before. */
  readonly renamedFrom: readonly string[];
  /** The checked YAML document, for the type table and for forms. */
  readonly document: Readonly<Record<string, unknown>>;
}

export type EntityTypes = ReadonlyMap<string, EntityType>;
