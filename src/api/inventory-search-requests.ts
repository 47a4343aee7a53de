/** Reads what a search asks for, from a body or from the parameters of a URL. */
import type { Request } from "express";
import type { SearchQuery } from "../engine/inventory-search.ts";
import { badRequest } from "../inventory/problem.ts";
import { shown } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import { queryNumber, queryText, textOf, textsOf } from "./inventory-requests.ts";
import { parseJson } from "./json-bodies.ts";

const asked = [
  "type",
  "filter",
  "where",
  "text",
  "sort",
  "select",
  "facets",
  "count",
  "limit",
  "after",
  "at",
];

/** `{type, filter, where, text, sort, select, facets, count, limit, after}`. */
export function searchOfBody(body: JsonObject): SearchQuery {
  const unknown = Object.keys(body).find((key) => !asked.includes(key));
  if (unknown !== undefined)
    throw badRequest(`${unknown} is no part of a search; expected ${asked.join(", ")}`);
  const { limit, count, type } = body;
  if (limit !== undefined && typeof limit !== "number")
    throw badRequest(`limit is ${shown(limit)}; expected a number`);
  if (count !== undefined && typeof count !== "boolean")
    throw badRequest(`count is ${shown(count)}; expected true or false`);
  return {
    type: Array.isArray(type) ? textsOf(body, "type") : textOf(body, "type"),
    filter: textOf(body, "filter"),
    text: textOf(body, "text"),
    sort: textOf(body, "sort"),
    after: textOf(body, "after"),
    at: textOf(body, "at"),
    select: textsOf(body, "select"),
    facets: textsOf(body, "facets"),
    limit,
    count,
    where: body["where"] ?? {},
  };
}

const reserved = new Set([
  "type",
  "filter",
  "q",
  "where",
  "sort",
  "select",
  "facets",
  "count",
  "limit",
  "after",
  "at",
  "x-auth-token",
  "st2-api-key",
]);

/** `?type=Device&q=words&sort=-updated_at&select=rack.name,owner&count=true&where={json}`; every other parameter names a path and its value. */
export function searchOfUrl(request: Request): SearchQuery {
  const names = Object.keys(request.query).filter((name) => !reserved.has(name));
  const short = Object.fromEntries(names.map((name) => [name, queryText(request, name) ?? ""]));
  const where = queryText(request, "where");
  const list = (name: string): readonly string[] | undefined =>
    queryText(request, name)?.split(",");
  return {
    type: list("type"),
    filter: queryText(request, "filter"),
    text: queryText(request, "q"),
    sort: queryText(request, "sort"),
    select: list("select"),
    facets: list("facets"),
    count: queryText(request, "count") === "true",
    limit: queryNumber(request, "limit"),
    after: queryText(request, "after"),
    at: queryText(request, "at"),
    where: where === undefined ? short : { and: [short, jsonOf(where)] },
  };
}

/** Throws INVENTORY_REQUEST for what is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw badRequest(`where is ${shown(text)}; expected JSON`);
  }
}
