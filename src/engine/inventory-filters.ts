/** Saved filters as their owners, and those with whom they are shared, use them. */
import { InventoryError } from "../inventory/problem.ts";
import { readFilter } from "../inventory/saved-filter.ts";
import { nearest } from "../inventory/text.ts";
import type { JsonObject } from "../model/json.ts";
import { filterRevisions, visibleFilters, type FilterRow } from "../store/inventory/filters.ts";
import type { Inventory } from "./inventory.ts";
import { mayReadQuery } from "./inventory-readable.ts";
import type { SearchPage, SearchQuery } from "./inventory-search.ts";

export type FilterGround = Pick<Inventory, "ground" | "workshop">;

export interface FilterView {
  readonly name: string;
  readonly owner: string;
  readonly shared: boolean;
  readonly protected: boolean;
  readonly version: number;
  readonly type: unknown;
  readonly where: unknown;
  readonly description: unknown;
  readonly sort: unknown;
  readonly select: unknown;
  readonly created_at: string;
  readonly updated_at: string;
}

export function filterView(row: FilterRow): FilterView {
  const { name, owner, shared, version, document, createdAt, updatedAt } = row;
  const { type, where, description, sort, select } = document;
  return {
    name,
    owner,
    shared,
    protected: row.protected,
    version,
    type,
    where,
    description,
    sort,
    select,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

const hidden = { type: null, where: "hidden", sort: null, select: null } as const;

/** Of a filter that asks what the caller may not read, not what it asks. */
async function maskOf(
  service: FilterGround,
  { owner, document }: Pick<FilterRow, "owner" | "document">,
): Promise<typeof hidden | Readonly<Record<string, never>>> {
  if (owner === service.ground.eyes.viewer) return {};
  const { types, where, sort, select = [] } = readFilter(document);
  const paths = [...(sort === undefined ? [] : [sort.replace(/^-/, "")]), ...select];
  const asked = { and: [where, ...paths.map((path) => ({ path, op: "exists" }))] };
  return (await mayReadQuery(service, { types, where: asked }, { values: false })) ? {} : hidden;
}

async function shown(service: FilterGround, row: FilterRow): Promise<FilterView> {
  return { ...filterView(row), ...(await maskOf(service, row)) };
}

/** The shared ones and one's own. */
export async function filters(service: FilterGround): Promise<readonly FilterView[]> {
  const { db, eyes } = service.ground;
  const rows = await visibleFilters(db, eyes.viewer);
  return Promise.all(rows.map((row) => shown(service, row)));
}

/** Throws INVENTORY_FILTER_UNKNOWN. */
export async function storedFilter({ ground }: FilterGround, name: string): Promise<FilterRow> {
  const all = await visibleFilters(ground.db, ground.eyes.viewer);
  const row = all.find((one) => one.name === name);
  if (row !== undefined) return row;
  const near = nearest(
    name,
    all.map((one) => one.name),
  );
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new InventoryError("INVENTORY_FILTER_UNKNOWN", [`${JSON.stringify(name)}${hint}`], {
    nearest: near ?? null,
  });
}

/** Throws INVENTORY_FILTER_UNKNOWN. */
export async function filterNamed(service: FilterGround, name: string): Promise<FilterView> {
  return shown(service, await storedFilter(service, name));
}

/** Every version that the filter had, newest first. */
export async function filterHistory(
  service: FilterGround,
  name: string,
): Promise<readonly JsonObject[]> {
  const { id, owner } = await storedFilter(service, name);
  const rows = await filterRevisions(service.ground.db, id);
  return Promise.all(
    rows.map(async ({ at, op, document, ...row }) => ({
      ...row,
      op: { I: "created", U: "updated", D: "deleted" }[op] ?? op,
      at: at.toISOString(),
      ...document,
      ...(await maskOf(service, { owner, document })),
    })),
  );
}

/** The search with what the saved filter that it names asks: its types, order and paths count where the search says nothing of its own. */
export async function withSaved(service: FilterGround, query: SearchQuery): Promise<SearchQuery> {
  const { filter, ...own } = query;
  if (filter === undefined) return query;
  const { document } = await storedFilter(service, filter);
  const { types, sort, select } = readFilter(document);
  return {
    ...own,
    type: own.type ?? types,
    where: { and: [{ $filter: filter }, own.where ?? {}] },
    sort: own.sort ?? sort,
    select: own.select ?? select,
  };
}

/** Members of a group, put in and found by its query. Throws INVENTORY_REQUEST for an entry that is no group. */
export async function members(
  service: Pick<Inventory, "get" | "search">,
  id: string,
  page: Pick<SearchQuery, "type" | "limit" | "after" | "count">,
): Promise<SearchPage> {
  const { id: group } = await service.get(id);
  return service.search({ ...page, where: { $group: group } });
}
