/** Dates at which something ends, and when somebody wants to know. */
import type { JsonObject } from "../model/json.ts";
import type { KnownType } from "./catalogue.ts";

/** An attribute whose dates are watched. */
export interface ExpiryWatch {
  readonly type: KnownType;
  readonly attribute: string;
  /** `ts`: moments, whose day is the site's. */
  readonly column: "d" | "ts";
  /** Days before the date, each once. */
  readonly thresholds: readonly number[];
}

/** What the types want watched. */
export function expiryWatches(types: Iterable<KnownType>): readonly ExpiryWatch[] {
  return [...types].flatMap((type) =>
    [...type.attributes.values()]
      .filter(({ expiry }) => expiry.length > 0)
      .map(({ name, element, expiry }) => ({
        type,
        attribute: name,
        column: element.type === "date" ? ("d" as const) : ("ts" as const),
        thresholds: [...new Set(expiry)].toSorted((a, b) => b - a),
      })),
  );
}

const dayMs = 86_400_000;

/** Days from one calendar day to another, both as 2026-04-01. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
}

/** The calendar day that many days later. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * dayMs).toISOString().slice(0, 10);
}

/** One entry's date that has come within a threshold. */
export interface Due {
  readonly entryId: string;
  readonly name: string;
  readonly version: number;
  readonly doc: JsonObject;
  /** As 2026-04-01. */
  readonly date: string;
  readonly threshold: number;
}

/** The payload of `inventory.expiry.due`. */
export function expiryPayload(
  due: Due,
  { type, attribute, thresholds }: ExpiryWatch,
  { at, today }: { readonly at: string; readonly today: string },
): JsonObject {
  const left = daysBetween(today, due.date);
  return {
    event_id: expiryKey(due, attribute),
    at,
    type: type.name,
    entry: { id: due.entryId, name: due.name, version: due.version },
    attribute,
    label: type.attributes.get(attribute)?.label ?? {},
    date: due.date,
    threshold: due.threshold,
    days_left: left,
    // Of several thresholds that were passed meanwhile, the last one says how urgent it is.
    latest: due.threshold === Math.min(...thresholds.filter((days) => days >= left)),
    document: due.doc,
  };
}

/** One text per entry, attribute, date and threshold. */
export function expiryKey(
  { entryId, date, threshold }: Pick<Due, "entryId" | "date" | "threshold">,
  attribute: string,
): string {
  return `expiry-${entryId}-${attribute}-${date}-${threshold}`;
}
