/**
 * Taking changes back. A revert is a change of its own, with its own changeset: nothing of the past is rewritten.
 *
 * 1. A changeset is taken back as a whole or not at all.
 * 2. Later changes of other attributes stay.
 * 3. Nothing may refer to an entry that the revert deletes. */
import type { Catalogue, KnownType } from "../inventory/catalogue.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import { storedReferences } from "../inventory/references.ts";
import { sameJson } from "../inventory/patch.ts";
import { undo, withAttributesOf, type Deed, type Undoing } from "../inventory/revert.ts";
import { nearest } from "../inventory/text.ts";
import type { JsonObject } from "../model/json.ts";
import {
  loadChangeset,
  loadDeeds,
  revisionAt,
  type DeedRow,
} from "../store/inventory/changesets.ts";
import { findReferrers, loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { imageKey } from "../store/inventory/sight.ts";
import type { Db } from "../store/schema.ts";
import { scopeOf } from "./inventory-changesets.ts";
import { broughtAlong, isOutdated } from "./inventory-evolve.ts";
import { entryIdOf } from "./inventory-history.ts";
import { mayRead, type Allowed, type Eyes } from "./inventory-eyes.ts";
import { deniedOf } from "./inventory-permit.ts";
import type { Draft } from "./inventory-write.ts";

export interface RevertTo {
  readonly version: number;
  /** Only these attributes; all of them when left out. */
  readonly attributes?: readonly string[] | undefined;
}

/** An entry that is to go back, and who wants it. */
export interface Reverting {
  readonly row: EntryRow;
  readonly type: KnownType;
  readonly eyes: Eyes;
  readonly allowed: Allowed | undefined;
}

/** The draft that brings an entry (locked, living or deleted) back to what it was at a version. What the caller may not read stays as it is. */
export async function entryRevert(
  db: Db,
  reverting: Reverting,
  { version, attributes }: RevertTo,
): Promise<Omit<Draft, "eyes">> {
  const { row, type, eyes } = reverting;
  const image = { id: row.id, typeId: row.typeId, version };
  const once = (await eyes.images(db, [image])).get(imageKey(image));
  const old = once === undefined ? undefined : await revisionAt(db, row.id, { version });
  if (old === undefined || old.op === "D") {
    const because =
      old === undefined ? "there is no such version" : "it was deleted in that version";
    throw badRequest(`${row.name} cannot go back to version ${version}: ${because}`);
  }
  refuseUnknown(reverting, attributes ?? [], old.doc);
  const whole = {
    type,
    document: old.doc,
    schemaVersion: old.schemaVersion,
    to: row.schemaVersion,
  };
  const [along] = await broughtAlong(db, [whole], eyes.known.answer);
  const past = readableOf(reverting, fitting(type, along?.document ?? {}, row), once);
  const wanted = (name: string): boolean => attributes?.includes(name) !== false;
  const faults = (along?.faults ?? []).filter(({ path }) => wanted(path));
  const base = { id: row.id, type, before: row, faults };
  if (row.deletedAt === null)
    return { ...base, op: "U", document: withAttributesOf(row.doc, past, attributes) };
  if (attributes !== undefined) throw badRequest(`${row.name} is deleted; restore it first`);
  return { ...base, op: "R", document: past };
}

function refuseUnknown(
  { type, eyes }: Reverting,
  attributes: readonly string[],
  old: JsonObject,
): void {
  const known = eyes.known.byId.get(type.id)?.attributes ?? new Map<string, unknown>();
  for (const name of attributes) {
    if (known.has(name) || (eyes.unlimited && Object.hasOwn(old, name))) continue;
    const near = nearest(name, known.keys());
    throw badRequest(
      `${type.name} has no attribute ${name}${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  }
}

/** The old document, with the present values of what the caller may not read, now or then. */
function readableOf(
  { row, allowed }: Reverting,
  old: JsonObject,
  once: Allowed | undefined,
): JsonObject {
  if (allowed === "everything") return old;
  const reads = (name: string): boolean => mayRead(once, name) && mayRead(allowed, name);
  return Object.fromEntries([
    ...Object.entries(old).filter(([name]) => reads(name)),
    ...Object.entries(row.doc).filter(([name]) => !reads(name)),
  ]);
}

/** What the type still knows: an attribute that it lost since cannot come back. An entry that waits to follow its type is told in old words. */
function fitting(type: KnownType, document: JsonObject, row: EntryRow): JsonObject {
  if (isOutdated({ type, before: row })) return document;
  return Object.fromEntries(Object.entries(document).filter(([name]) => type.attributes.has(name)));
}

export interface RevertConflict {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly because: string;
  readonly conflicts: readonly unknown[];
}

/** Entries of one changeset that can be taken back at once. */
const mostEntries = 100_000;

/** The drafts that take a changeset back. Throws INVENTORY_REVERT_CONFLICT with everything that is in the way. */
export async function changesetRevert(
  db: Db,
  { known, eyes }: { readonly known: Catalogue; readonly eyes: Eyes },
  given: string,
): Promise<readonly Draft[]> {
  const changeset = await loadChangeset(db, entryIdOf(given), scopeOf(eyes));
  if (changeset === undefined) throw new InventoryError("INVENTORY_CHANGESET_UNKNOWN", [given]);
  const done = await loadDeeds(db, changeset.id, { after: undefined, limit: mostEntries + 1 });
  if (done.length > mostEntries)
    throw badRequest(`changeset ${given} changed more than ${mostEntries} entries`);
  const rows = await loadEntries(
    db,
    done.map(({ entryId }) => entryId),
    "delete",
  );
  const deeds = await presentDeeds(db, done, { rows, known });
  if (!(await readsAll(db, eyes, deeds)))
    throw deniedOf("write", "all that the changeset changed; it can only be taken back as a whole");
  const conflicts: RevertConflict[] = [];
  const drafts: Draft[] = [];
  for (const deed of deeds) {
    const row = rows.get(deed.entryId);
    const type = known.byId.get(deed.typeId);
    if (row === undefined || type === undefined) {
      conflicts.push(inTheWay(deed, known, "its type is no longer known"));
      continue;
    }
    const undoing = undo(deedOf(deed), row.deletedAt === null ? row.doc : undefined);
    if (undoing.kind === "conflict")
      conflicts.push(inTheWay(deed, known, undoing.because, undoing.conflicts));
    else drafts.push(...draftOf(undoing, row, type).map((draft) => ({ ...draft, eyes })));
  }
  conflicts.push(...(await stillReferred(db, { known, eyes }, drafts)));
  if (conflicts.length > 0) throw revertConflict(given, conflicts);
  return drafts;
}

/** The deeds in words of the versions that the entries are at now. */
async function presentDeeds(
  db: Db,
  deeds: readonly DeedRow[],
  { rows, known }: { readonly rows: ReadonlyMap<string, EntryRow>; readonly known: Catalogue },
): Promise<readonly DeedRow[]> {
  const old = deeds.flatMap((deed) => {
    const type = known.byId.get(deed.typeId);
    const to = rows.get(deed.entryId)?.schemaVersion ?? 0;
    const { before, beforeSchema, afterSchema } = deed;
    const outdated = Math.min(afterSchema, beforeSchema ?? afterSchema) < to;
    if (type === undefined || !outdated) return [];
    const [was, is] = [
      { type, document: before ?? {}, schemaVersion: beforeSchema ?? to, to },
      { type, document: deed.after, schemaVersion: afterSchema, to },
    ];
    return [{ deed, was, is }];
  });
  if (old.length === 0) return deeds;
  const along = await broughtAlong(
    db,
    old.flatMap(({ was, is }) => [was, is]),
    known.answer,
  );
  const present = new Map(
    old.map(({ deed }, index) => {
      const [was, is] = [along[2 * index], along[2 * index + 1]];
      const before = deed.before === null ? null : (was?.document ?? deed.before);
      return [deed, { ...deed, before, after: is?.document ?? deed.after }];
    }),
  );
  return deeds.map((deed) => present.get(deed) ?? deed);
}

/** Whether the caller may read everything that the deeds changed. */
async function readsAll(db: Db, eyes: Eyes, deeds: readonly DeedRow[]): Promise<boolean> {
  if (eyes.unlimited) return true;
  const sights = await eyes.sights(
    db,
    deeds.map(({ entryId, typeId }) => ({ id: entryId, typeId })),
  );
  return deeds.every(({ entryId, before, after }) => {
    const names = Object.keys({ ...before, ...after });
    const changed = names.filter((name) => !sameJson(before?.[name], after[name]));
    return sights.has(entryId) && changed.every((name) => mayRead(sights.get(entryId), name));
  });
}

function deedOf({ firstOp, lastOp, before, after }: DeedRow): Deed {
  const lived = firstOp === "U" || firstOp === "D";
  return {
    before: lived ? (before ?? undefined) : undefined,
    after: lastOp === "D" ? undefined : after,
  };
}

function draftOf(undoing: Undoing, row: EntryRow, type: KnownType): readonly Omit<Draft, "eyes">[] {
  const base = { id: row.id, type, before: row };
  if (undoing.kind === "delete") return [{ ...base, op: "D", document: row.doc }];
  if (undoing.kind === "restore")
    return [{ ...base, op: "R", document: fitting(type, undoing.document, row) }];
  if (undoing.kind === "change")
    return [{ ...base, op: "U", document: fitting(type, undoing.document, row) }];
  return [];
}

function inTheWay(
  { entryId, typeId, name }: { entryId: string; typeId: number; name: string },
  known: Catalogue,
  because: string,
  conflicts: readonly unknown[] = [],
): RevertConflict {
  const type = known.byId.get(typeId)?.name ?? "unknown";
  return { id: entryId, type, name, because, conflicts };
}

/** Entries that would go although others, as they will be, refer to them. */
async function stillReferred(
  db: Db,
  { known, eyes }: { readonly known: Catalogue; readonly eyes: Eyes },
  drafts: readonly Draft[],
): Promise<readonly RevertConflict[]> {
  const going = new Map(drafts.filter(({ op }) => op === "D").map((draft) => [draft.id, draft]));
  if (going.size === 0) return [];
  const planned = new Map(drafts.map((draft) => [draft.id, draft]));
  const referrers = await findReferrers(db, [...going.keys()]);
  const sources = await loadEntries(db, [...new Set(referrers.map(({ src }) => src))]);
  const sights = await eyes.sights(db, [...sources.values()]);
  return referrers.flatMap(({ src, attr, dst }) => {
    const draft = planned.get(src);
    if (draft?.op === "D") return [];
    if (draft !== undefined && !refersTo(draft, dst)) return [];
    const gone = going.get(dst);
    const source = sources.get(src);
    if (gone === undefined || source === undefined) return [];
    const whose = known.byId.get(source.typeId)?.name ?? "unknown";
    const who = mayRead(sights.get(src), attr)
      ? `${whose} ${source.name} (${attr})`
      : "something that you may not see";
    const because = `it would be deleted, but ${who} refers to it`;
    return [
      inTheWay(
        { entryId: dst, typeId: gone.type.id, name: gone.before?.name ?? dst },
        known,
        because,
      ),
    ];
  });
}

function refersTo({ type, document }: Draft, id: string): boolean {
  return storedReferences(type, document).some((reference) => reference.id === id);
}

function revertConflict(changeset: string, conflicts: readonly RevertConflict[]): InventoryError {
  const list = conflicts
    .slice(0, 5)
    .map(({ type, name, because }) => `${type} ${name}: ${because}`)
    .join("; ");
  const more = conflicts.length > 5 ? ` and ${conflicts.length - 5} more` : "";
  return new InventoryError("INVENTORY_REVERT_CONFLICT", [changeset, `${list}${more}`], {
    conflicts: conflicts.slice(0, 1000),
  });
}
