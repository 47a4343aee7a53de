/** Saves filters, and takes them away: who may, and whether the query can be asked. */
import { sameJson } from "../inventory/patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { valuePath } from "../inventory/query.ts";
import { namedIn, readCondition } from "../inventory/query-condition.ts";
import {
  filterDocument,
  filterName,
  filtersNamed,
  readFilter,
  readFilterQuery,
  type FilterWish,
} from "../inventory/saved-filter.ts";
import type { JsonObject } from "../model/json.ts";
import {
  documentsNaming,
  filtersUsing,
  visibleFilters,
  writeFilter,
  type FilterChange,
  type FilterRow,
} from "../store/inventory/filters.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import { seenOf } from "./inventory-eyes.ts";
import {
  filterNamed,
  filterView,
  storedFilter,
  type FilterGround,
  type FilterView,
} from "./inventory-filters.ts";
import { compiledWhere, contextOf, searchedTypes } from "./inventory-search.ts";

export interface FilterAuthor {
  readonly actor: string;
  readonly reason: string | undefined;
  /** Whether the caller may share: what is shared means something for others. */
  readonly maySharing: boolean;
  /** The version that the caller saw. */
  readonly ifVersion?: number | undefined;
}

export interface SavedFilter {
  readonly result: "created" | "updated" | "unchanged";
  readonly filter: FilterView;
}

/** Makes the filter of that name, or gives it another meaning. Throws INVENTORY_REQUEST for what is no query here, INVENTORY_DENIED, INVENTORY_STALE. */
export async function saveFilter(
  service: FilterGround,
  { name: given, body }: { readonly name: string; readonly body: JsonObject },
  author: FilterAuthor,
): Promise<SavedFilter> {
  const name = filterName(given);
  const wish = readFilter(body);
  const before = await replaced(service, { name, wish }, author);
  insistOnRights(service, { before, wish }, author);
  insistOnVersion(before, author.ifVersion);
  await insistOnQuery(service, name, wish);
  if (before !== undefined && isSame(before, wish))
    return { result: "unchanged", filter: filterView(before) };
  if (before?.shared === true && !wish.shared) await insistUnused(service, name);
  const row = rowOf(name, wish, before, author);
  const { actor, reason } = author;
  const op = before === undefined ? "I" : "U";
  if (
    !(await service.workshop.database.transaction((tx) =>
      writeFilter(tx, { row, op, actor, reason }),
    ))
  )
    throw taken(name);
  const result = before === undefined ? "created" : "updated";
  return { result, filter: await filterNamed(service, name) };
}

/** The filter whose place the new one takes: a shared one of somebody else hinders nobody from having one of that name alone. */
async function replaced(
  { ground: { db, eyes } }: FilterGround,
  { name, wish }: { readonly name: string; readonly wish: FilterWish },
  { actor }: FilterAuthor,
): Promise<FilterRow | undefined> {
  const [before] = await visibleFilters(db, eyes.viewer, [name]);
  const others = before?.shared === true && before.owner !== actor;
  return others && !wish.shared && !eyes.unlimited ? undefined : before;
}

function isSame(before: FilterRow, wish: FilterWish): boolean {
  return (
    sameJson(before.document, filterDocument(wish)) &&
    before.shared === wish.shared &&
    before.protected === wish.protected
  );
}

function rowOf(
  name: string,
  wish: FilterWish,
  before: FilterRow | undefined,
  { actor }: FilterAuthor,
): FilterChange["row"] {
  return {
    id: before?.id ?? uuidv7(),
    name,
    owner: before?.owner ?? actor,
    shared: wish.shared,
    protected: wish.protected,
    version: (before?.version ?? 0) + 1,
    document: filterDocument(wish),
    uses: filtersNamed(wish.where),
  };
}

function taken(name: string): InventoryError {
  return new InventoryError("INVENTORY_STALE", [
    `Somebody else changed or made filter ${name} at the same time.`,
  ]);
}

/** Throws INVENTORY_STALE unless the filter is at that version. */
function insistOnVersion(row: FilterRow | undefined, version: number | undefined): void {
  if (version === undefined || row?.version === version) return;
  throw new InventoryError("INVENTORY_STALE", [
    `The filter is at version ${row?.version ?? "none"}, not ${version}.`,
  ]);
}

interface Judged {
  readonly before: FilterRow | undefined;
  readonly wish: Pick<FilterWish, "shared" | "protected">;
}

