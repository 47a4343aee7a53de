/** Lists and lookups of what is defined in files, as StackStorm answers them. */
import type { Request, Response } from "express";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { attributes, type Attributes, countHeaders, names, paging, project } from "./query.ts";

/** What every kind of definition has. */
const commonNames = [
  "id",
  "uid",
  "ref",
  "pack",
  "name",
  "description",
  "enabled",
  "tags",
  "metadata_file",
  "parameters",
] as const;

export interface Listed {
  /** Names that `include_attributes` may say, besides those that every definition has; the first element's own are known anyway. */
  readonly names: readonly string[];
  /** `limit` when none is given; undefined = no limit. */
  readonly limit?: number;
  /** False: `include_attributes` and `exclude_attributes` say nothing here. */
  readonly chosen?: boolean;
  /** Attributes that `?name=…` compares, e.g. pack and name. */
  readonly filters?: readonly string[];
}

function sortText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [sortText(a), sortText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sorted(rows: readonly JsonObject[], request: Request): readonly JsonObject[] {
  // A plus sign in a query is read as a space.
  const keys = names(request.query["sort"]).map((each) => ({
    down: each.startsWith("-"),
    name: each.replace(/^[-+ ]/, ""),
  }));
  if (keys.length === 0) return rows;
  return rows.toSorted((a, b) => {
    for (const { down, name } of keys) {
      const order = compare(a[name], b[name]);
      if (order !== 0) return down ? -order : order;
    }
    return 0;
  });
}

function matches(row: JsonObject, request: Request, filters: readonly string[]): boolean {
  const ids = names(request.query["id"]);
  if (ids.length > 0 && !ids.includes(String(row["id"]))) return false;
  return filters.every((name) => {
    const wanted = names(request.query[name]);
    return wanted.length === 0 || wanted.includes(String(row[name]));
  });
}

/** Filters, sorts, pages and counts what is shown. */
export function answerList(
  request: Request,
  response: Response,
  rows: readonly JsonObject[],
  { names: known, limit, chosen = true, filters = [] }: Listed,
): void {
  const page = paging(request, limit ?? "none", response);
  const wanted = attributes(request, {
    names: new Set([...commonNames, ...known, ...Object.keys(rows[0] ?? {})]),
  });
  const found = rows.filter((row) => matches(row, request, filters));
  countHeaders(response, found.length, page);
  const shown = sorted(found, request).slice(page.offset, page.offset + page.limit);
  response.json(chosen ? shown.map((row) => project(row, withRef(row, wanted))) : shown);
}

/** What belongs to a pack keeps its `ref`, whatever is asked for. */
function withRef(row: JsonObject, { include, exclude }: Attributes): Attributes {
  if (row["ref"] === undefined || row["pack"] === undefined) return { include, exclude };
  return {
    include: include === undefined ? undefined : [...include, "ref"],
    exclude: exclude.filter((name) => name !== "ref"),
  };
}

/** What is called in a sentence about what is missing. */
export type Naming = "reference or id" | "name or id" | "ref or id";

/** The element of that ref, name or id. Throws NOT_FOUND. */
export function oneOf(
  rows: readonly JsonObject[],
  wanted: string,
  naming: Naming = "reference or id",
): JsonObject {
  const found = rows.find(
    ({ ref, id, name }) =>
      ref === wanted || id === wanted || (naming !== "reference or id" && name === wanted),
  );
  if (found === undefined)
    throw new AppError("NOT_FOUND", [`Resource with a ${naming} "${wanted}" not found`]);
  return found;
}
