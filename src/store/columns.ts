/** Rows as columns: each column of a recordset is one parameter, an array in PostgreSQL's binary form. The server takes it as it is; the same rows as
 * one JSON document cost it a third more time for each event, because it reads each value twice. */
import type { Stint } from "./stint.ts";

/** `document`: any JSON value, kept as its text. The others are PostgreSQL's types; JSON values may be anything. */
export type ColumnType =
  | "text"
  | "int"
  | "bigint"
  | "float8"
  | "boolean"
  | "json"
  | "jsonb"
  | "document";
export type Columns<Row> = Readonly<Partial<Record<Extract<keyof Row, string>, ColumnType>>>;

const textOid = 25;
const headerBytes = 20;

/** NUL and lone surrogates are legal in JSON but cannot be stored. */
const unstorable = /\\u0000|\\ud[89a-f]/i;

function storable(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed().replaceAll("\u0000", "\uFFFD") : value;
}

function documentText(value: unknown): string {
  const text = JSON.stringify(value);
  return unstorable.test(text) ? JSON.stringify(value, storable) : text;
}

/** Lone surrogates become U+FFFD when the text is written as UTF-8. */
function plainText(value: unknown): string {
  const text = typeof value === "string" ? value : String(value);
  return text.includes("\u0000") ? text.replaceAll("\u0000", "\uFFFD") : text;
}

/** A `text[]` in binary form; undefined = NULL. The texts stand in it as they are. */
export function textArray(texts: readonly (string | undefined)[]): Buffer {
  // UTF-8 takes at most three bytes for each UTF-16 unit.
  const most = texts.reduce((sum, text) => sum + 4 + (text?.length ?? 0) * 3, headerBytes);
  const bytes = Buffer.allocUnsafe(most);
  const dimensions = 1;
  const hasNull = 1;
  const lowerBound = 1;
  let at = 0;
  for (const word of [dimensions, hasNull, textOid, texts.length, lowerBound])
    at = bytes.writeInt32BE(word, at);
  for (const text of texts) {
    const length = text === undefined ? -1 : bytes.write(text, at + 4);
    bytes.writeInt32BE(length, at);
    at += 4 + Math.max(length, 0);
  }
  return bytes.subarray(0, at);
}

function isDocument(type: ColumnType): boolean {
  return type === "json" || type === "jsonb" || type === "document";
}

type Entries = readonly (readonly [string, ColumnType])[];

/** Every flight asks for them. */
const taken = new WeakMap<object, Entries>();

function entriesOf<Row>(columns: Columns<Row>): Entries {
  const known = taken.get(columns);
  if (known !== undefined) return known;
  const entries = Object.entries<ColumnType | undefined>(columns).flatMap(([name, type]) =>
    type === undefined ? [] : [[name, type] as const],
  );
  taken.set(columns, entries);
  return entries;
}

/** SQL of the rows, typed, to be followed by `as r`. `first`: number of the first parameter; there are as many as columns. */
export function recordset<Row>(columns: Columns<Row>, first: number): string {
  const entries = entriesOf(columns);
  const names = entries.map(([name]) => `"${name}"`);
  const typed = entries.map(([name, type]) =>
    type === "text" || type === "document" ? `"${name}"` : `"${name}"::${type} as "${name}"`,
  );
  const arrays = entries.map((_, index) => `$${first + index}::text[]`);
  return `(select ${typed.join(", ")} from unnest(${arrays.join(", ")}) as u(${names.join(", ")}))`;
}

function textIn(row: object, name: string, type: ColumnType): string | undefined {
  const value: unknown = Reflect.get(row, name);
  if (value === undefined || value === null) return undefined;
  return isDocument(type) ? documentText(value) : plainText(value);
}

/** A parameter of `recordset`: nothing where no row has a value, for shorter columns are filled up with NULL. The first column says how many rows there are. */
function parameter(texts: readonly (string | undefined)[], isFirst: boolean): Buffer | null {
  return isFirst || texts.some((text) => text !== undefined) ? textArray(texts) : null;
}

/** The parameters of `recordset`. null and undefined are NULL. */
export function columnValues<Row extends object>(
  columns: Columns<Row>,
  rows: readonly Row[],
): (Buffer | null)[] {
  return entriesOf(columns).map(([name, type], index) =>
    parameter(
      rows.map((row) => textIn(row, name, type)),
      index === 0,
    ),
  );
}

const piece = 100;

/** The same for very many rows, with rests. */
export async function manyColumnValues<Row extends object>(
  columns: Columns<Row>,
  rows: readonly Row[],
  stint: Stint,
): Promise<(Buffer | null)[]> {
  const values: (Buffer | null)[] = [];
  for (const [name, type] of entriesOf(columns)) {
    const texts: (string | undefined)[] = [];
    for (let at = 0; at < rows.length; at += piece) {
      for (const row of rows.slice(at, at + piece)) texts.push(textIn(row, name, type));
      if (stint.isLong()) await stint.rest();
    }
    values.push(parameter(texts, values.length === 0));
  }
  return values;
}

export function columnCount<Row>(columns: Columns<Row>): number {
  return entriesOf(columns).length;
}
