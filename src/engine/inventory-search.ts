/** Search over the inventory: conditions over paths, words, any order, chosen values, counts. */
import { asUtc, instantOf, wallTime } from "../model/time-zone.ts";
import { typeNamed, type Catalogue, type KnownType } from "../inventory/catalogue.ts";
import { all, isOfTypes, type Predicate, type ValuePath } from "../inventory/predicate.ts";
import { badRequest } from "../inventory/problem.ts";
import {
  compileCondition,
  compileWhere,
  valuePath,
  wordsOf,
  type QueryContext,
} from "../inventory/query.ts";
import { readCondition } from "../inventory/query-condition.ts";
import { isoMoment, type QueryClock } from "../inventory/query-time.ts";
import { requestKey, type ReferenceRequest } from "../inventory/references.ts";
import { shown } from "../inventory/validate.ts";
import { queryFacet, type FacetCount } from "../store/inventory/query-facets.ts";
import { narrowed } from "../store/inventory/query-narrow.ts";
import {
  queryCount,
  queryIds,
  queryPage,
  queryValues,
  type Order,
} from "../store/inventory/query.ts";
import type { Db } from "../store/schema.ts";
import { pageLength, type Ground } from "./inventory-history.ts";
import { namedFor, type NamedOptions } from "./inventory-named.ts";
import { resolveReferences, type Resolutions } from "./inventory-resolve.ts";
import { viewEntries, viewImages, type EntryView } from "./inventory-view.ts";

export interface SearchQuery {
  /** One type or several; undefined = all types. */
  readonly type?: string | readonly string[] | undefined;
  /** A saved filter that must be fulfilled, too; its types, order and paths count where the search says none. */
  readonly filter?: string | undefined;
  /** Conditions (`inventory/query-condition.ts`), or in short attribute → value. References by id, name or key. */
  readonly where?: unknown;
  /** Words that must all occur, in any writing (full-width, case); quotes keep blanks. */
  readonly text?: string | undefined;
  /** A path; `-` before it turns the order round. By name unless said. */
  readonly sort?: string | undefined;
  /** Paths whose values are wanted beside each entry. */
  readonly select?: readonly string[] | undefined;
  /** Paths by whose values the entries are counted. */
  readonly facets?: readonly string[] | undefined;
  /** How many there are, exactly up to 10,000. */
  readonly count?: boolean | undefined;
  /** 1–1000, default 50. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** Entries as they were at this moment, ISO 8601 with offset. Conditions and order then speak of their own attributes only. */
  readonly at?: string | undefined;
}

export interface FoundEntry extends EntryView {
  /** By path of `select`: the value, null when there is none, a list where the path may lead to several. */
  readonly values?: Readonly<Record<string, unknown>>;
}
export interface SearchPage {
  readonly entries: readonly FoundEntry[];
  /** Present when there are more. */
  readonly next?: string;
  readonly count?: { readonly value: number; readonly exact: boolean };
  /** By path: the 100 most frequent values. */
  readonly facets?: Readonly<Record<string, readonly FacetCount[]>>;
}

/** What `today` and `now` mean at an instant (milliseconds since the epoch) in a zone. */
export function queryClock(instant: number, zone: string): QueryClock {
  const { year, month, day } = wallTime(instant, zone);
  const midnight = { year, month, day, hour: 0, minute: 0, second: 0 };
  return {
    today: new Date(asUtc(midnight)).toISOString().slice(0, 10),
    midnight: new Date(instantOf(midnight, zone)).toISOString(),
    now: new Date(instant).toISOString(),
  };
}

const mostCounted = 10_000;
const mostPaths = 50;
const mostFacetValues = 100;

