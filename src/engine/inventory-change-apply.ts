/**
 * Writes a change that was approved: all of it, in one changeset, or nothing.
 *
 * 1. It was made for certain versions: what others changed since is kept, and the same attribute changed by both stands against it.
 * 2. Its state changes in the transaction that writes it: it is applied once, whoever tries and whatever dies. */
import type { ChangeItem } from "../inventory/change-request.ts";
import { InventoryError } from "../inventory/problem.ts";
import type { JsonObject } from "../model/json.ts";
import { updateChange, type ChangeRow } from "../store/inventory/change-requests.ts";
import { loadEntries, type EntryRow } from "../store/inventory/entries.ts";
import { uuidv7 } from "../store/inventory/uuid.ts";
import type { ChangesetRow } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import type { ImportGround } from "./inventory-imports.ts";
import { living, mergeOf, patched, present, stale } from "./inventory-patched.ts";
import { heedLocks } from "./inventory-locks.ts";
import { insistOnReach } from "./inventory-permit.ts";
import { apply } from "./inventory-recompute.ts";
import { removal } from "./inventory-remove.ts";
import { withoutDoubles } from "./inventory-taken-keys.ts";
import { changesetOf, decide, type Author, type Decided, type Draft } from "./inventory-write.ts";

/** Something stands against it; the transaction is to be undone. */
export class Blocked extends Error {
  readonly problems: readonly JsonObject[];

  constructor(problems: readonly JsonObject[]) {
    super("the change cannot be applied");
    this.problems = problems;
  }
}

/** Throws Blocked. `author.changeset` is the changeset that it becomes. */
export async function applyChange(
  tx: Db,
  service: ImportGround,
  row: Pick<ChangeRow, "items">,
  author: Author,
): Promise<number> {
  const { workshop } = service;
  const ids = row.items.flatMap(({ id }) => id ?? []).toSorted();
  const stored = await loadEntries(tx, ids, "write");
  const problems: JsonObject[] = [];
  const drafts: Draft[] = [];
  for (const [index, item] of row.items.entries()) {
    try {
      drafts.push(...(await draftsOf(tx, service, item, stored)));
    } catch (error) {
      if (!(error instanceof InventoryError)) throw error;
      problems.push(problemOf(index, item, error));
    }
  }
  if (problems.length > 0) throw new Blocked(problems);
  let left: readonly Draft[] = drafts;
  let written = 0;
  const changeset: ChangesetRow = changesetOf(author);
  // New entries may be referred to by others of the same change: what they make possible is decided again.
  while (left.length > 0) {
    const decided = withoutDoubles(await decide(tx, left, workshop.known));
    const sound = decided.filter(({ kind }) => kind !== "refused");
    if (sound.length === 0) throw new Blocked(decided.flatMap((one) => refusalOf(one, row.items)));
    // To approve it is to decide against who owns what it changes.
    const overriding = { ...author, override: true };
    const edits = sound.map((one) => ({ decided: one, author: overriding, approved: true }));
    await heedLocks(tx, workshop.known, edits);
    written += await apply(tx, workshop.known, sound, {
      ...changeset,
      open: sound.length < decided.length,
    });
    await insistOnReach(tx, sound).catch((error: unknown) => {
      if (!(error instanceof InventoryError)) throw error;
      throw new Blocked([{ error: error.message, code: error.code }]);
    });
    left = decided.flatMap((one) => (one.kind === "refused" ? [one.draft] : []));
  }
  return written;
}

async function draftsOf(
  tx: Db,
  service: ImportGround,
  item: ChangeItem,
  stored: ReadonlyMap<string, EntryRow>,
): Promise<readonly Draft[]> {
  const { eyes, known } = service.workshop;
  if (item.op === "create" || item.id === null) {
    const type = known.byName.get(item.type);
    if (type === undefined)
      throw new InventoryError("INVENTORY_TYPE_UNKNOWN", [JSON.stringify(item.type)]);
    return [{ id: uuidv7(), type, eyes, op: "I", before: undefined, document: item.attributes }];
  }
  const row = stored.get(item.id);
  const sights = await eyes.sights(tx, row === undefined ? [] : [row]);
  const before = present(item.id, sights.has(item.id) ? row : undefined);
  const type = known.byId.get(before.typeId);
  if (type === undefined) throw new InventoryError("INVENTORY_TYPE_UNKNOWN", [`of ${before.name}`]);
  return changeOf(tx, service, { item, base: { id: before.id, type, eyes, before } });
}

async function changeOf(
  tx: Db,
  { workshop: { known, eyes } }: ImportGround,
  {
    item,
    base,
  }: {
    readonly item: ChangeItem;
    readonly base: Pick<Draft, "id" | "type" | "eyes"> & { readonly before: EntryRow };
  },
): Promise<readonly Draft[]> {
  const { before, id } = base;
  const { version } = item;
  if (item.op === "update") {
    living(id, before);
    const document = await patched(
      tx,
      { current: before, eyes },
      mergeOf(item.attributes),
      version ?? undefined,
    );
    return [{ ...base, op: "U", document }];
  }
  if (item.op === "restore")
    return before.deletedAt === null ? [] : [{ ...base, op: "R", document: before.doc }];
  living(id, before);
  if (version !== null && before.version !== version) throw stale(before, version);
  return removal(tx, known, { first: before, eyes });
}

function problemOf(
  index: number,
  { type, id, name, op }: ChangeItem,
  error: InventoryError,
): JsonObject {
  const about = { item: index, op, type, entry: id === null ? null : { id, name } };
  return { ...about, error: error.message, code: error.code, ...error.details };
}

function refusalOf(one: Decided, items: readonly ChangeItem[]): readonly JsonObject[] {
  if (one.kind !== "refused") return [];
  const { draft, error } = one;
  const index = items.findIndex(({ id, type, attributes }) =>
    id === null ? type === draft.type.name && attributes === draft.document : id === draft.id,
  );
  const item = items[index];
  return item === undefined
    ? [{ error: error.message, code: error.code }]
    : [problemOf(index, item, error)];
}

/** Applies it and notes that, in one transaction. */
export async function applyAndNote(
  tx: Db,
  service: ImportGround,
  row: ChangeRow,
  author: Author & { readonly changeset: string },
): Promise<number> {
  const written = await applyChange(tx, service, row, author);
  const changeset = written > 0 ? { changeset: author.changeset } : {};
  await updateChange(tx, row.id, { state: "applied", problems: [], ...changeset });
  return written;
}
