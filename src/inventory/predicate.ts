/** A query in the terms of the store: what must hold of an entry, as data. The store writes SQL from it. */
import type { JsonObject } from "../model/json.ts";

export type Comparison = "<" | "<=" | ">" | ">=" | "=";

export type Predicate =
  | { readonly kind: "all"; readonly of: readonly Predicate[] }
  | { readonly kind: "any"; readonly of: readonly Predicate[] }
  | { readonly kind: "not"; readonly of: Predicate }
  /** The entry is of one of these types. */
  | { readonly kind: "types"; readonly ids: readonly number[] }
  /** A living neighbour exists of which `rest` holds. */
  | {
      readonly kind: "step";
      readonly direction: "out" | "in";
      readonly attribute: string;
      readonly rest: Predicate;
    }
  /** The reference leads to one of these entries. */
  | { readonly kind: "edge"; readonly attribute: string; readonly ids: readonly string[] }
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  | { readonly kind: "contains"; readonly document: JsonObject }
  /** Words of the search text: LIKE patterns of folded words, and their pairs of CJK characters. */
  | {
      readonly kind: "words";
      readonly patterns: readonly string[];
      readonly grams: readonly string[];
    }
  /** A text value, folded, is LIKE the pattern; `searched` = its text stands in the search text too. */
  | {
      readonly kind: "like";
      readonly attribute: string;
      readonly pattern: string;
      /** A pattern that the search text of the entry must match then; undefined when the attribute is kept out of it. */
      readonly searched: string | undefined;
    }
  /** `column` says how the value compares: d date, ts moment, n number. */
  | {
      readonly kind: "compare";
      readonly attribute: string;
      readonly column: "d" | "ts" | "n";
      readonly comparison: Comparison;
      readonly value: string;
      readonly indexed: boolean;
    }
  | {
      readonly kind: "network";
      readonly attribute: string;
      /** within: the value lies in the network; around: the value contains it. */
      readonly relation: "within" | "around";
      readonly value: string;
      readonly indexed: boolean;
    }
  | { readonly kind: "present"; readonly attribute: string }
  | {
      readonly kind: "duplicated";
      readonly attribute: string;
      /** Which other entries count. */
      readonly among: Predicate;
    }
  /** Words in the name and in those attributes that the caller may read of the entry. */
  | {
      readonly kind: "said";
      readonly patterns: readonly string[];
      readonly attributes: readonly { readonly name: string; readonly guard: Predicate }[];
    }
  /** What holds of the entry as it is now, living or deleted; asked of an image of the past. */
  | { readonly kind: "now"; readonly living: Predicate; readonly gone: Predicate }
  | {
      readonly kind: "name";
      /** Compared as it is, or folded with a LIKE pattern. */
      readonly like: boolean;
      readonly value: string;
    }
  | {
      readonly kind: "field";
      readonly field: "version" | "created_at" | "updated_at";
      readonly comparison: Comparison;
      readonly value: string;
    };

export const always: Predicate = { kind: "all", of: [] };
export const never: Predicate = { kind: "any", of: [] };

export function isAlways(predicate: Predicate): boolean {
  return predicate.kind === "all" && predicate.of.length === 0;
}

/** Whether it asks for nothing but types. */
export function isOfTypes(predicate: Predicate): boolean {
  return predicate.kind === "types" || isAlways(predicate);
}

/** All of them, without what holds anyway. */
export function all(...of: readonly Predicate[]): Predicate {
  const kept = of.filter((one) => !isAlways(one));
  const [only] = kept;
  return kept.length === 1 && only !== undefined ? only : { kind: "all", of: kept };
}

export function any(...of: readonly Predicate[]): Predicate {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind: "any", of };
}

export function not(of: Predicate): Predicate {
  return { kind: "not", of };
}

/** How to come from an entry to the values of a path: for sorting, selecting and counting by. */
export interface ValuePath {
  readonly steps: readonly {
    readonly direction: "out" | "in";
    readonly attribute: string;
    /** What must hold of the entries the step leads to. */
    readonly rest: Predicate;
    /** What must hold of the entry it starts from. */
    readonly guard: Predicate;
  }[];
  /** What must hold of the last entry for its value to be told. */
  readonly guard: Predicate;
  readonly ending:
    | {
        readonly kind: "attribute";
        readonly name: string;
        readonly array: boolean;
        readonly column: "d" | "ts" | "n" | "net" | "t";
        /** The index table holds its values in that column. */
        readonly indexed: boolean;
        /** The only values there can be, where they are few; undefined where any may stand. */
        readonly values: readonly (string | boolean)[] | undefined;
      }
    | {
        readonly kind: "field";
        readonly field: "id" | "name" | "type" | "version" | "created_at" | "updated_at";
      };
  /** An entry may have several values. */
  readonly many: boolean;
}
