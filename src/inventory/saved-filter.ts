/** Saved filters: named queries that people, roles, groups and rules refer to. */
import { isObject, type JsonObject } from "../model/json.ts";
import { badRequest } from "./problem.ts";
import { namedIn, readCondition } from "./query-condition.ts";
import { nearest } from "./text.ts";
import { shown } from "./validate.ts";

/** What is kept of a query. */
export interface FilterQuery {
  /** Undefined = of every type. */
  readonly types: readonly string[] | undefined;
  readonly where: unknown;
}

export interface FilterDocument extends FilterQuery {
  readonly description: string;
  /** Where the filter is asked as a whole query: its order, and the paths whose values are wanted. */
  readonly sort: string | undefined;
  readonly select: readonly string[] | undefined;
}

export interface FilterWish extends FilterDocument {
  readonly shared: boolean;
  readonly protected: boolean;
}

const queryWords = ["type", "where"] as const;
const filterWords = [
  ...queryWords,
  "description",
  "sort",
  "select",
  "shared",
  "protected",
] as const;
/** Words of a request that are not kept. */
const besides = ["name", "reason", "ticket"];

/** Throws INVENTORY_REQUEST unless it may name a filter: 1–100 characters on one line, without slashes. */
export function filterName(given: unknown): string {
  if (
    typeof given === "string" &&
    /^[^\s/\p{C}][^/\p{C}]{0,99}$/u.test(given) &&
    given.trim() === given
  )
    return given;
  throw badRequest(`name is ${shown(given)}; expected 1 to 100 characters without slashes`);
}

function onlyWords(given: JsonObject, words: readonly string[], what: string): void {
  const odd = Object.keys(given).find((key) => !words.includes(key));
  if (odd === undefined) return;
  const near = nearest(odd, words);
  const hint = near === undefined ? `expected ${words.join(", ")}` : `did you mean ${near}?`;
  throw badRequest(`${odd} is no part of ${what}; ${hint}`);
}

function typesOf(given: unknown): readonly string[] | undefined {
  if (given === undefined || given === null) return undefined;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const names = list.filter((name) => typeof name === "string");
  if (names.length === list.length && names.length > 0) return names;
  throw badRequest(`type is ${shown(given)}; expected a type, or a list of types`);
}

/** `{type, where}`, as groups keep it. Throws INVENTORY_REQUEST for what cannot be a query at all. */
export function readFilterQuery(given: unknown): FilterQuery {
  if (!isObject(given)) throw badRequest(`${shown(given)} is no query; expected {type, where}`);
  onlyWords(given, queryWords, "a query");
  readCondition(given["where"] ?? {});
  return { types: typesOf(given["type"]), where: given["where"] ?? {} };
}

/** `{type, where, description, sort, select, shared, protected}`. Throws INVENTORY_REQUEST. */
export function readFilter(given: JsonObject): FilterWish {
  onlyWords(given, [...filterWords, ...besides], "a filter");
  const { sort = null, select = null, description = "", where = {} } = given;
  if (typeof description !== "string")
    throw badRequest(`description is ${shown(description)}; expected text`);
  if (sort !== null && typeof sort !== "string")
    throw badRequest(`sort is ${shown(sort)}; expected a path`);
  return {
    ...readFilterQuery({ type: given["type"], where }),
    description,
    sort: sort ?? undefined,
    select: select === null ? undefined : pathsIn(select),
    shared: flag(given, "shared"),
    protected: flag(given, "protected"),
  };
}

function pathsIn(given: unknown): readonly string[] {
  if (Array.isArray(given) && given.every((one) => typeof one === "string")) return given;
  throw badRequest(`select is ${shown(given)}; expected a list of paths`);
}

function flag(given: JsonObject, name: string): boolean {
  const value = given[name] ?? false;
  if (typeof value === "boolean") return value;
  throw badRequest(`${name} is ${shown(value)}; expected true or false`);
}

/** As it is kept and shown. */
export function filterDocument({
  types,
  where,
  description,
  sort,
  select,
}: FilterDocument): JsonObject {
  return {
    type: types ?? null,
    where,
    description,
    sort: sort ?? null,
    select: select ?? null,
  };
}

/** Names of the filters that a query names itself. */
export function filtersNamed(where: unknown): readonly string[] {
  const named = namedIn(readCondition(where)).filter(({ what }) => what === "filter");
  return [...new Set(named.map(({ given }) => String(given)))];
}
