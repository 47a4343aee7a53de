/**
 * Keeps stored computed attributes true when what they read changes.
 *
 * 1. A change that others read leaves a row in inv.stale, in its own transaction: a killed process forgets nothing.
 * 2. Readers are computed again in pieces, each a transaction with its place noted; what comes out the same leaves nothing behind.
 * 3. Who made the change waits for it a moment, so that reading afterwards shows it; long work goes on in the background. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { readCause } from "../inventory/cause.ts";
import { deepestReference } from "../inventory/formula.ts";
import { isReference } from "../inventory/references.ts";
import type { Database } from "../store/database.ts";
import { loadEntries } from "../store/inventory/entries.ts";
import {
  addStale,
  advanceStale,
  isStale,
  readersOf,
  takeStale,
  type StaleRow,
} from "../store/inventory/stale.ts";
import { writeChanges, type ChangeSet, type ChangesetRow } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";
import { reviewClaims } from "./inventory-claim-book.ts";
import {
  changesetOf,
  decide,
  withoutRaces,
  type Author,
  type Decided,
  type Draft,
} from "./inventory-write.ts";

/** Writes the sets, looks again at what sources said, and notes which of their entries are read by computed attributes of others. */
export async function writeAll(
  tx: Db,
  known: Catalogue,
  sets: readonly ChangeSet[],
  round = 0,
): Promise<void> {
  await writeChanges(tx, sets);
  await reviewClaims(tx, known, sets);
  if (known.watched.size === 0) return;
  const rows = sets.flatMap(({ changeset, changes }) =>
    changes.flatMap(({ id, typeId, op, changed }) => {
      const watched = known.watched.get(known.byId.get(typeId)?.name ?? "");
      if (op !== "U" || watched === undefined || !changed.some((name) => watched.has(name)))
        return [];
      const { execution, rule_chain: ruleChain, causes, depth } = changeset;
      const cause = { execution, ruleChain, changesets: [...causes, changeset.id], depth };
      return [{ entryId: id, cause, round }];
    }),
  );
  await addStale(tx, rows);
}

/** Writes what was decided to change. */
export async function apply(
  db: Db,
  known: Catalogue,
  decided: readonly Decided[],
  changeset: ChangesetRow,
): Promise<number> {
  const changes = decided.flatMap((one) => (one.kind === "change" ? [one.change] : []));
  await writeAll(db, known, [{ changeset, changes }]);
  return changes.length;
}

/** Computations that led to one another: more is a ring between types. */
const mostRounds = 16;
const pieceSize = 200;
/** How long a writer waits for others' values. */
const patienceMs = 2_000;

export interface RecomputeOptions {
  readonly database: Database;
  readonly known: () => Catalogue;
  readonly onChange: () => void;
}

export class Recompute {
  readonly #options: RecomputeOptions;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: RecomputeOptions) {
    this.#options = options;
  }

  /** Resolves when nothing is left that this process could do, or after a moment. */
  async settle(): Promise<void> {
    if (this.#options.known().watched.size === 0) return;
    this.#again = true;
    this.#running ??= this.#drain().finally(() => (this.#running = undefined));
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, patienceMs);
    await Promise.race([this.#running, patience.promise]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      while (await this.#piece());
    }
  }

  /** False when there was nothing to do. A failure leaves the row for the next change. */
  async #piece(): Promise<boolean> {
    const { database, known, onChange } = this.#options;
    try {
      if (!(await isStale(database.db))) return false;
      const done = await withoutRaces(() =>
        database.transaction(async (tx) => {
          const row = await takeStale(tx);
          return row === undefined ? undefined : { written: await recompute(tx, known(), row) };
        }),
      );
      if (done === undefined) return false;
      if (done.written > 0) onChange();
      return true;
    } catch {
      return false;
    }
  }
}

async function recompute(tx: Db, known: Catalogue, row: StaleRow): Promise<number> {
  const types = [...known.byId.values()];
  const names = new Set(
    types.flatMap(({ attributes }) =>
      [...attributes.values()].flatMap(({ computed }) => [...(computed?.formula.names ?? [])]),
    ),
  );
  const references = types.flatMap(({ id, attributes }) =>
    [...attributes.values()]
      .filter((attribute) => isReference(attribute) && names.has(attribute.name))
      .map(({ name }) => ({ typeId: id, attribute: name })),
  );
  const computing = types.filter(({ attributes }) =>
    [...attributes.values()].some(({ computed }) => computed?.stored === true),
  );
  const ids = await readersOf(tx, row, {
    references,
    types: computing.map(({ id }) => id),
    depth: deepestReference,
    limit: pieceSize,
  });
  const rows = await loadEntries(tx, ids, "write");
  const drafts = [...rows.values()].flatMap((before): Draft[] => {
    const type = known.byId.get(before.typeId);
    if (type === undefined || before.deletedAt !== null) return [];
    return [{ id: before.id, type, op: "U", before, document: before.doc, eyes: undefined }];
  });
  // What has become invalid by itself stays as it is: nobody is there to be told.
  const decided = await decide(tx, drafts, known);
  const changes = decided.flatMap((one) => (one.kind === "change" ? [one.change] : []));
  const changeset = changesetOf(authorOf(row));
  if (changes.length > 0)
    await writeAll(
      tx,
      row.round < mostRounds ? known : unwatched(known),
      [{ changeset, changes }],
      row.round + 1,
    );
  await advanceStale(tx, row.id, ids.length < pieceSize ? undefined : ids.at(-1));
  return changes.length;
}

function unwatched(known: Catalogue): Catalogue {
  return { ...known, watched: new Map() };
}

function authorOf({ cause }: StaleRow): Author {
  return {
    actor: "system",
    kind: "system",
    reason: "computed again",
    cause: readCause(cause),
  };
}