function insistOnRights({ ground }: FilterGround, judged: Judged, author: FilterAuthor): void {
  const refused = ground.eyes.unlimited ? undefined : refusalOf(judged, author);
  if (refused !== undefined) throw new InventoryError("INVENTORY_DENIED", [refused]);
}

function refusalOf(
  { before, wish }: Judged,
  { actor, maySharing }: FilterAuthor,
): string | undefined {
  if (before?.protected === true || wish.protected)
    return "A protected filter is only changed by those whom nothing limits: roles may name it.";
  if (before !== undefined && before.owner !== actor)
    return `Filter ${before.name} belongs to ${before.owner}.`;
  return (wish.shared || before?.shared === true) && !maySharing
    ? "You may not share filters: that asks for the permission inventory_modify."
    : undefined;
}

/** Throws INVENTORY_REQUEST unless the query can be asked as the caller sees the inventory. */
async function insistOnQuery(service: FilterGround, name: string, wish: FilterWish): Promise<void> {
  const { db, eyes, clock } = service.ground;
  if (wish.protected && !wish.shared) throw badRequest("protected is for filters that are shared");
  const types = searchedTypes(eyes.known, wish.types);
  const context = contextOf({ eyes, clock });
  await compiledWhere(db, wish.where, types, { context, eyes, candidate: { name, query: wish } });
  const sort = wish.sort?.replace(/^-/, "");
  for (const path of [...(sort === undefined ? [] : [sort]), ...(wish.select ?? [])])
    valuePath(path, types, context);
  if (!wish.shared) return;
  const visible = await visibleFilters(db, eyes.viewer, filtersNamed(wish.where));
  const alone = visible.find(({ shared }) => !shared);
  if (alone !== undefined)
    throw badRequest(
      `filter ${alone.name} is not shared; a shared filter can only name shared ones`,
    );
  const open = wish.protected ? visible.find((one) => !one.protected) : undefined;
  if (open !== undefined)
    throw badRequest(
      `filter ${open.name} is not protected; a protected filter can only name protected ones`,
    );
}

/** Throws INVENTORY_REFERENCED when filters or groups name it. */
async function insistUnused(service: FilterGround, name: string): Promise<void> {
  const users = await usersOf(service, name);
  if (users.length > 0)
    throw new InventoryError("INVENTORY_REFERENCED", [
      `Filter ${name} is named by ${users.join(", ")}.`,
    ]);
}

/** Who names a shared filter, as far as the caller may know: "1 more" for what is not the caller's to see. */
async function usersOf({ ground }: FilterGround, name: string): Promise<readonly string[]> {
  const { db, eyes } = ground;
  const using = await filtersUsing(db, name);
  const own = using.filter(({ shared, owner }) => shared || owner === eyes.viewer);
  const places = [...eyes.whole.byId.values()].flatMap(({ id, group }) =>
    group?.query === undefined ? [] : [{ typeId: id, attribute: group.query }],
  );
  const groups = (await documentsNaming(db, places)).filter(({ value }) =>
    namesFilter(value, name),
  );
  const seen = await seenOf(eyes, db, groups);
  const hidden = using.length - own.length + groups.length - seen.length;
  return [
    ...own.map((one) => `filter ${one.name}`),
    ...seen.map((one) => `group ${one.name}`),
    ...(hidden === 0 ? [] : [`${hidden} more`]),
  ];
}

function namesFilter(value: unknown, name: string): boolean {
  try {
    const { where } = readFilterQuery(value);
    return namedIn(readCondition(where)).some(
      ({ what, given }) => what === "filter" && given === name,
    );
  } catch (error) {
    if (error instanceof InventoryError) return false;
    throw error;
  }
}

/** Takes the filter away; its versions are kept. Throws INVENTORY_REFERENCED while something names it. */
export async function removeFilter(
  service: FilterGround,
  name: string,
  author: FilterAuthor,
): Promise<FilterView> {
  const row = await storedFilter(service, name);
  insistOnRights(service, { before: row, wish: row }, author);
  insistOnVersion(row, author.ifVersion);
  if (row.shared) await insistUnused(service, name);
  const { actor, reason } = author;
  const change = { row: { ...row, version: row.version + 1 }, op: "D", actor, reason } as const;
  if (!(await service.workshop.database.transaction((tx) => writeFilter(tx, change))))
    throw taken(name);
  return filterView(row);
}
