/** Rows of spreadsheets against the store: what their references mean, whether their values are sound, which entries they are about. */
import { targets, typeNamed, type KnownType } from "../inventory/catalogue.ts";
import { isUuid } from "../inventory/attribute-types.ts";
import type { Attribute } from "../inventory/definition.ts";
import { keyValue, titleOf } from "../inventory/derive.ts";
import type { CheckedRecord, ImportRecord } from "../inventory/import-records.ts";
import { keysOfPath } from "../inventory/reference-paths.ts";
import { isReference, requestKey, requestOf } from "../inventory/references.ts";
import { problemAt, type CellProblem } from "../inventory/sheet-table.ts";
import { fold, nearest } from "../inventory/text.ts";
import type { EntryProblem } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { findKeys, loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { namesBeginning } from "../store/inventory/imports.ts";
import { mayRead, type Allowed } from "./inventory-eyes.ts";
import type { Ground } from "./inventory-history.ts";
import { resolveReferences, type Resolutions } from "./inventory-resolve.ts";
import { check } from "./inventory-write.ts";

export interface CheckedRows {
  readonly sound: readonly CheckedRecord[];
  /** By the index of the record. */
  readonly problems: ReadonlyMap<number, readonly CellProblem[]>;
}

/** Values of rows as documents keep them, or all that is wrong with them. */
export async function checkRecords(
  ground: Ground,
  records: readonly ImportRecord[],
): Promise<CheckedRows> {
  const problems = new Map<number, readonly CellProblem[]>();
  const coming = comingNames(ground, records);
  const { written, resolutions } = await resolved(ground, records);
  const sound: CheckedRecord[] = [];
  for (const [index, record] of records.entries()) {
    const type = typeNamed(ground.known, record.type);
    const { set, pending } = apart(type, written[index] ?? {}, { resolutions, coming });
    const checked = check(type, set, resolutions, "part");
    const wrong =
      "problems" in checked ? await told(ground, { type, record }, checked.problems) : [];
    if (record.problems.length > 0 || wrong.length > 0)
      problems.set(index, [...record.problems, ...wrong]);
    else if ("document" in checked)
      sound.push({ ...record, index, ...identified(type, checked.document, pending), hits: [] });
  }
  return identify(ground, sound, problems);
}

/** What entries that the import itself makes will be called, by type: names, and keys as one text each. */
type Coming = ReadonlyMap<string, ReadonlySet<string>>;

function comingNames({ known }: Ground, records: readonly ImportRecord[]): Coming {
  const coming = new Map<string, Set<string>>();
  for (const { type: name, set } of records) {
    const type = typeNamed(known, name);
    const names = coming.get(name) ?? new Set<string>();
    coming.set(name, names);
    names.add(leafText(titleOf(type, set)));
    for (const { attributes } of type.keys) {
      const [first = "", ...others] = attributes;
      if (others.length === 0) names.add(leafText(set[first] ?? ""));
      names.add(keyText(Object.fromEntries(attributes.map((part) => [part, set[part] ?? ""]))));
    }
  }
  return coming;
}

/** The values of a key, or of keys in it, as one text. */
function leafText(value: unknown): string {
  if (isObject(value)) return Object.values(value).map(leafText).join("/");
  return fold(typeof value === "string" ? value : value === null ? "" : JSON.stringify(value));
}

function keyText(key: JsonObject): string {
  const parts = Object.entries(key).map(([name, value]) => [name, leafText(value)]);
  return JSON.stringify(parts.toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
}

function isComing(attribute: Attribute, given: unknown, coming: Coming): boolean {
  const types = attribute.element.to.length === 0 ? [...coming.keys()] : attribute.element.to;
  const text = isObject(given) ? keyText(given) : leafText(given);
  return text !== "" && types.some((type) => coming.get(type)?.has(text) === true);
}

/** The rows' sets, in which a text that only a key with several values explains is that key; and what all references mean. */
async function resolved(
  { db, known, eyes }: Ground,
  records: readonly ImportRecord[],
): Promise<{ readonly written: readonly JsonObject[]; readonly resolutions: Resolutions }> {
  const uses = records.flatMap(({ type: name, set }) => usesOf(typeNamed(known, name), set));
  const alternatives = uses.flatMap(({ attribute, given }) =>
    typeof given !== "string"
      ? []
      : keysOfPath(known, attribute.element.to, given).map((key) => ({ attribute, given: key })),
  );
  const requests = [...uses, ...alternatives].map(({ attribute, given }) => ({
    to: attribute.element.to,
    given,
  }));
  const resolutions = await resolveReferences(db, requests, { eyes, hold: false });
  const written = records.map(({ type: name, set }) => {
    const type = typeNamed(known, name);
    return mapReferences(type, set, (attribute, value) => {
      const request = requestOf(attribute, value);
      const answer = resolutions.get(requestKey(request));
      if (answer === undefined || "id" in answer || typeof request.given !== "string") return value;
      const keys = keysOfPath(known, attribute.element.to, request.given);
      const better =
        keys.find(
          (key) => "id" in (resolutions.get(requestKey({ ...request, given: key })) ?? {}),
        ) ?? keys[0];
      if (better === undefined) return value;
      return isObject(value) ? { ...value, ref: better } : better;
    });
  });
  return { written, resolutions };
}

function usesOf(
  type: KnownType,
  set: JsonObject,
): readonly { attribute: Attribute; given: unknown }[] {
  const uses: { attribute: Attribute; given: unknown }[] = [];
  mapReferences(type, set, (attribute, value) => {
    uses.push({ attribute, given: requestOf(attribute, value).given });
    return value;
  });
  return uses;
}

function mapReferences(
  type: KnownType,
  set: JsonObject,
  change: (attribute: Attribute, value: unknown) => unknown,
): JsonObject {
  return Object.fromEntries(
    Object.entries(set).map(([name, value]) => {
      const attribute = type.attributes.get(name);
      if (attribute === undefined || !isReference(attribute)) return [name, value];
      if (attribute.array && Array.isArray(value))
        return [name, value.map((one: unknown) => change(attribute, one))];
      return [name, change(attribute, value)];
    }),
  );
}

/** Attributes that refer to entries which are still to come stand apart: they are checked when those are there. */
function apart(
  type: KnownType,
  given: JsonObject,
  { resolutions, coming }: { readonly resolutions: Resolutions; readonly coming: Coming },
): { readonly set: JsonObject; readonly pending: JsonObject } {
  const pending = new Set<string>();
  mapReferences(type, given, (attribute, value) => {
    const request = requestOf(attribute, value);
    const answer = resolutions.get(requestKey(request));
    const unknown = answer === undefined || "problem" in answer;
    if (unknown && isComing(attribute, request.given, coming)) pending.add(attribute.name);
    return value;
  });
  const entries = Object.entries(given);
  return {
    set: Object.fromEntries(entries.filter(([name]) => !pending.has(name))),
    pending: Object.fromEntries(entries.filter(([name]) => pending.has(name))),
  };
}

function identified(
  type: KnownType,
  document: JsonObject,
  pending: JsonObject,
): Pick<CheckedRecord, "values" | "pending" | "keys"> {
  const values = { ...document, ...pending };
  const keys = type.keys.flatMap((key) => {
    const value = keyValue(type, key, values);
    return value === undefined ? [] : [`${key.name}|${value}`];
  });
  return { values, pending: new Set(Object.keys(pending)), keys };
}

/** The problems with their cells, and the nearest name of what a reference may mean. */
async function told(
  ground: Ground,
  { type, record }: { readonly type: KnownType; readonly record: ImportRecord },
  problems: readonly EntryProblem[],
): Promise<readonly CellProblem[]> {
  const columns = Object.entries(record.headings).flatMap(([name, heading]) => {
    const attribute = type.attributes.get(name);
    return attribute === undefined ? [] : [{ attribute, heading, index: 0, path: [name] }];
  });
  const all: CellProblem[] = [];
  for (const problem of problems) {
    const name = problem.path.replace(/[.[].*$/, "");
    const attribute = type.attributes.get(name);
    const given = record.set[name];
    const near =
      attribute !== undefined && isReference(attribute) && typeof given === "string"
        ? await nearestEntry(ground, attribute, given)
        : problem.nearest;
    const whole = { ...problem, ...(near === undefined ? {} : { nearest: near }) };
    all.push(problemAt(record, { columns }, whole));
  }
  return all;
}

async function nearestEntry(
  { db, known, eyes }: Ground,
  { element }: Attribute,
  given: string,
): Promise<string | undefined> {
  // Of what somebody may see in part only, even a name would tell something.
  if (!eyes.unlimited) return undefined;
  const types = targets(known, element.to).map(({ id }) => id);
  return nearest(given, await namesBeginning(db, types, given.slice(0, 1)));
}

/** Which entries the rows are about: by id, or by any of their keys. */
async function identify(
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
