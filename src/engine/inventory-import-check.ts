/** Rows of spreadsheets against the store: what their references mean, and whether their values are sound. */
import { targets, typeNamed, type KnownType } from "../inventory/catalogue.ts";
import type { Attribute } from "../inventory/definition.ts";
import { keyValue, titleOf } from "../inventory/derive.ts";
import type { CheckedRecord, ImportRecord } from "../inventory/import-records.ts";
import { keysOfPath } from "../inventory/reference-paths.ts";
import { isReference, requestKey, requestOf } from "../inventory/references.ts";
import { problemAt, type CellProblem } from "../inventory/sheet-table.ts";
import { fold, nearest } from "../inventory/text.ts";
import type { EntryProblem } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { namesBeginning } from "../store/inventory/imports.ts";
import type { Ground } from "./inventory-history.ts";
import { identify, type CheckedRows } from "./inventory-import-identify.ts";
import { resolveReferences, type Resolutions } from "./inventory-resolve.ts";
import { check } from "./inventory-write.ts";

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
