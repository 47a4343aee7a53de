/** From a grid to rows about entries: what each cell says below its heading (`sheet-heads.ts`). */
import { cellAddress, type Cell, type Grid, type Merged } from "../model/grid.ts";
import type { JsonObject } from "../model/json.ts";
import type { KnownType } from "./catalogue.ts";
import type { Attribute } from "./definition.ts";
import {
  columnsOf,
  findHead,
  idColumnOf,
  noHead,
  textOf,
  type Column,
  type ColumnMapping,
} from "./sheet-heads.ts";
import { headingKey, headingsOf, readCell } from "./sheet-values.ts";
import { nearest } from "./text.ts";

/** Where the row has nothing, the cells that would say it. */
export function emptyCells(
  { columns }: Pick<SheetTable, "columns">,
  row: number,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    columns.map(({ attribute, index }) => [attribute.name, cellAddress(row - 1, index)]),
  );
}

/** Attributes that are required, or part of a key, without a column, each with the heading that may mean it; "" = none does. */
export function lackingColumns({
  type,
  columns,
  unread,
}: SheetTable): Readonly<Record<string, string>> {
  const there = new Set(columns.map(({ attribute }) => attribute.name));
  const keys = new Set(type.keys.flatMap(({ attributes }) => attributes));
  const lacking = [...type.attributes.values()].filter(
    ({ name, required, computed }) =>
      (required || keys.has(name)) && computed === undefined && !there.has(name),
  );
  const known = [...headingsOf(type)];
  return Object.fromEntries(
    lacking.map(({ name }) => {
      const names = known.filter(([, own]) => own === name).map(([key]) => key);
      const near = unread.find(({ heading }) => nearest(headingKey(heading), names) !== undefined);
      return [name, near?.heading ?? ""];
    }),
  );
}

export interface CellProblem {
  readonly cell: string;
  readonly heading: string;
  readonly attribute: string;
  readonly value: unknown;
  readonly message: string;
  readonly expected: string;
  readonly nearest?: string;
}

/** One row of the sheet. */
export interface SheetRecord {
  /** From 1, as the spreadsheet counts. */
  readonly row: number;
  /** Id of the entry, when a column says so. */
  readonly id: string | undefined;
  /** Attributes as the cells say them; references as written. */
  readonly set: JsonObject;
  /** As it was typed, where full or half width made a difference. */
  readonly written?: JsonObject;
  /** Where each attribute stands. */
  readonly cells: Readonly<Record<string, string>>;
  readonly problems: readonly CellProblem[];
}

export interface SheetTable {
  readonly sheet: string;
  readonly type: KnownType;
  readonly columns: readonly Column[];
  /** Headings that mean nothing for the type, with what was probably meant. */
  readonly unread: readonly { readonly heading: string; readonly nearest: string | undefined }[];
  readonly records: readonly SheetRecord[];
}

export interface TableOptions {
  readonly mapping: ColumnMapping;
  readonly timeZone: string;
}

export type TableReading = { readonly table: SheetTable } | { readonly problem: string };

/** Reads the grid as entries of the type, or says why it is none of that type. */
export function readTable(grid: Grid, type: KnownType, options: TableOptions): TableReading {
  const head = findHead(grid, type, options.mapping);
  if (head === undefined) return { problem: noHead(grid, type) };
  const { columns, unread } = columnsOf(head, type, options.mapping);
  const repeated = columns.find(
    (column, index) =>
      columns.findIndex((other) => other.path.join(".") === column.path.join(".")) < index,
  );
  if (repeated !== undefined)
    return {
      problem: `two columns are ${repeated.path.join(".")}: the second is ${JSON.stringify(repeated.heading)} in column ${letters(repeated.index)}; map one of them to ""`,
    };
  const rows = spread(grid.rows, grid.merged, head.row);
  const records = rows.slice(head.row + 1).flatMap((row, offset) => {
    const at = head.row + 1 + offset;
    return row.some((cell) => cell !== null && cell !== "")
      ? (readRecord(row, at, { columns, idColumn: idColumnOf(head), timeZone: options.timeZone }) ??
          [])
      : [];
  });
  return { table: { sheet: grid.name, type, columns, unread, records } };
}

