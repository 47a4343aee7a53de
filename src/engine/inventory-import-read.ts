/** From the sheets of a file to rows about entries. */
import { typeNamed, type Catalogue, type KnownType } from "../inventory/catalogue.ts";
import type { ImportRecord } from "../inventory/import-records.ts";
import { InventoryError } from "../inventory/problem.ts";
import { fitOf, type ColumnMapping } from "../inventory/sheet-heads.ts";
import {
  emptyCells,
  lackingColumns,
  readTable,
  type SheetTable,
} from "../inventory/sheet-table.ts";
import { nearest } from "../inventory/text.ts";
import type { JsonObject } from "../model/json.ts";
import type { Grid } from "../model/grid.ts";
import type { ImportFile } from "./inventory-import-file.ts";

export interface ReadOptions {
  readonly file: ImportFile & { readonly asOf: string };
  readonly known: Catalogue;
  readonly timeZone: string;
  readonly columnsOf: (type: string) => ColumnMapping;
  /** Types that sheets of the source were of before. */
  readonly usual: ReadonlySet<string>;
}

/** Throws INVENTORY_SHEET_REFUSED when the file has no sheet about entries. */
export function readRecords(
  grids: readonly Grid[],
  options: ReadOptions,
): { readonly records: readonly ImportRecord[]; readonly sheets: readonly JsonObject[] } {
  const { file } = options;
  if (grids.some(({ taken, left }) => taken !== undefined || left !== undefined))
    return readForeign(grids, options);
  const wanted = file.sheet === undefined ? grids : grids.filter(({ name }) => name === file.sheet);
  if (wanted.length === 0) {
    const near = nearest(
      file.sheet ?? "",
      grids.map(({ name }) => name),
    );
    const hint =
      near === undefined
        ? `; it has ${grids.map(({ name }) => name).join(", ")}`
        : `; did you mean ${near}?`;
    throw refused(`${file.name} has no sheet ${JSON.stringify(file.sheet)}${hint}`);
  }
  const filled = wanted.filter(({ rows }) =>
    rows.some((row) => row.some((cell) => cell !== null && cell !== "")),
  );
  const faults: string[] = [];
  const tables = filled.flatMap((grid): SheetTable[] => {
    const type = typeOf(grid, options);
    const reading =
      type === undefined
        ? { problem: `sheet ${JSON.stringify(grid.name)} fits no type; name it` }
        : readTable(grid, type, {
            mapping: options.columnsOf(type.name),
            timeZone: options.timeZone,
          });
    if ("table" in reading) return [reading.table];
    faults.push(reading.problem);
    return [];
  });
  // Of a workbook with several sheets some may hold other things.
  if (tables.length === 0 || (file.type !== undefined && faults.length > 0 && filled.length === 1))
    throw refused(
      faults.length === 0 ? `${file.name} is empty` : `${file.name}: ${faults.join("; ")}`,
    );
  return {
    records: tables.flatMap((table) => recordsOf(table, file)),
    sheets: [
      ...tables.map(({ sheet, type, columns, unread, records }) => ({
        sheet,
        type: type.name,
        rows: records.length,
        columns: columns.map(({ heading, path }) => ({ heading, attribute: path.join(".") })),
        unread,
      })),
      ...faults.map((problem) => ({ problem })),
    ],
  };
}

/** A dump of another inventory: its entries are understood already, and what is not taken over is told. */
function readForeign(
  grids: readonly Grid[],
  { file, known }: ReadOptions,
): { readonly records: readonly ImportRecord[]; readonly sheets: readonly JsonObject[] } {
  const wanted = (table: string, type: string): boolean =>
    (file.sheet === undefined || file.sheet === table) &&
    (file.type === undefined || file.type === type);
  const parts = grids.flatMap(({ name, taken }) =>
    taken === undefined || !wanted(name, taken.type)
      ? []
      : [{ name, ...taken, known: known.byName.has(taken.type) }],
  );
  const records = parts.flatMap(({ name: sheet, type, entries, known: exists }) =>
    !exists
      ? []
      : entries.map(({ place, set }, row): ImportRecord => ({
          file: file.name,
          sheet,
          row: row + 1,
          source: file.source,
          type,
          asOf: file.asOf,
          id: undefined,
          set,
          cells: Object.fromEntries(Object.keys(set).map((attribute) => [attribute, place])),
          headings: {},
          problems: [],
        })),
  );
  const sheets = parts.map(({ name: sheet, type, entries, known: exists }) => {
    const rows = entries.length;
    return { sheet, type, rows, ...(exists ? {} : { problem: `there is no type ${type}` }) };
  });
  const left = grids.flatMap(({ left: list = [] }) => list.map((one) => ({ ...one })));
  if (records.length === 0) throw refused(`${file.name} holds nothing that a type is for`);
  return { records, sheets: [...sheets, ...(left.length === 0 ? [] : [{ left }])] };
}

function refused(message: string): InventoryError {
  return new InventoryError("INVENTORY_SHEET_REFUSED", [message]);
}

/** The type that was named, or the one that understands most of the headings. */
function typeOf(grid: Grid, options: ReadOptions): KnownType | undefined {
  const { file, known, columnsOf } = options;
  if (file.type !== undefined) return typeNamed(known, file.type);
  const fits = [...known.byName.values()].map((type) => ({
    type,
    fit: fitOf(grid, type, columnsOf(type.name)),
  }));
  const best = Math.max(0, ...fits.map(({ fit }) => fit));
  // Two columns at least: one alone fits nearly every type.
  const all = best >= 2 ? fits.filter(({ fit }) => fit === best) : [];
  const usual = all.filter(({ type }) => options.usual.has(type.name));
  const fitting = all.length > 1 && usual.length > 0 ? usual : all;
  const [only, ...others] = fitting;
  if (only !== undefined && others.length > 0) {
    const names = fitting.map(({ type }) => type.name).join(", ");
    throw refused(
      `sheet ${JSON.stringify(grid.name)} of ${file.name} fits several types: ${names}; say which type it is`,
    );
  }
  return only?.type;
}

function recordsOf(
  table: SheetTable,
  { name: file, source, asOf }: ReadOptions["file"],
): readonly ImportRecord[] {
  const { sheet, type, columns, records } = table;
  const lacking = lackingColumns(table);
  const headings = Object.fromEntries(
    columns.map(({ attribute, heading }) => [attribute.name, heading]),
  );
  return records.map((record) => ({
    ...record,
    cells: { ...emptyCells(table, record.row), ...record.cells },
    lacking,
    file,
    sheet,
    source,
    type: type.name,
    asOf,
    headings,
  }));
}
