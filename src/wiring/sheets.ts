/** Spreadsheets are read and written in a child that may be killed: what somebody sends may be made to harm. */
import type { Sheets } from "../engine/inventory-sheets.ts";
import { childPool } from "../processes/pool.ts";
import type { SheetDone, SheetWork } from "../sheets/work.ts";

const module = new URL(
  import.meta.url.endsWith(".ts") ? "../sheets/work.ts" : "../sheets/work.js",
  import.meta.url,
);

/** The child is started with the first spreadsheet. */
export function openSheets(): Sheets & { close(): Promise<void> } {
  const pool = childPool<SheetWork, SheetDone>({
    module,
    export: "sheetWork",
    size: 1,
    deadlineMs: 120_000,
    memoryMb: 2048,
    name: "reading spreadsheets",
    outputBytes: 500_000_000,
  });
  return {
    read: async (file) => {
      const done = await pool.call({ read: file });
      return "grids" in done ? done.grids : [];
    },
    write: async (book) => {
      const done = await pool.call({ write: book });
      return "content" in done ? done.content : "";
    },
    close: () => pool.close(),
  };
}
