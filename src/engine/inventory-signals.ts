/** News about claims as a sensor: each committed one becomes exactly one trigger instance.
 *
 * 1. Order is (xid, seq), read below the oldest running transaction: nothing that commits late is skipped.
 * 2. The cursor is committed together with the events; a repeated read is stopped by the dedupe key. */
import { loopingSensor, type LoopingSensor } from "../sensors/looping-sensor.ts";
import { pruneSignals, readSignals, type SignalRow } from "../store/inventory/claims.ts";
import type { Db } from "../store/schema.ts";
import { readCursor } from "./inventory-feed.ts";

const cursorName = "inventory.signals";
const batchSize = 500;
const pollMs = 500;

export function inventorySignals(db: Db): LoopingSensor {
  return loopingSensor(cursorName, async (context, pace) => {
    let cursor = readCursor(await context.cursor(cursorName));
    while (!pace.stopped) {
      const rows = await readSignals(db, cursor, batchSize);
      const last = rows.at(-1);
      if (last === undefined) await pace.untilRung(pollMs);
      else {
        const next = { xid: last.xid, seq: last.seq };
        await context.emit(rows.map(eventOf), { name: cursorName, value: next });
        await pruneSignals(db, next);
        cursor = next;
      }
    }
  });
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
