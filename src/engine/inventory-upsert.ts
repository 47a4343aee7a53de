/** Idempotent bulk writes: each item finds its entry by match orders and is created, merged into it, or told why not. */
import type { Catalogue } from "../inventory/catalogue.ts";
import type { InventoryError } from "../inventory/problem.ts";
import type { UpsertItem } from "../inventory/upsert.ts";
import { passing } from "../model/crash-points.ts";
import type { Database } from "../store/database.ts";
import { closeChangeset, type ChangesetRow } from "../store/inventory/write.ts";
import type { Eyes } from "./inventory-eyes.ts";
import { OutOfReach } from "./inventory-permit.ts";
import type { Waiting } from "./inventory-upsert-target.ts";
import { runWave, type Denied, type Settled } from "./inventory-upsert-wave.ts";
import type { UpsertResult } from "./inventory-upsert-result.ts";
import { withoutRaces, type Author } from "./inventory-write.ts";

export interface UpsertWriting {
  readonly changeset: ChangesetRow;
  readonly settled?: Settled | undefined;
  /** Who edits, where what other sources own is to be heeded. */
  readonly editor?: Author | undefined;
}

/** Items of one transaction: long ones would hold up the change feed. */
const waveSize = 1000;

/** `known`: all types; `eyes`: whose grants decide. */
export interface UpsertGround {
  readonly database: Database;
  readonly known: Catalogue;
  readonly eyes: Eyes;
}

/** How far a pass over the waiting items is. Those that wait for others stay in front until something was done that may have made them possible. */
interface Progress {
  /** Items in front that are not tried again for now. */
  readonly stuck: number;
  /** What those are about: later items about the same wait, too. Undefined: they need not. */
  readonly behind: ReadonlySet<string> | undefined;
  /** Items of the next wave: few, where most of them wait for each other's turn. */
  readonly size: number;
}

const atFirst: Progress = { stuck: 0, behind: new Set(), size: waveSize };
/** Nothing goes on in the order of the call: perhaps a later item makes what an earlier one about the same entry refers to. */
const outOfOrder: Progress = { ...atFirst, behind: undefined };

interface Done {
  readonly settled: number;
  readonly written: number;
  /** Items without a result. */
  readonly waited: number;
  /** Those of them that wait for others about the same entry only. */
  readonly held: number;
  readonly behind: ReadonlySet<string>;
}

function onwards({ stuck, behind }: Progress, done: Done): Progress {
  const { settled, written, waited, held } = done;
  const size = settled === 0 ? waveSize : Math.min(Math.max(4 * settled, 16), waveSize);
  if (written > 0 || (settled > 0 && held > 0)) return { ...atFirst, size };
  return { stuck: stuck + waited, behind: behind && new Set([...behind, ...done.behind]), size };
}

/**
 * One result per item, in order; items that fail leave the others alone. Items may depend on each other in any order (a device and its
 * rack, two lines about one device): what cannot be done yet waits for the next wave, as long as waves make progress. Those about one entry are
 * done in the order of the call.
 */
export async function upsertAll(
  { database, known, eyes }: UpsertGround,
  items: readonly UpsertItem[],
  { changeset, settled, editor }: UpsertWriting,
): Promise<readonly UpsertResult[]> {
  const results = new Map<number, UpsertResult>();
  let waiting: readonly Waiting[] = items.map((item, index) => ({ index, item }));
  let progress = atFirst;
  let open = false;
  while (waiting.length > 0) {
    const { stuck, behind, size } = progress;
    const wave = waiting.slice(stuck, stuck + size);
    const last = wave.length === 0;
    if (last && (behind?.size ?? 0) > 0) {
      progress = outOfOrder;
      continue;
    }
    const round = last ? waiting.slice(0, size) : wave;
    const left = waiting.length;
    const wanted = { known, eyes, changeset, wave: round, left, settled, editor };
    const turn = { final: last, behind };
    const done = await withinReach((denied) =>
      withoutRaces(() =>
        database.transaction(async (tx) => {
          const wrote = await runWave(tx, { ...wanted, ...turn, denied });
          passing("upsert.before-commit");
          return wrote;
        }),
      ),
    );
    passing("upsert.after-commit");
    if (done.written > 0) open = done.open;
    for (const [index, result] of done.results) results.set(index, result);
    waiting = waiting.filter(({ index }) => !done.results.has(index));
    const settledOnes = done.results.size;
    const waited = round.length - settledOnes;
    progress = onwards(progress, { ...done, settled: settledOnes, waited });
  }
  if (open && changeset.open !== true) await closeChangeset(database.db, changeset.id);
  return items.map((_, index) => results.get(index) ?? { result: "invalid" });
}

/** Runs the wave again without the items that led out of the caller's reach. */
async function withinReach<Result>(run: (denied: Denied) => Promise<Result>): Promise<Result> {
  const denied = new Map<number, InventoryError>();
  for (;;) {
    try {
      return await run(denied);
    } catch (error) {
      if (!(error instanceof OutOfReach)) throw error;
      const places = [...error.drafts].flatMap(({ place }) => place ?? []);
      places.forEach((place) => denied.set(place, error));
    }
  }
}
