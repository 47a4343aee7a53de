/** Rows of spreadsheets on their way to entries: which rows are about the same entry, and what its sheets say together. */
import type { JsonObject } from "../model/json.ts";
import type { Statement } from "./import-cell.ts";
import type { CellProblem } from "./sheet-table.ts";
import { same } from "./claims.ts";

/** One row as it was read; stored with the import. */
export interface ImportRecord {
  /** File, sheet and row, as a person reads it: `ops.xlsx, 機器, row 12`. */
  readonly file: string;
  readonly sheet: string;
  readonly row: number;
  readonly source: string;
  readonly type: string;
  /** ISO 8601: when the sheet was true. */
  readonly asOf: string;
  readonly id: string | undefined;
  /** References as written. */
  readonly set: JsonObject;
  /** As it was typed, where full or half width made a difference. */
  readonly written?: JsonObject;
  readonly cells: Readonly<Record<string, string>>;
  readonly headings: Readonly<Record<string, string>>;
  /** Attributes, required or of a key, that the sheet has no column for, with the heading that may mean them; "" = none does. */
  readonly lacking?: Readonly<Record<string, string>>;
  readonly problems: readonly CellProblem[];
}

/** A record whose values are in their own form; what refers to another row of the import stays as written. */
export interface CheckedRecord extends ImportRecord {
  readonly index: number;
  readonly values: JsonObject;
  /** Attributes that refer to entries which the import itself creates. */
  readonly pending: ReadonlySet<string>;
  /** Texts under which the entry is unique: `key|value`. */
  readonly keys: readonly string[];
  /** Entries that have one of the keys, or the id. */
  readonly hits: readonly string[];
}

export function placeOf({ file, sheet, cells }: ImportRecord, attribute: string): string {
  const cell = cells[attribute] ?? "";
  return sheet === file ? `${file} ${cell}`.trim() : `${file} ${sheet}!${cell}`;
}

/** Rows about one entry. */
export interface RecordGroup {
  readonly type: string;
  /** The stored entry; undefined = it is new. */
  readonly entryId: string | undefined;
  readonly records: readonly CheckedRecord[];
}

/** Rows that share an entry or the value of a key are about the same entry, also over sheets. Rows with problems are left out before. */
export function grouped(records: readonly CheckedRecord[]): readonly RecordGroup[] {
  const parents = new Map<string, string>();
  const root = (name: string): string => {
    let at = name;
    for (let next = parents.get(at); next !== undefined; next = parents.get(at)) at = next;
    return at;
  };
  const join = (left: string, right: string): void => {
    const [a, b] = [root(left), root(right)];
    if (a !== b) parents.set(b, a);
  };
  for (const record of records) {
    const own = `row ${record.index}`;
    for (const hit of record.hits) join(`entry ${hit}`, own);
    for (const key of record.keys) join(`key ${record.type} ${key}`, own);
  }
  const groups = Map.groupBy(records, ({ index }) => root(`row ${index}`));
  return [...groups.values()].map((members) => ({
    type: members[0]?.type ?? "",
    entryId: members.flatMap(({ hits }) => hits)[0],
    records: members,
  }));
}

/** The row beside the document: what stands there in the very letters that were typed stays in them. */
export function inLettersOf(document: JsonObject, record: CheckedRecord): CheckedRecord {
  const kept = Object.entries(record.written ?? {}).filter(([attribute, typed]) =>
    same(document[attribute], typed),
  );
  if (kept.length === 0) return record;
  return { ...record, values: { ...record.values, ...Object.fromEntries(kept) } };
}

export interface SelfContradiction {
  readonly attribute: string;
  readonly record: CheckedRecord;
  readonly other: CheckedRecord;
}

/** What each source says about each attribute of the group, and where one source contradicts itself. */
export function statementsOf({ records }: RecordGroup): {
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  readonly contradictions: readonly SelfContradiction[];
} {
  const said = new Map<string, Map<string, CheckedRecord>>();
  const contradictions: SelfContradiction[] = [];
  for (const record of records)
    for (const [attribute, value] of Object.entries(record.values)) {
      const bySource = said.get(attribute) ?? new Map<string, CheckedRecord>();
      said.set(attribute, bySource);
      const other = bySource.get(record.source);
      if (other === undefined) bySource.set(record.source, record);
      else if (!same(other.values[attribute], value))
        contradictions.push({ attribute, record, other });
    }
  const statements = new Map(
    [...said].map(([attribute, bySource]) => [
      attribute,
      [...bySource.values()].map((record): Statement => ({
        source: record.source,
        value: record.values[attribute],
        asOf: record.asOf,
        place: placeOf(record, attribute),
      })),
    ]),
  );
  return { statements, contradictions };
}
