/** What runs in the child process: JSON in, JSON out. */
import type { Grid, SheetFile } from "../model/grid.ts";
import { readSheets } from "./read-file.ts";
import { writeSheets, type SheetBook } from "./write-file.ts";

export type SheetWork = { readonly read: SheetFile } | { readonly write: SheetBook };
/** Grids of what was read, or base64 of what was written. */
export type SheetDone = { readonly grids: readonly Grid[] } | { readonly content: string };

/** Throws SheetRefused. */
export async function sheetWork(work: SheetWork): Promise<SheetDone> {
  return "read" in work
    ? { grids: await readSheets(work.read) }
    : { content: await writeSheets(work.write) };
}
