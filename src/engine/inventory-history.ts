/** The past of the inventory: who changed what and why, entries and lists as they were, differences between any two versions. */
import { isUuid } from "../inventory/attribute-types.ts";
import type { Catalogue } from "../inventory/catalogue.ts";
import { operations, type Operation, type OperationLetter } from "../inventory/event.ts";
import { diff, type Change } from "../inventory/patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import type { QueryClock } from "../inventory/query-time.ts";
import { storedReferences } from "../inventory/references.ts";
import { shown } from "../inventory/validate.ts";
import type { JsonObject } from "../model/json.ts";
import { namesAt, revisionAt, type RevisionHead } from "../store/inventory/changesets.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import { loadHistory, type RevisionRow } from "../store/inventory/history.ts";
import { imageKey } from "../store/inventory/sight.ts";
import type { Db } from "../store/schema.ts";
import { readablePart, seenOf, type Allowed, type Eyes, type Seen } from "./inventory-eyes.ts";
import type { EntryReference } from "./inventory-view.ts";

export interface HistoryItem {
  readonly version: number;
  readonly at: string;
  readonly op: Operation;
  readonly name: string;
  readonly actor: string;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly cause: {
    readonly kind: string;
    readonly source: string | null;
    readonly execution: string | null;
    readonly rule_chain: readonly string[];
  };
  readonly changeset: string;
  readonly changes: readonly Change[];
  /** What the ids in `changes` were called then. */
  readonly names: Readonly<Record<string, string>>;
}

/** An entry as it was. */
export interface PastEntry {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly version: number;
  readonly at: string;
  readonly deleted: boolean;
  readonly attributes: JsonObject;
  /** Per reference attribute: what it pointed at, by the names of that time. */
  readonly references: Readonly<Record<string, readonly EntryReference[]>>;
}

/** Where reads happen: whose eyes, and when. */
export interface Ground {
  readonly db: Db;
  /** Types and attributes that exist for the caller. */
  readonly known: Catalogue;
  readonly eyes: Eyes;
  readonly clock: QueryClock;
}

const longestPage = 1000;

export function pageLength(limit = 50): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= longestPage) return limit;
  throw badRequest(`limit is ${shown(limit)}; expected a whole number from 1 to ${longestPage}`);
}

export function entryIdOf(id: string): string {
  if (isUuid(id)) return id.toLowerCase();
  throw badRequest(`${shown(id)} is not an id; expected a UUID`);
}

/** Changes of an entry, newest first; `before` a version continues. */
export async function historyOf(
  { db, eyes }: Ground,
  given: string,
  { before, limit }: { before?: number | undefined; limit?: number | undefined } = {},
): Promise<readonly HistoryItem[]> {
  const id = entryIdOf(given);
  const entry = (await loadEntries(db, [id])).get(id);
  const [seen] = await seenOf(eyes, db, entry === undefined ? [] : [entry]);
  if (seen === undefined) throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [id]);
  const length = pageLength(limit);
  const items: HistoryItem[] = [];
  for (let from = before; items.length < length;) {
    const wanted = length - items.length;
    const rows = await loadHistory(db, id, { before: from, limit: wanted });
    items.push(...(await historyItems({ db, eyes }, seen, rows)));
    from = rows.at(-1)?.version;
    // Revisions of which the caller may read nothing are not told of; the page is filled from those before.
    if (rows.length < wanted || from === undefined) break;
  }
  return items;
}

async function historyItems(
  { db, eyes }: Pick<Ground, "db" | "eyes">,
  { id, typeId }: Seen,
  rows: readonly RevisionRow[],
): Promise<readonly HistoryItem[]> {
  const images = rows.flatMap(({ version }) => [
    { id, typeId, version },
    { id, typeId, version: version - 1 },
  ]);
  const sights = await eyes.images(db, images);
  const of = (version: number): Allowed | undefined => sights.get(imageKey({ id, version }));
  const told = rows.flatMap((row) => {
    const allowed = of(row.version);
    if (allowed === undefined) return [];
    const before = row.op === "R" ? null : row.before;
    const old = before === null ? null : readablePart(of(row.version - 1), before);
    const changes = changesOf(row.op, old, readablePart(allowed, row.doc));
    return row.op === "U" && changes.length === 0 ? [] : [{ row, changes }];
  });
  return Promise.all(told.map(({ row, changes }) => historyItem({ db, eyes }, row, changes)));
}

async function historyItem(
  { db, eyes }: Pick<Ground, "db" | "eyes">,
  row: RevisionRow,
  changes: readonly Change[],
): Promise<HistoryItem> {
  const at = row.at.toISOString();
  return {
    version: row.version,
    at,
    op: operations[row.op],
    name: row.name,
    actor: row.actor,
    reason: row.message,
    ticket: row.ticket,
    cause: {
      kind: row.originKind,
      source: row.source,
      execution: row.execution,
      rule_chain: row.ruleChain,
    },
    changeset: row.changesetId,
    changes,
    names: await namesIn({ db, eyes }, changes, at),
  };
}

