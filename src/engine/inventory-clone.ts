/**
 * A copy of an entry and of what belongs to it, in one changeset: a second node set beside the first, with names, addresses and places of
 * its own.
 *
 * 1. Everything is written, or nothing.
 * 2. References among the copied entries lead to the copies, all others stay.
 * 3. What is unique is never taken over: names count up, addresses and rack units are the next free ones, serial numbers are left out. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { copied, nameAttribute, withoutLater, writingOrder } from "../inventory/clone.ts";
import { patchDocument, sameJson } from "../inventory/patch.ts";
import { badRequest, InventoryError } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import type { Database } from "../store/database.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import { closeChangeset, type ChangesetRow } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import { gather } from "./inventory-clone-gather.ts";
import { nameAll } from "./inventory-clone-names.ts";
import { allocated } from "./inventory-clone-place.ts";
import type { CloneRequest } from "../inventory/clone-request.ts";
import type { CloneWork, CopyDraft } from "./inventory-clone-work.ts";
import type { Eyes } from "./inventory-eyes.ts";
import { insistOnReach } from "./inventory-permit.ts";
import { apply } from "./inventory-recompute.ts";
import { decide, insist, withoutRaces, type Decided } from "./inventory-write.ts";

/** One copy, and what it is a copy of. */
export interface Copy {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly of: { readonly id: string; readonly name: string };
  readonly attributes: JsonObject;
}

export interface CloneGround {
  readonly database: Database;
  readonly known: Catalogue;
  readonly eyes: Eyes;
}

/** The copies, the entry's own first. Throws InventoryError. */
export async function clone(
  { database, known, eyes }: CloneGround,
  request: CloneRequest,
  changeset: ChangesetRow,
): Promise<readonly Copy[]> {
  const rehearsed = new Rehearsed();
  try {
    return await withoutRaces(() =>
      database.transaction(async (tx) => {
        const copies = await cloned(tx, { known, eyes, request }, changeset);
        if (request.dryRun) throw rehearsed.with(copies);
        return copies;
      }),
    );
  } catch (error) {
    if (error === rehearsed) return rehearsed.copies;
    throw error;
  }
}

/** Ends the transaction of a dry run. */
class Rehearsed extends Error {
  copies: readonly Copy[] = [];

  with(copies: readonly Copy[]): this {
    this.copies = copies;
    return this;
  }
}

async function cloned(tx: Db, work: CloneWork, changeset: ChangesetRow): Promise<readonly Copy[]> {
  const originals = await gather(tx, work);
  const ids = new Map(originals.map(({ id }) => [id, uuidv7()]));
  const drafts = originals.map((original, index): CopyDraft =>
    draftOf(original, index, { ids, work }),
  );
  await nameAll(tx, drafts);
  const order = writingOrder(drafts);
  if (order === undefined) throw badRequest("the copies need each other in a ring; follow less");
  const decided = await writeInOrder(tx, { drafts, order, work, changeset });
  await insistOnReach(tx, decided);
  const rows = await loadEntries(tx, order);
  return drafts.map(({ id, type, original }) => {
    const row = rows.get(id);
    const { name = "", doc = {} } = row ?? {};
    return {
      id,
      type: type.name,
      name,
      of: { id: original.id, name: original.name },
      attributes: doc,
    };
  });
}

function draftOf(
  original: EntryRow,
  index: number,
  { ids, work }: { readonly ids: ReadonlyMap<string, string>; readonly work: CloneWork },
): CopyDraft {
  const { known, request } = work;
  const type = known.byId.get(original.typeId);
  if (type === undefined)
    throw new InventoryError("INVENTORY_TYPE_UNKNOWN", [`of entry ${original.id}; it was retired`]);
  const id = ids.get(original.id) ?? uuidv7();
  const base = copied(type, original.doc, { ids, rename: index === 0 ? [] : request.rename });
  const each = patchDocument(base, request.each[type.name] ?? {});
  if (index > 0) return { original, type, id, document: each };
  const attribute = nameAttribute(type);
  if (request.name !== undefined && attribute === undefined)
    throw badRequest(`${type.name} has no name of its own; say what is other in set`);
  const named = request.name === undefined ? {} : { [attribute ?? ""]: request.name };
  return { original, type, id, document: patchDocument(each, { ...named, ...request.set }) };
}

/** Each after those that it cannot be without; references to later ones follow at the end. */
async function writeInOrder(
  tx: Db,
  {
    drafts,
    order,
    work,
    changeset,
  }: {
    readonly drafts: readonly CopyDraft[];
    readonly order: readonly string[];
    readonly work: CloneWork;
    readonly changeset: ChangesetRow;
  },
): Promise<readonly Decided[]> {
  const { known, eyes } = work;
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  const later = new Set(order);
  const all: Decided[] = [];
  for (const id of order) {
    const draft = byId.get(id);
    if (draft === undefined) continue;
    draft.document = await allocated(tx, draft, work);
    const document = withoutLater(draft.type, draft.document, later);
    const wanted = { id, type: draft.type, op: "I", before: undefined, document, eyes } as const;
    const decided = await decide(tx, [wanted], known);
    insist(decided);
    await apply(tx, known, decided, { ...changeset, open: true });
    all.push(...decided);
    later.delete(id);
  }
  const rows = await loadEntries(tx, order, "write");
  const rest = await decide(
    tx,
    drafts.flatMap(({ id, type, document }) => {
      const before = rows.get(id);
      const isWhole = sameJson(withoutLater(type, document, new Set(order)), document);
      return before === undefined || isWhole
        ? []
        : [{ id, type, op: "U" as const, before, document: { ...before.doc, ...document }, eyes }];
    }),
    known,
  );
  insist(rest);
  await apply(tx, known, rest, { ...changeset, open: true });
  await closeChangeset(tx, changeset.id);
  return all;
}