/** One page. Throws INVENTORY_REQUEST or INVENTORY_TYPE_UNKNOWN. */
export async function search(
  db: Db,
  query: SearchQuery,
  options: Pick<Ground, "eyes" | "clock">,
): Promise<SearchPage> {
  const limit = pageLength(query.limit);
  const { eyes } = options;
  const types = searchedTypes(eyes.known, query.type);
  const past = pastOf(query, types);
  const context = { ...contextOf(options), past: past !== undefined };
  const asked = all(
    await compiledWhere(db, query.where ?? {}, types, { context, eyes }),
    wordsOf(query.text ?? "", types, context),
  );
  const predicate = past === undefined ? await narrowed(db, asked) : asked;
  const order = orderOf(query.sort, types, context);
  const selected = pathsOf("select", query.select, types, context);
  const facets = pathsOf("facets", query.facets, types, context);
  const met =
    facets.size + (query.count === true ? 1 : 0) > 1 ? await few(db, predicate) : { predicate };
  const rows = await queryPage(db, {
    predicate: met.predicate,
    order,
    after: query.after === undefined ? undefined : readCursor(query.after, query.sort),
    limit: limit + 1,
    past,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const entries =
    past === undefined ? await viewEntries(db, page, eyes) : await viewImages(db, page, eyes);
  return {
    entries: await withValues(db, entries, selected),
    ...(rows.length > limit && last !== undefined
      ? { next: writeCursor(query.sort, last.key, last.id) }
      : {}),
    ...(query.count === true ? { count: await counted(db, met) } : {}),
    ...(facets.size === 0 ? {} : { facets: await facetsOf(db, met.predicate, facets) }),
  };
}

/** How queries of that caller are compiled, before references are looked up. */
export function contextOf({ eyes, clock }: Pick<Ground, "eyes" | "clock">): QueryContext {
  const { known, access, partial } = eyes;
  return { known, access, partial, clock, resolve: () => undefined };
}

/** What of a search can be asked of the past. */
function pastOf(
  { at, text, select, facets, count, sort }: SearchQuery,
  types: readonly KnownType[],
): { at: string; typeIds: readonly number[] } | undefined {
  if (at === undefined) return undefined;
  const moment = isoMoment(at);
  if (moment === undefined)
    throw badRequest(`at is ${shown(at)}; expected a moment as 2026-04-01T09:00:00+09:00`);
  for (const [name, value] of Object.entries({ text, select, facets, count })) {
    if (value !== undefined && value !== false)
      throw badRequest(`${name} can only be asked of the present, not of the past (at)`);
  }
  if (sort?.includes(".") === true)
    throw badRequest(
      `sort: ${sort} leads to other entries; of the past only own attributes are known`,
    );
  return { at: moment, typeIds: types.map(({ id }) => id) };
}

/** The types that a query asks of. Throws INVENTORY_TYPE_UNKNOWN. */
export function searchedTypes(known: Catalogue, given: SearchQuery["type"]): readonly KnownType[] {
  if (given === undefined) return [...known.byId.values()];
  return [given].flat().map((name) => typeNamed(known, name));
}

/** Compiles a condition; what its references mean is looked up first. */
export async function compiledWhere(
  db: Db,
  where: unknown,
  types: readonly KnownType[],
  { context, ...options }: NamedOptions & { readonly context: QueryContext },
): Promise<Predicate> {
  const condition = readCondition(where);
  const { eyes } = options;
  const named = await namedFor(db, [condition], options);
  const requests: ReferenceRequest[] = [];
  const asked = compileCondition(condition, types, {
    ...context,
    named,
    resolve: (request) => void requests.push(request),
  });
  if (requests.length === 0) return asked;
  const answers: Resolutions = await resolveReferences(db, requests, { eyes, hold: false });
  const resolve = (request: ReferenceRequest) => answers.get(requestKey(request));
  return compileCondition(condition, types, { ...context, named, resolve });
}

function orderOf(
  sort: string | undefined,
  types: readonly KnownType[],
  context: QueryContext,
): Order | undefined {
  if (sort === undefined || sort === "name") return undefined;
  const descending = sort.startsWith("-");
  const path = valuePath(descending ? sort.slice(1) : sort, types, context);
  if (path.many)
    throw badRequest(`sort: ${sort} may lead to several values; expected a path to one`);
  return { path, descending };
}

function pathsOf(
  what: string,
  given: readonly string[] | undefined,
  types: readonly KnownType[],
  context: QueryContext,
): ReadonlyMap<string, ValuePath> {
  const paths = given ?? [];
  if (paths.length > mostPaths) throw badRequest(`${what}: more than ${mostPaths} paths`);
  return new Map(paths.map((text) => [text, valuePath(text, types, context)]));
}

async function withValues(
  db: Db,
  entries: readonly EntryView[],
  paths: ReadonlyMap<string, ValuePath>,
): Promise<readonly FoundEntry[]> {
  if (paths.size === 0) return entries;
  const ids = entries.map(({ id }) => id);
  const values = await queryValues(db, ids, [...paths.values()]);
  return entries.map((entry) => {
    const lists = values.get(entry.id) ?? [];
    const named = [...paths].map(([text, { many }], index): [string, unknown] => {
      const list = lists[index] ?? [];
      return [text, many ? list : (list[0] ?? null)];
    });
    return { ...entry, values: Object.fromEntries(named) };
  });
}

/** A condition, and how many fulfil it where that is known. */
interface Met {
  readonly predicate: Predicate;
  readonly size?: number;
}

/** What fulfils a condition that is asked several times, when there is not too much of it. */
async function few(db: Db, predicate: Predicate): Promise<Met> {
  if (isOfTypes(predicate)) return { predicate };
  const ids = await queryIds(db, predicate, mostCounted + 1);
  if (ids.length > mostCounted) return { predicate };
  return { predicate: { kind: "ids", ids }, size: ids.length };
}

async function counted(
  db: Db,
  { predicate, size }: Met,
): Promise<{ value: number; exact: boolean }> {
  const found = size ?? (await queryCount(db, predicate, mostCounted + 1));
  return { value: Math.min(found, mostCounted), exact: found <= mostCounted };
}

async function facetsOf(
  db: Db,
  predicate: Predicate,
  paths: ReadonlyMap<string, ValuePath>,
): Promise<NonNullable<SearchPage["facets"]>> {
  const counts = await Promise.all(
    [...paths].map(async ([text, path]) => {
      const wanted = { path, limit: mostFacetValues, bound: mostCounted };
      return [text, await queryFacet(db, predicate, wanted)] as const;
    }),
  );
  return Object.fromEntries(counts);
}

/** Living entries per type, of those that the caller may see. */
export async function countSeen({ db, eyes, clock }: Ground): Promise<ReadonlyMap<string, number>> {
  const types = [...eyes.known.byId.values()];
  const context = contextOf({ eyes, clock });
  const counts = await queryFacet(db, compileWhere({}, types, context), {
    path: valuePath("type", types, context),
    limit: types.length,
    bound: mostCounted,
  });
  return new Map(counts.map(({ value, count }) => [String(value), count]));
}

function writeCursor(sort: string | undefined, key: string | null, id: string): string {
  return Buffer.from(JSON.stringify([sort ?? "name", key, id])).toString("base64url");
}

/** A cursor belongs to the order it was made in. */
function readCursor(text: string, sort: string | undefined): { key: string | null; id: string } {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    const [order, key, id]: readonly unknown[] = Array.isArray(value) ? value : [];
    const isKey = key === null || typeof key === "string";
    if (order === (sort ?? "name") && isKey && typeof id === "string" && /^[0-9a-f-]{36}$/.test(id))
      return { key, id };
  } catch {
    // Falls through to the error that says what was expected.
  }
  throw badRequest(
    "after is not a cursor; expected the `next` of an earlier page in the same order",
  );
}