function letters(column: number): string {
  return cellAddress(0, column).replace(/\d+$/, "");
}

/** Below the headings a cell merged over several rows counts for each of them. */
function spread(
  rows: Grid["rows"],
  merged: readonly Merged[],
  headRow: number,
): readonly (readonly Cell[])[] {
  const tall = merged.filter(({ top, bottom }) => bottom > headRow && bottom > top);
  if (tall.length === 0) return rows;
  const result = rows.map((row) => [...row]);
  for (const { top, left, bottom } of tall) {
    if (top <= headRow) continue;
    const value = rows[top]?.[left] ?? null;
    for (let y = top; y <= Math.min(bottom, result.length - 1); y += 1) {
      const row = result[y];
      if (row !== undefined) row[left] = value;
    }
  }
  return result;
}

interface RecordReading {
  readonly columns: readonly Column[];
  readonly idColumn: number;
  readonly timeZone: string;
}

/** Undefined when none of its columns says anything. */
function readRecord(
  row: readonly Cell[],
  at: number,
  { columns, idColumn, timeZone }: RecordReading,
): SheetRecord | undefined {
  const set = new Map<string, unknown>();
  const written = new Map<string, unknown>();
  const cells = new Map<string, string>();
  const problems: CellProblem[] = [];
  for (const { index, heading, path, attribute } of columns) {
    const cell = row[index] ?? null;
    const { name } = attribute;
    const address = cellAddress(at, index);
    const reading = readCell(cell, path.length > 1 ? asText(attribute) : attribute, timeZone);
    if ("wrong" in reading) {
      const { wrong: message, ...rest } = reading;
      const about = { cell: address, heading, attribute: name, value: cell };
      problems.push({ ...about, message, ...rest });
    } else if (reading.value !== undefined) {
      if (!cells.has(name)) cells.set(name, address);
      written.set(name, reading.written);
      set.set(name, within(set.get(name), path.slice(1), reading.value));
    }
  }
  const id = idColumn < 0 ? "" : textOf(row[idColumn]);
  if (cells.size === 0 && problems.length === 0) return undefined;
  return {
    row: at + 1,
    id: id === "" ? undefined : id,
    set: Object.fromEntries(set),
    ...typedOf(written),
    cells: Object.fromEntries(cells),
    problems,
  };
}

function typedOf(written: ReadonlyMap<string, unknown>): Pick<SheetRecord, "written"> {
  const differing = [...written].filter(([, typed]) => typed !== undefined);
  return differing.length === 0 ? {} : { written: Object.fromEntries(differing) };
}

/** Columns of a reference's key are read as text: the type of what is referred to has its say when it is looked up. */
function asText(attribute: Attribute): Attribute {
  return { ...attribute, array: false, element: { ...attribute.element, type: "ref" } };
}

function within(target: unknown, path: readonly string[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  const before: JsonObject =
    typeof target === "object" && target !== null ? Object.fromEntries(Object.entries(target)) : {};
  return { ...before, [first]: within(before[first], rest, value) };
}

/** A problem of an attribute, told of the cell that it stands in. */
export function problemAt(
  { cells, set }: Pick<SheetRecord, "cells" | "set">,
  table: Pick<SheetTable, "columns">,
  problem: { path: string; message: string; expected?: string; nearest?: string },
): CellProblem {
  const name = problem.path.replace(/[.[].*$/, "");
  const column = table.columns.find(({ attribute }) => attribute.name === name);
  return {
    cell: cells[name] ?? "",
    heading: column?.heading ?? "",
    attribute: name,
    value: set[name] ?? null,
    message: problem.message,
    expected: problem.expected ?? "",
    ...(problem.nearest === undefined ? {} : { nearest: problem.nearest }),
  };
}
