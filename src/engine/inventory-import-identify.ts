/** Which entries the rows of spreadsheets are about: by id, or by any of their keys. */
import { typeNamed, type KnownType } from "../inventory/catalogue.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import type { CheckedRecord } from "../inventory/import-records.ts";
import type { CellProblem } from "../inventory/sheet-table.ts";
import { findKeys, loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { mayRead, type Allowed } from "./inventory-eyes.ts";
import type { Ground } from "./inventory-history.ts";

export interface CheckedRows {
  readonly sound: readonly CheckedRecord[];
  /** By the index of the record. */
  readonly problems: ReadonlyMap<number, readonly CellProblem[]>;
}

/** Finds them; a row that is about none, or about several, is a problem. */
export async function identify(
  { db, known, eyes }: Ground,
  records: readonly CheckedRecord[],
  problems: Map<number, readonly CellProblem[]>,
): Promise<CheckedRows> {
  const probes = records.flatMap(({ type: name, keys }) => {
    const type = typeNamed(known, name);
    return keys.map((text) => probeOf(type, text));
  });
  const holders = await findKeys(db, probes);
  const byKey = new Map(
    holders.map((hit) => [
      JSON.stringify([hit.type_id, hit.key_name, hit.key_value]),
      hit.entry_id,
    ]),
  );
  const named = records.flatMap(({ id }) => (isUuid(id) ? [id.toLowerCase()] : []));
  const rows = await loadEntries(db, [...new Set([...named, ...byKey.values()])]);
  const sights = await eyes.sights(db, [...rows.values()]);
  const seen: Seeing = { rows, sights, byKey };
  const sound = records.flatMap((record): CheckedRecord[] => {
    const type = typeNamed(known, record.type);
    const hits = hitsOf(record, type, seen);
    const wrong = misidentified(record, type, { hits, names: rows });
    if (wrong === undefined) return [{ ...record, hits: [...hits] }];
    problems.set(record.index, [wrong]);
    return [];
  });
  return { sound, problems };
}

interface Seeing {
  readonly rows: ReadonlyMap<string, EntryRow>;
  readonly sights: ReadonlyMap<string, Allowed>;
  readonly byKey: ReadonlyMap<string, string>;
}

/** Entries that have the row's id or one of its keys, as far as the caller may read those. */
function hitsOf(
  record: CheckedRecord,
  type: KnownType,
  { rows, sights, byKey }: Seeing,
): ReadonlySet<string> {
  const hits = new Set<string>();
  for (const text of record.keys) {
    const probe = probeOf(type, text);
    const hit = byKey.get(JSON.stringify([probe.type_id, probe.key_name, probe.key_value]));
    const parts = type.keys.find(({ name }) => name === probe.key_name)?.attributes ?? [];
    if (hit !== undefined && parts.every((name) => mayRead(sights.get(hit), name))) hits.add(hit);
  }
  const row = rows.get(record.id?.toLowerCase() ?? "");
  const living = row !== undefined && row.typeId === type.id && row.deletedAt === null;
  if (living && sights.has(row.id)) hits.add(row.id);
  return hits;
}

function probeOf(
  type: KnownType,
  text: string,
): { type_id: number; key_name: string; key_value: string } {
  const at = text.indexOf("|");
  return { type_id: type.id, key_name: text.slice(0, at), key_value: text.slice(at + 1) };
}

function misidentified(
  record: CheckedRecord,
  type: KnownType,
  {
    hits,
    names,
  }: {
    readonly hits: ReadonlySet<string>;
    readonly names: ReadonlyMap<string, { readonly name: string }>;
  },
): CellProblem | undefined {
  const { cells, headings, set, id } = record;
  const attribute = type.keys[0]?.attributes[0] ?? "";
  const [cell, heading] = [cells[attribute] ?? "", headings[attribute] ?? ""];
  const about = { cell, heading, attribute, value: set[attribute] ?? null };
  const keys = type.keys.map(({ attributes }) => attributes.join("+")).join(" or ");
  if (id !== undefined && !hits.has(id.toLowerCase())) {
    const message = `there is no ${type.name} with the id ${id}`;
    const expected = "the id of an entry, or an empty cell";
    return { ...about, attribute: "id", value: id, message, expected };
  }
  if (hits.size > 1) {
    const list = [...hits].map((hit) => names.get(hit)?.name ?? hit).join(" and ");
    const expected = `values of one entry in ${keys}`;
    return { ...about, message: `the row names several entries: ${list}`, expected };
  }
  if (hits.size === 1 || record.keys.length > 0) return undefined;
  return { ...about, ...unnamed(record, type), expected: `a value in ${keys || "the column id"}` };
}

/** Nothing says which entry a row is about; perhaps since the columns that would are missing. */
function unnamed(
  { lacking = {} }: CheckedRecord,
  type: KnownType,
): Pick<CellProblem, "message" | "nearest"> {
  const message = `nothing in the row says which ${type.name} it is about`;
  const absent = type.keys
    .flatMap(({ attributes }) => attributes)
    .filter((name) => name in lacking);
  if (absent.length === 0) return { message };
  const near = absent.map((name) => lacking[name] ?? "").find((heading) => heading !== "");
  return {
    message: `${message}: the sheet has no column ${absent.join(", ")}`,
    ...(near === undefined ? {} : { nearest: near }),
  };
}
