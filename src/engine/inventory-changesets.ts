/** Changesets: one write or one import each, with who, why and what it did. */
import { isUuid } from "../inventory/attribute-types.ts";
import { operations, type Operation } from "../inventory/event.ts";
import type { Change } from "../inventory/patch.ts";
import { all, always } from "../inventory/predicate.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { isoMoment } from "../inventory/query-time.ts";
import { shown } from "../inventory/validate.ts";
import {
  listChangesets,
  loadChangeset,
  loadDeeds,
  type ChangesetHead,
  type DeedRow,
  type Scope,
} from "../store/inventory/changesets.ts";
import { imageKey } from "../store/inventory/sight.ts";
import { readablePart, type Eyes } from "./inventory-eyes.ts";
import { changesOf, entryIdOf, pageLength, type Ground } from "./inventory-history.ts";

export interface ChangesetView {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly kind: string;
  readonly source: string | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly execution: string | null;
  /** Versions that it made. */
  readonly size: number;
  readonly reverts: string | null;
  readonly reverted_by: string | null;
}

export interface DeedView {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly op: Operation;
  readonly version: number;
  readonly changes: readonly Change[];
}

export interface ChangesetQuery {
  readonly actor?: string | undefined;
  readonly source?: string | undefined;
  readonly ticket?: string | undefined;
  /** ISO 8601 with offset. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** Changesets, newest first. */
export async function changesets(
  { db, eyes }: Ground,
  query: ChangesetQuery,
): Promise<{ readonly changesets: readonly ChangesetView[]; readonly next?: string }> {
  const limit = pageLength(query.limit);
  const filter = {
    actor: query.actor,
    source: query.source,
    ticket: query.ticket,
    since: momentIn("since", query.since),
    until: momentIn("until", query.until),
    after: query.after === undefined ? undefined : readCursor(query.after),
    limit: limit + 1,
  };
  const rows = await listChangesets(db, filter, scopeOf(eyes));
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    changesets: rows.slice(0, limit).map(changesetView),
    ...(last === undefined ? {} : { next: `${last.at.toISOString()}~${last.id}` }),
  };
}

function momentIn(name: string, given: string | undefined): string | undefined {
  const moment = given === undefined ? undefined : isoMoment(given);
  if (given === undefined || moment !== undefined) return moment;
  throw badRequest(`${name} is ${shown(given)}; expected a moment as 2026-04-01T09:00:00+09:00`);
}

/** A place in a list that is ordered by time. */
export function readCursor(text: string): { at: string; id: string } {
  const [at = "", id = ""] = text.split("~");
  if (isUuid(id) && isoMoment(at) === at) return { at, id };
  throw badRequest("after is not a cursor; expected the `next` of an earlier page");
}

function changesetView({
  originKind,
  message,
  revertedBy,
  at,
  ...head
}: ChangesetHead): ChangesetView {
  return {
    ...head,
    at: at.toISOString(),
    kind: originKind,
    reason: message,
    reverted_by: revertedBy,
  };
}

/** One changeset with what it did, entry by entry; `after` an entry's id continues. */
export async function changesetNamed(
  { db, eyes }: Ground,
  given: string,
  page: { readonly after?: string | undefined; readonly limit?: number | undefined } = {},
): Promise<ChangesetView & { readonly entries: readonly DeedView[]; readonly next?: string }> {
  const found = await loadChangeset(db, entryIdOf(given), scopeOf(eyes));
  if (found === undefined) throw new InventoryError("INVENTORY_CHANGESET_UNKNOWN", [given]);
  const limit = pageLength(page.limit);
  const deeds = await loadDeeds(db, found.id, {
    after: page.after === undefined ? undefined : entryIdOf(page.after),
    limit: limit + 1,
  });
  const last = deeds.length > limit ? deeds[limit - 1] : undefined;
  return {
    ...changesetView(found),
    entries: await deedViews({ db, eyes }, deeds.slice(0, limit)),
    ...(last === undefined ? {} : { next: last.entryId }),
  };
}

/** Revisions that the caller is told of. */
export function scopeOf({ unlimited, known, access }: Eyes): Scope {
  if (unlimited) return undefined;
  return [...known.byId.values()].flatMap((type) => {
    const seen = all({ kind: "types", ids: [type.id] }, access.rows(type, true) ?? always);
    const guards = Map.groupBy(type.attributes.keys(), (name) => {
      return JSON.stringify(access.guard(type, name, true) ?? always);
    });
    const parts = [...guards.values()].map((changed) => {
      const guard = access.guard(type, changed[0] ?? "", true) ?? always;
      return { when: all(seen, guard), changed };
    });
    return [{ when: seen, changed: "whole" as const }, ...parts];
  });
}

/** What was done, as far as it may be read. */
async function deedViews(
  { db, eyes }: Pick<Ground, "db" | "eyes">,
  deeds: readonly DeedRow[],
): Promise<readonly DeedView[]> {
  const images = deeds.flatMap(({ entryId: id, typeId, version, firstVersion }) => [
    { id, typeId, version },
    { id, typeId, version: firstVersion - 1 },
  ]);
  const sights = await eyes.images(db, images);
  return deeds.flatMap((deed): DeedView[] => {
    const { entryId: id, version, firstVersion, firstOp, lastOp } = deed;
    const allowed = sights.get(imageKey({ id, version }));
    if (allowed === undefined) return [];
    const lived = firstOp !== "I" && firstOp !== "R" && deed.before !== null;
    const then = sights.get(imageKey({ id, version: firstVersion - 1 }));
    const before = lived ? readablePart(then, deed.before) : null;
    const changes = changesOf(lastOp, before, readablePart(allowed, deed.after));
    if (changes.length === 0 && firstOp === "U" && lastOp === "U") return [];
    return [
      {
        id,
        type: eyes.known.byId.get(deed.typeId)?.name ?? "unknown",
        name: deed.name,
        op: operations[firstOp === "U" ? lastOp : firstOp],
        version,
        changes,
      },
    ];
  });
}
