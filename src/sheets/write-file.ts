import { stringify } from "csv-stringify/sync";
import writeXlsx, { type SheetData } from "write-excel-file/node";
import { toCp932 } from "./cp932.ts";
import type { Cell, Grid } from "../model/grid.ts";

export type SheetFormat = "csv" | "xlsx";
export type TextEncoding = "utf-8" | "cp932";

/** A file to write: sheets of which the first row is the headings. A CSV holds the first sheet only. */
export interface SheetBook {
  readonly format: SheetFormat;
  readonly grids: readonly Grid[];
  /** Of CSV. UTF-8 has a byte order mark, because Excel takes it for CP932 otherwise. */
  readonly encoding?: TextEncoding;
}

/** Base64 of the file. */
export async function writeSheets({ format, grids, encoding }: SheetBook): Promise<string> {
  if (format === "csv") {
    const rows = grids[0]?.rows.map((row) => row.map(textOf)) ?? [];
    const bom = encoding !== "cp932";
    const text = stringify(rows, { bom, record_delimiter: "\r\n" });
    return (bom ? Buffer.from(text, "utf8") : toCp932(text)).toString("base64");
  }
  const sheets = grids.map(({ name, rows }) => ({
    sheet: sheetName(name),
    data: rows.map((row, index) =>
      row.map((cell) => xlsxCell(cell, index === 0)),
    ) satisfies SheetData,
    stickyRowsCount: 1,
  }));
  const buffer = await writeXlsx(sheets).toBuffer();
  return buffer.toString("base64");
}

/** Excel takes at most 31 characters, and none of these. */
function sheetName(name: string): string {
  return name.replaceAll(/[\\/?*[\]:]/g, "_").slice(0, 31) || "Sheet1";
}

function textOf(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "object") return String(cell);
  return "day" in cell ? cell.day : "moment" in cell ? cell.moment : cell.error;
}

function xlsxCell(cell: Cell, head: boolean) {
  const look = head ? ({ fontWeight: "bold" } as const) : {};
  if (cell === null || cell === "") return null;
  if (typeof cell === "number") return { value: cell, type: Number, ...look };
  if (typeof cell === "boolean") return { value: cell, type: Boolean, ...look };
  if (typeof cell === "object" && "day" in cell)
    return { value: new Date(`${cell.day}T00:00:00Z`), type: Date, format: "yyyy/mm/dd", ...look };
  // Text as text: what looks like a number or a formula stays what it is.
  return { value: textOf(cell), type: String, ...look };
}
