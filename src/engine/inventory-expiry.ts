/** Tells of dates that come near, once for each entry, date and threshold of the attribute's `expiry`.
 *
 * 1. What was told is remembered apart from the ledger, which forgets; between the two, the dedupe key stops a second telling.
 * 2. After downtime everything that was passed meanwhile is told. Dates that were over long before are not: who imports old contracts wants no
 *    thousand tickets.
 * 3. Days are days at the site. */
import type { Catalogue } from "../inventory/catalogue.ts";
import {
  dayAfter,
  daysBetween,
  expiryKey,
  expiryPayload,
  expiryWatches,
  type ExpiryWatch,
} from "../inventory/expiry.ts";
import { badRequest } from "../inventory/problem.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { loopingSensor, type LoopingSensor } from "../sensors/looping-sensor.ts";
import type { SensorContext } from "../sensors/sensor.ts";
import {
  expiriesDue,
  listExpiring,
  markKnown,
  markTold,
  type ExpiryRange,
} from "../store/inventory/expiry.ts";
import type { Db } from "../store/schema.ts";
import { mayRead } from "./inventory-eyes.ts";
import type { Ground } from "./inventory-history.ts";
import { queryClock } from "./inventory-search.ts";

const cursorName = "inventory.expiry";
const batchSize = 200;
/** So many days after a date one still wants to hear of it. */
const graceDays = 30;

export interface InventoryExpiryOptions {
  readonly db: Db;
  readonly known: () => Catalogue;
  readonly timeZone: string;
  /** Longest time until a date that came near is seen. */
  readonly pollMs?: number;
  /** Shortest time between two looks, whatever changes. */
  readonly restMs?: number;
}

export function inventoryExpiry(options: InventoryExpiryOptions): LoopingSensor {
  const { pollMs = 300_000, restMs = 5_000 } = options;
  return loopingSensor(cursorName, async (context, pace) => {
    while (!pace.stopped) {
      await tellExpiries(options, context);
      // Many changes at once are one look.
      await pace.rest(restMs);
      await pace.untilRung(pollMs);
    }
  });
}

/** Tells everything that is due now. */
export async function tellExpiries(
  { db, known, timeZone }: Pick<InventoryExpiryOptions, "db" | "known" | "timeZone">,
  context: SensorContext,
): Promise<void> {
  const now = context.now();
  const { today } = queryClock(now.getTime(), timeZone);
  const since = lastDay(await context.cursor(cursorName));
  const from = dayAfter(since !== undefined && since < today ? since : today, -graceDays);
  for (const watch of expiryWatches(known().byName.values())) {
    const to = dayAfter(today, Math.max(...watch.thresholds));
    const range = { today, from, to, timeZone };
    await tellOf(db, watch, { range, context, at: now.toISOString() });
  }
  if (since !== today) await context.emit([], { name: cursorName, value: { day: today } });
}

interface Telling {
  readonly range: ExpiryRange;
  readonly context: SensorContext;
  readonly at: string;
}

async function tellOf(db: Db, watch: ExpiryWatch, { range, context, at }: Telling): Promise<void> {
  for (;;) {
    const due = await expiriesDue(db, watch, { range, limit: batchSize });
    if (due.length === 0) return;
    await context.emit(
      due.map((one) => ({
        trigger: "inventory.expiry.due",
        source: "inventory",
        dedupeKey: expiryKey(one, watch.attribute),
        payload: expiryPayload(one, watch, { at, today: range.today }),
      })),
    );
    await markTold(db, watch.attribute, due);
  }
}

function lastDay(value: unknown): string | undefined {
  const day = isObject(value) ? value["day"] : undefined;
  return typeof day === "string" ? day : undefined;
}

export interface ExpiringView extends JsonObject {
  readonly entry: { readonly id: string; readonly type: string; readonly name: string };
  readonly attribute: string;
  readonly date: string;
  /** Negative: over since so many days. */
  readonly days_left: number;
  /** Thresholds, in days, that rules heard of. */
  readonly told: readonly number[];
  /** Who took note of it; null when nobody did. */
  readonly acknowledged: {
    readonly by: string;
    readonly at: string;
    readonly note: string | null;
  } | null;
}

export interface ExpiringQuestion {
  readonly type: string | undefined;
  readonly days: number;
  readonly limit: number;
  readonly timeZone: string;
}

/** What expires within so many days, or did in the last thirty; soonest first. */
export async function expiring(
  { db, known, eyes }: Ground,
  { type, days, limit, timeZone }: ExpiringQuestion,
): Promise<readonly ExpiringView[]> {
  const { today } = queryClock(Date.now(), timeZone);
  const range = { today, from: dayAfter(today, -graceDays), to: dayAfter(today, days), timeZone };
  const watches = expiryWatches(known.byName.values()).filter(
    (watch) => type === undefined || watch.type.name === type,
  );
  const lists = await Promise.all(
    watches.map(async (watch) => {
      const rows = await listExpiring(db, watch, { range, limit });
      const seen = rows.map(({ entryId: id }) => ({ id, typeId: watch.type.id }));
      const sights = await eyes.sights(db, seen);
      const readable = rows.filter(({ entryId }) => mayRead(sights.get(entryId), watch.attribute));
      return readable.map((row): ExpiringView => ({
        entry: { id: row.entryId, type: watch.type.name, name: row.name },
        attribute: watch.attribute,
        date: row.date,
        days_left: daysBetween(today, row.date),
        told: row.told,
        acknowledged:
          row.actor === null || row.at === null
            ? null
            : { by: row.actor, at: row.at.toISOString(), note: row.note },
      }));
    }),
  );
  return lists
    .flat()
    .toSorted((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
    .slice(0, limit);
}

/** Takes note of the present dates of an attribute: they are not told any more. Throws INVENTORY_REQUEST when it has none that is watched. */
export async function acknowledgeExpiry(
  { db, known }: Ground,
  entry: { readonly id: string; readonly type: string; readonly attributes: JsonObject },
  by: {
    readonly attribute: string;
    readonly actor: string;
    readonly note: string | undefined;
    readonly timeZone: string;
  },
): Promise<readonly string[]> {
  const { attribute, actor, note, timeZone } = by;
  const watched = expiryWatches(known.byName.values()).find(
    (watch) => watch.type.name === entry.type && watch.attribute === attribute,
  );
  if (watched === undefined) throw badRequest(`${entry.type} has no ${attribute} that expires`);
  const value = entry.attributes[attribute];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const dates = values
    .filter((one) => typeof one === "string")
    .map((one) => (watched.column === "d" ? one : queryClock(Date.parse(one), timeZone).today));
  if (dates.length === 0) throw badRequest(`${attribute} has no date`);
  await markKnown(db, { entryId: entry.id, attribute, dates, actor, note });
  return dates;
}