/** What a revision changed; a deleted entry has nothing left. */
export function changesOf(
  op: OperationLetter,
  before: JsonObject | null,
  after: JsonObject,
): readonly Change[] {
  return diff(before ?? {}, op === "D" ? {} : after);
}

/** The names, at that moment, of all entries that the values speak of. */
async function namesIn(
  ground: Pick<Ground, "db" | "eyes">,
  changes: readonly Change[],
  at: string,
): Promise<Readonly<Record<string, string>>> {
  const ids = new Set<string>();
  for (const { before, after } of changes) for (const id of idsIn([before, after])) ids.add(id);
  const names = await seenNamesAt(ground, [...ids], at);
  return Object.fromEntries([...names].map(([id, { name }]) => [id, name]));
}

/** What entries were called at a moment, of those that the caller may see and might have seen then. */
async function seenNamesAt(
  { db, eyes }: Pick<Ground, "db" | "eyes">,
  ids: readonly string[],
  at: string,
): ReturnType<typeof namesAt> {
  const names = await namesAt(db, ids, at);
  if (eyes.unlimited) return names;
  const images = [...names].map(([id, { typeId, version }]) => ({ id, typeId, version }));
  const sights = await eyes.images(db, images);
  return new Map([...names].filter(([id, { version }]) => sights.has(imageKey({ id, version }))));
}

function idsIn(value: unknown): readonly string[] {
  if (isUuid(value)) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(idsIn);
}

function image({ op, doc }: RevisionHead): JsonObject {
  return op === "D" ? {} : doc;
}

export interface Difference {
  readonly from: number;
  readonly to: number;
  readonly changes: readonly Change[];
  readonly names: Readonly<Record<string, string>>;
}

/** What differs between two versions of an entry, either way round. */
export async function difference(
  ground: Ground,
  given: string,
  { from, to }: { readonly from: number; readonly to: number | undefined },
): Promise<Difference> {
  const id = entryIdOf(given);
  const [older, newer] = await Promise.all([
    revisionOf(ground, id, from),
    revisionOf(ground, id, to),
  ]);
  const changes = diff(image(older), image(newer));
  const latest = older.at > newer.at ? older.at : newer.at;
  return {
    from: older.version,
    to: newer.version,
    changes,
    names: await namesIn(ground, changes, latest.toISOString()),
  };
}

/** The revision, with what may be read of it. */
async function seenRevision(
  { db, eyes }: Pick<Ground, "db" | "eyes">,
  id: string,
  when: { readonly version: number } | { readonly at: string },
): Promise<RevisionHead | undefined> {
  const found = await revisionAt(db, id, when);
  if (found === undefined || eyes.unlimited) return found;
  const seen = { id, typeId: found.typeId, version: found.version };
  const allowed = (await eyes.images(db, [seen])).get(imageKey(seen));
  return allowed === undefined ? undefined : { ...found, doc: readablePart(allowed, found.doc) };
}

async function revisionOf(
  ground: Ground,
  id: string,
  version: number | undefined,
): Promise<RevisionHead> {
  const when = version === undefined ? { at: "infinity" } : { version };
  const found = await seenRevision(ground, id, when);
  if (found !== undefined) return found;
  const said = version === undefined ? id : `${id} at version ${version}`;
  throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [said]);
}

/** The entry as it was at a version or at a moment (ISO 8601 with offset). */
export async function entryAt(
  ground: Ground,
  given: string,
  when: { readonly version: number } | { readonly at: string },
): Promise<PastEntry> {
  const id = entryIdOf(given);
  const found = await seenRevision(ground, id, when);
  if (found === undefined) {
    const said = "version" in when ? `version ${when.version}` : when.at;
    throw new InventoryError("INVENTORY_ENTRY_UNKNOWN", [`${id} at ${said}`]);
  }
  const moment = "at" in when ? when.at : found.at.toISOString();
  return pastEntry(ground, { id, ...found }, moment);
}

async function pastEntry(
  ground: Ground,
  { id, version, at, op, name, typeId, doc }: RevisionHead & { readonly id: string },
  moment: string,
): Promise<PastEntry> {
  const { known } = ground.eyes;
  const type = known.byId.get(typeId);
  const uses = type === undefined ? [] : storedReferences(type, doc);
  const ids = uses.map((use) => use.id);
  const names = await seenNamesAt(ground, ids, moment);
  const references = Map.groupBy(uses, ({ attribute }) => attribute.name);
  return {
    id,
    type: type?.name ?? "unknown",
    name,
    version,
    at: at.toISOString(),
    deleted: op === "D",
    attributes: doc,
    references: Object.fromEntries(
      [...references].map(([attribute, list]) => [
        attribute,
        list.map(({ id: target, label }) => {
          const found = names.get(target);
          const base = {
            id: target,
            type: known.byId.get(found?.typeId ?? 0)?.name ?? "unknown",
            name: found?.name ?? target,
          };
          return label === null ? base : { ...base, label };
        }),
      ]),
    ),
  };
}
