/** A file on its way into an import: its rows with what is known of its source's columns, and what is remembered of them afterwards. */
import { createHash } from "node:crypto";
import type { ImportRecord } from "../inventory/import-records.ts";
import { badRequest } from "../inventory/problem.ts";
import type { ColumnMapping } from "../inventory/sheet-heads.ts";
import { isSourceName } from "../inventory/sources.ts";
import type { SheetFile } from "../model/grid.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { importOfFile, rememberColumns, rememberedColumns } from "../store/inventory/imports.ts";
import type { Db } from "../store/schema.ts";
import type { Inventory } from "./inventory.ts";
import { readRecords } from "./inventory-import-read.ts";
import { refusedFile } from "./inventory-import-view.ts";
import type { Sheets } from "./inventory-sheets.ts";

export interface ImportFile extends SheetFile {
  readonly source: string;
  /** Of the entries; found out by the headings when left out. */
  readonly type: string | undefined;
  /** Of a workbook; all of its visible ones when left out. */
  readonly sheet: string | undefined;
  readonly columns: ColumnMapping;
  /** ISO 8601: when the sheet was true; now when left out. */
  readonly asOf: string | undefined;
}

/** Reads a file; throws INVENTORY_REQUEST when it is no spreadsheet, or of no source. */
export async function readFile(
  { ground, timeZone }: Pick<Inventory, "ground" | "timeZone">,
  read: Sheets["read"],
  file: ImportFile,
): Promise<{ readonly records: readonly ImportRecord[]; readonly about: JsonObject }> {
  if (!isSourceName(file.source))
    throw badRequest(
      `source is ${JSON.stringify(file.source)}; expected a name of letters, digits, dots, dashes and underscores`,
    );
  const sha256 = createHash("sha256").update(Buffer.from(file.content, "base64")).digest("hex");
  const grids = await read(file).catch((error: unknown) => {
    throw refusedFile(file.name, error);
  });
  const declared = ground.known.sources.get(file.source)?.columns ?? {};
  const remembered = await rememberedColumns(ground.db, file.source);
  const asOf = file.asOf ?? new Date().toISOString();
  const { records, sheets } = readRecords(grids, {
    file: { ...file, asOf },
    known: ground.known,
    timeZone,
    usual: new Set(Object.keys({ ...declared, ...remembered })),
    columnsOf: (type) => ({ ...declared[type], ...remembered[type], ...file.columns }),
  });
  const previous = await importOfFile(ground.db, sha256);
  const imported = previous === undefined ? {} : { imported_before: previous.toISOString() };
  const { name, source, columns } = file;
  return { records, about: { name, source, sha256, as_of: asOf, sheets, columns, ...imported } };
}

/** How the columns were called, and of which types the sheets were. */
export async function rememberFile(db: Db, { source, sheets, columns }: JsonObject): Promise<void> {
  if (typeof source !== "string") return;
  const types = (Array.isArray(sheets) ? sheets : [])
    .filter(isObject)
    .flatMap(({ type }) => (typeof type === "string" ? [type] : []));
  const known = await rememberedColumns(db, source);
  const mapping = Object.fromEntries(
    Object.entries(isObject(columns) ? columns : {}).map(([heading, path]) => [
      heading,
      String(path),
    ]),
  );
  const byType = types.map((type) => [type, { ...known[type], ...mapping }] as const);
  await rememberColumns(db, source, Object.fromEntries(byType));
}
