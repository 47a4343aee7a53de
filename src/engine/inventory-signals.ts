/** News about claims as a sensor: each committed one becomes exactly one trigger instance.
 *
 * 1. Order is (xid, seq), read below the oldest running transaction: nothing that commits late is skipped.
 * 2. The cursor is committed together with the events; a repeated read is stopped by the dedupe key. */
import type { Sensor, SensorContext } from "../sensors/sensor.ts";
import { pruneSignals, readSignals, type SignalRow } from "../store/inventory/claims.ts";
import type { Db } from "../store/schema.ts";
import { readCursor } from "./inventory-feed.ts";

const cursorName = "inventory.signals";
const batchSize = 500;
const pollMs = 500;

export function inventorySignals(db: Db): Sensor & { wake(): void } {
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
  const loop = async (context: SensorContext): Promise<void> => {
    let cursor = readCursor(await context.cursor(cursorName));
    while (!stop.signal.aborted) {
      const rows = await readSignals(db, cursor, batchSize);
      const last = rows.at(-1);
      if (last === undefined) await wait();
      else {
        const next = { xid: last.xid, seq: last.seq };
        await context.emit(rows.map(eventOf), { name: cursorName, value: next });
        await pruneSignals(db, next);
        cursor = next;
      }
    }
  };
  return {
    name: cursorName,
    failed: failure.promise,
    start: async (context) => {
      running = loop(context).catch((error: unknown) => failure.reject(error));
    },
    stop: async () => {
      stop.abort();
      bell.resolve();
      await running;
    },
    wake: () => bell.resolve(),
  };
}

function eventOf({ xid, seq, trigger, payload, at }: SignalRow) {
  const id = `${xid}-${seq}`;
  return {
    trigger,
    source: cursorName,
    dedupeKey: id,
    payload: { ...payload, event_id: id, at: at.toISOString() },
  };
}
