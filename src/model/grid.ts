/** A spreadsheet as it is, before anybody asks what it means. Plain JSON, so that it can come from another process. */
import type { JsonObject } from "./json.ts";

/** What a cell holds. `day` is a calendar day, `moment` a day with a time of the clock at the site, `error` what a formula failed with. */
export type Cell =
  | string
  | number
  | boolean
  | null
  | { readonly day: string }
  | { readonly moment: string }
  | { readonly error: string };

/** Rows and columns from 0, both ends included. */
export interface Merged {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export interface Grid {
  /** The sheet's name, or the file's where a format has none. */
  readonly name: string;
  readonly rows: readonly (readonly Cell[])[];
  readonly merged: readonly Merged[];
  /** Of another inventory's dump, that needs no headings: the entries that a table of it speaks of. Then there are no rows. */
  readonly taken?: {
    readonly type: string;
    readonly entries: readonly { readonly place: string; readonly set: JsonObject }[];
  };
  /** Of another inventory's dump: what is not taken over. */
  readonly left?: readonly LeftOut[];
}

/** A table or column of another inventory's dump that is not taken over, and why. */
export interface LeftOut {
  readonly what: string;
  readonly rows: number;
  readonly why: string;
}

/** A file as somebody sent it. */
export interface SheetFile {
  readonly name: string;
  /** Base64 of its bytes. */
  readonly content: string;
  /** Of a text file; recognised when left out. */
  readonly encoding?: string | undefined;
}

/** `B7`: column and row, as spreadsheets name cells. Both from 0. */
export function cellAddress(row: number, column: number): string {
  let letters = "";
  for (let rest = column; rest >= 0; rest = Math.floor(rest / 26) - 1)
    letters = String.fromCharCode(65 + (rest % 26)) + letters;
  return `${letters}${row + 1}`;
}
