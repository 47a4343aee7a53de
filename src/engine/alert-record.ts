/** Between the ledger's alert records and what the pure correlation knows. */
import type { KnownAlert } from "../alerts/correlate.ts";
import { suppressors, type Suppression } from "../alerts/suppress.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { AlertRow } from "../store/alerts.ts";

/** Names a record for people: the beginning of the fingerprint, and the day. */
export function alertId(fingerprint: string, day: string): string {
  return `${fingerprint.slice(0, 16)}-${day}`;
}

/** An alert as actions and the door show it: what its latest report said, with its counts. */
export function shownAlert(row: AlertRow): JsonObject {
  const { fingerprint, day, count, status, ticket, document, first_at, last_at, workflow } = row;
  return {
    ...(isObject(document) ? document : {}),
    id: alertId(fingerprint, day),
    fingerprint,
    day,
    count,
    status,
    ticket,
    first_at: first_at.toISOString(),
    last_at: last_at.toISOString(),
    facts: workflow ?? {},
  };
}

/** The record after a message. `facts`: what is kept of the message. */
export function record(
  known: AlertRow | undefined,
  facts: JsonObject,
  next: Omit<KnownAlert, "messageKeys">,
): { count: number; status: string; document: JsonObject; at: Date; lastAt: Date } {
  const same = known !== undefined && known.day === next.day;
  const document =
    facts["status"] === "firing" || !same || !isObject(known.document)
      ? facts
      : { ...known.document };
  return {
    count: next.count,
    status: next.status,
    document: {
      ...document,
      ...(next.resolvedAt === undefined ? {} : { resolved_at: next.resolvedAt }),
    },
    at: new Date(String(facts["occurred_at"])),
    lastAt: new Date(next.lastAt),
  };
}

/** Why rules have not heard the newest of it; null = they have. */
export function heldOf(row: Pick<AlertRow, "held"> | undefined): readonly Suppression[] | null {
  if (row === undefined || row.held === null) return null;
  const reasons: readonly unknown[] = Array.isArray(row.held) ? row.held : [];
  return reasons.filter(isObject).flatMap(({ by, name, source }): readonly Suppression[] => {
    const kind = suppressors.find((one) => one === by);
    if (kind === undefined) return [];
    return [{ by: kind, name: String(name), ...(typeof source === "string" ? { source } : {}) }];
  });
}

/** The record as the correlation sees it. */
export function knownAlert({
  status,
  day,
  count,
  ticket,
  last_at,
  document,
}: AlertRow): KnownAlert {
  const resolvedAt =
    isObject(document) && typeof document["resolved_at"] === "string"
      ? document["resolved_at"]
      : undefined;
  return {
    status: status === "acked" || status === "resolved" ? status : "open",
    day,
    count,
    ...(ticket === null ? {} : { ticket }),
    messageKeys: [],
    lastAt: last_at.toISOString(),
    ...(resolvedAt === undefined ? {} : { resolvedAt }),
  };
}
