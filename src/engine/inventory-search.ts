import { attributeType } from "../inventory/attribute-types.ts";
import { typeNamed, type Catalogue, type KnownType } from "../inventory/catalogue.ts";
import { badRequest } from "../inventory/problem.ts";
import { isReference, requestKey, type ReferenceRequest } from "../inventory/references.ts";
import { bigrams, containsPattern, nearest, searchWords } from "../inventory/text.ts";
import { shown } from "../inventory/validate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { searchEntries } from "../store/inventory/entries.ts";
import type { Db } from "../store/schema.ts";
import { resolveReferences } from "./inventory-resolve.ts";
import { viewEntries, type EntryView } from "./inventory-view.ts";

export interface SearchQuery {
  /** Undefined = all types; needed for `where`. */
  readonly type?: string | undefined;
  /** Attribute → value it has (or, of a list, contains). References by id, name or key. */
  readonly where?: JsonObject | undefined;
  /** Words that must all occur, in any writing (full-width, case); quotes keep blanks. */
  readonly text?: string | undefined;
  /** 1–1000, default 50. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}
export interface SearchPage {
  readonly entries: readonly EntryView[];
  /** Present when there are more. */
  readonly next?: string;
}

const longestPage = 1000;

/** One page in the order (name, id). Throws INVENTORY_REQUEST or INVENTORY_TYPE_UNKNOWN. */
export async function search(db: Db, known: Catalogue, query: SearchQuery): Promise<SearchPage> {
  const limit = pageLength(query.limit);
  const type = query.type === undefined ? undefined : typeNamed(known, query.type);
  const words = searchWords(query.text ?? "");
  const containing = await containingOf(db, known, type, query.where ?? {});
  if (containing === undefined) return { entries: [] };
  const rows = await searchEntries(db, {
    typeIds: type === undefined ? undefined : [type.id],
    containing,
    patterns: words.map(containsPattern),
    grams: [...new Set(words.flatMap(bigrams))],
    after: query.after === undefined ? undefined : readCursor(query.after),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const entries = await viewEntries(db, page, known);
  return rows.length > limit && last !== undefined
    ? { entries, next: writeCursor(last.name, last.id) }
    : { entries };
}

function pageLength(limit = 50): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= longestPage) return limit;
  throw badRequest(`limit is ${shown(limit)}; expected a whole number from 1 to ${longestPage}`);
}

function writeCursor(name: string, id: string): string {
  return Buffer.from(JSON.stringify([name, id])).toString("base64url");
}

function readCursor(text: string): { name: string; id: string } {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    const [name, id]: readonly unknown[] = Array.isArray(value) ? value : [];
    if (typeof name === "string" && typeof id === "string" && /^[0-9a-f-]{36}$/.test(id))
      return { name, id };
  } catch {
    // Falls through to the error that says what was expected.
  }
  throw badRequest("after is not a cursor; expected the `next` of an earlier page");
}

/** What a document must contain, or undefined when a named target does not exist: then nothing matches. */
async function containingOf(
  db: Db,
  known: Catalogue,
  type: KnownType | undefined,
  where: JsonObject,
): Promise<JsonObject | undefined> {
  const names = Object.keys(where);
  if (names.length === 0) return {};
  if (type === undefined) throw badRequest("a filter needs the type whose attributes it names");
  const requests = names.flatMap((name) => requestFor(type, name, where[name]) ?? []);
  const answers = await resolveReferences(db, requests, { known, hold: false });
  const containing = new Map<string, unknown>();
  for (const name of names) {
    const request = requestFor(type, name, where[name]);
    const answer = request === undefined ? undefined : answers.get(requestKey(request));
    if (answer !== undefined && "problem" in answer) return undefined;
    containing.set(name, containedValue(type, name, answer?.id ?? where[name]));
  }
  return Object.fromEntries(containing);
}

function attributeNamed(type: KnownType, name: string) {
  const attribute = type.attributes.get(name);
  if (attribute !== undefined) return attribute;
  const near = nearest(name, type.attributes.keys());
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw badRequest(`${type.name} has no attribute ${name}${hint}`, { nearest: near ?? null });
}

function requestFor(type: KnownType, name: string, value: unknown): ReferenceRequest | undefined {
  const attribute = attributeNamed(type, name);
  return isReference(attribute) ? { to: attribute.element.to, given: value } : undefined;
}

function containedValue(type: KnownType, name: string, value: unknown): unknown {
  const { element, array } = attributeNamed(type, name);
  const listed = (one: unknown): unknown => (array ? [one] : one);
  if (element.type === "named_ref") return listed({ ref: value });
  // The parameters of a URL are text; numbers and booleans are meant as such.
  const typed = typeof value === "string" ? fromText(element.type, value) : value;
  const parsed = attributeType(element.type).parse(typed, element);
  if ("value" in parsed) return listed(parsed.value);
  if (isObject(value) || Array.isArray(value))
    throw badRequest(`${name}: ${shown(value)} is not a plain value; only equality is asked here`);
  const because = parsed.wrong === "" ? "" : `: ${parsed.wrong}`;
  throw badRequest(
    `${name}: ${shown(value)} is not ${attributeType(element.type).expected}${because}`,
  );
}

function fromText(type: string, text: string): unknown {
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type !== "integer" && type !== "decimal") return text;
  return text.trim() === "" ? text : Number(text);
}
