/** The change feed as a sensor: every committed change becomes exactly one trigger instance, and so does every complete changeset.
 *
 * 1. Order is (xid, seq), read below the oldest running transaction: nothing that commits late is skipped.
 * 2. The cursor is committed together with the events; a second dispatcher or a repeated read is stopped by the dedupe key.
 * 3. What came about by too long a chain of causes becomes `inventory.loop.suspected`: the rules on the inventory do not hear of it. */
import { passing } from "../model/crash-points.ts";
import type { Catalogue } from "../inventory/catalogue.ts";
import { isTooDeep } from "../inventory/cause.ts";
import {
  changesetPayload,
  eventPayload,
  operations,
  referenceChanges,
  type FeedRow,
} from "../inventory/event.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { NewEvent } from "../model/events.ts";
import { loopingSensor, type LoopingSensor } from "../sensors/looping-sensor.ts";
import type { SensorContext } from "../sensors/sensor.ts";
import { loadNames } from "../store/inventory/entries.ts";
import {
  countChangesets,
  feedLag,
  feedStart,
  isFeedHeld,
  readFeed,
  type FeedCursor,
  type FeedPage,
} from "../store/inventory/feed.ts";
import { closeAbandonedChangesets } from "../store/inventory/write.ts";
import type { Db } from "../store/schema.ts";

export const feedCursorName = "inventory.feed";
const batchSize = 500;
/** An older transaction holds the feed back: it may be over at any moment. */
const heldMs = 25;
const tidyMs = 60_000;
/** Nobody writes that long at one wave of a changeset. */
const abandonedSeconds = 600;

export interface InventoryFeedOptions {
  readonly db: Db;
  readonly known: () => Catalogue;
  /** Longest time until a change written by another process is seen. */
  readonly pollMs?: number;
}

export function inventoryFeed({ db, known, pollMs = 500 }: InventoryFeedOptions): LoopingSensor {
  return loopingSensor(feedCursorName, async (context, pace) => {
    let cursor = readCursor(await context.cursor(feedCursorName));
    let tidied = performance.now();
    while (!pace.stopped) {
      const page = await readFeed(db, cursor, batchSize);
      if (page.next === undefined)
        await pace.untilRung((await isFeedHeld(db, cursor)) ? heldMs : pollMs);
      else {
        const events = await feedEvents(db, known(), page);
        passing("feed.before-emit");
        await context.emit(events, { name: feedCursorName, value: page.next });
        passing("feed.after-emit");
        sayLoops(context, events);
        cursor = page.next;
      }
      if (performance.now() - tidied > tidyMs) {
        await closeAbandonedChangesets(db, abandonedSeconds);
        tidied = performance.now();
      }
    }
  });
}

/** A place of the feed as it was committed with the events before it; its start when there is none. */
export function readCursor(value: unknown): FeedCursor {
  if (!isObject(value)) return feedStart;
  const { xid, seq } = value;
  return typeof xid === "string" && typeof seq === "string" ? { xid, seq } : feedStart;
}

/** Seconds since the oldest change that no rule has heard of. */
export async function feedLagOf(db: Db): Promise<number> {
  const row = await db
    .selectFrom("sensor_cursor")
    .select("value")
    .where("name", "=", feedCursorName)
    .executeTakeFirst();
  return feedLag(db, readCursor(row?.value));
}

const suspected = "inventory.loop.suspected";

function sayLoops(context: SensorContext, events: readonly NewEvent[]): void {
  for (const { trigger, payload } of events)
    if (trigger === suspected && isObject(payload))
      context.log("warn", "a change of the inventory seems to cause itself; rules do not hear it", {
        entry: payload["entry"],
        changeset: payload["changeset"],
        origin: payload["origin"],
      });
}

/** The events of a page of the feed. */
async function feedEvents(
  db: Db,
  known: Catalogue,
  { rows, complete }: FeedPage,
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
  const ends = Map.groupBy(await changesetEvents(db, complete), ({ after }) => after);
  const endsAfter = (index: number): NewEvent[] =>
    (ends.get(index) ?? []).map(({ event }) => event);
  return [
    ...endsAfter(-1),
    ...rows.flatMap((row, index) => [
      entryEvent(row, eventPayload(row, known.byName.get(row.type), names)),
      ...endsAfter(index),
    ]),
  ];
}

function entryEvent(row: FeedRow, payload: JsonObject): NewEvent {
  const trigger = `inventory.entry.${operations[row.op]}`;
  return asSuspected(row.changeset, {
    trigger,
    source: "inventory",
    dedupeKey: `${row.xid}-${row.seq}`,
    payload,
  });
}

function asSuspected(chain: FeedRow["changeset"], event: NewEvent): NewEvent {
  if (!isTooDeep(chain) || !isObject(event.payload)) return event;
  const payload = { ...event.payload, trigger: event.trigger };
  return { ...event, trigger: suspected, payload };
}

async function changesetEvents(
  db: Db,
  complete: FeedPage["complete"],
): Promise<readonly { readonly event: NewEvent; readonly after: number }[]> {
  // One that was written in several transactions ends several times in one page.
  const once = new Map(complete.map((one) => [one.changeset.id, one]));
  const counts = await countChangesets(db, [...once.keys()]);
  return [...once.values()].flatMap(({ changeset, after }) => {
    const did = counts.get(changeset.id);
    if (did === undefined) return [];
    const event = asSuspected(changeset, {
      trigger: "inventory.changeset.committed",
      source: "inventory",
      dedupeKey: `changeset-${changeset.id}`,
      payload: changesetPayload(changeset, did),
    });
    return [{ event, after }];
  });
}
