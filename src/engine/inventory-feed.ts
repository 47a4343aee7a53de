/** The change feed as a sensor: every committed change becomes exactly one trigger instance.
 *
 * 1. Order is (xid, seq), read below the oldest running transaction: nothing that commits late is skipped.
 * 2. The cursor is committed together with the events; a second dispatcher or a repeated read is stopped by the dedupe key. */
import type { Catalogue } from "../inventory/catalogue.ts";
import { eventPayload, operations, referenceChanges, type FeedRow } from "../inventory/event.ts";
import { isObject } from "../model/json.ts";
import type { NewEvent } from "../model/events.ts";
import type { Sensor, SensorContext } from "../sensors/sensor.ts";
import { loadNames } from "../store/inventory/entries.ts";
import { feedStart, readFeed, type FeedCursor } from "../store/inventory/history.ts";
import type { Db } from "../store/schema.ts";

export const feedCursorName = "inventory.feed";
const batchSize = 500;

export interface InventoryFeed extends Sensor {
  /** Look now: something was written. Cheap, may be called often. */
  wake(): void;
}

export interface InventoryFeedOptions {
  readonly db: Db;
  readonly known: () => Catalogue;
  /** Longest time until a change written by another process is seen. */
  readonly pollMs?: number;
}

export function inventoryFeed({ db, known, pollMs = 500 }: InventoryFeedOptions): InventoryFeed {
  const failure = Promise.withResolvers<never>();
  // Nobody may be listening yet when it fails.
  failure.promise.catch(() => undefined);
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  let bell = Promise.withResolvers<void>();
  const wait = async (): Promise<void> => {
    const timer = setTimeout(() => bell.resolve(), pollMs);
    await bell.promise;
    clearTimeout(timer);
    bell = Promise.withResolvers();
  };
  const loop = async (context: SensorContext, from: FeedCursor): Promise<void> => {
    let cursor = from;
    while (!stop.signal.aborted) {
      const rows = await readFeed(db, cursor, batchSize);
      const last = rows.at(-1);
      if (last === undefined) await wait();
      else {
        const next = { xid: last.xid, seq: last.seq };
        await context.emit(await feedEvents(db, known(), rows), {
          name: feedCursorName,
          value: next,
        });
        cursor = next;
      }
    }
  };
  return {
    name: "inventory.feed",
    failed: failure.promise,
    start: async (context) => {
      const from = readCursor(await context.cursor(feedCursorName));
      running = loop(context, from).catch((error: unknown) => failure.reject(error));
    },
    stop: async () => {
      stop.abort();
      bell.resolve();
      await running;
    },
    wake: () => bell.resolve(),
  };
}

function readCursor(value: unknown): FeedCursor {
  if (!isObject(value)) return feedStart;
  const { xid, seq } = value;
  return typeof xid === "string" && typeof seq === "string" ? { xid, seq } : feedStart;
}

/** The events of some feed rows. */
export async function feedEvents(
  db: Db,
  known: Catalogue,
  rows: readonly FeedRow[],
): Promise<readonly NewEvent[]> {
  const ids = rows.flatMap((row) => {
    const { added, removed } = referenceChanges(known.byName.get(row.type), row);
    return [...added, ...removed].map(({ id }) => id);
  });
  const found = await loadNames(db, [...new Set(ids)]);
  const names = new Map(
    [...found].map(([id, { name, typeId }]) => [
      id,
      { name, type: known.byId.get(typeId)?.name ?? "unknown" },
    ]),
  );
  return rows.map((row) => ({
    trigger: `inventory.entry.${operations[row.op]}`,
    source: "inventory",
    dedupeKey: `${row.xid}-${row.seq}`,
    payload: eventPayload(row, known.byName.get(row.type), names),
  }));
}
