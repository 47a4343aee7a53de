/** Between the ledger's alert records and what the pure correlation knows. */
import type { CanonicalAlert } from "../alerts/alert.ts";
import type { KnownAlert } from "../alerts/correlate.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { AlertRow } from "../store/alerts.ts";

/** The record after a message. */
export function record(
  known: AlertRow | undefined,
  alert: CanonicalAlert,
  next: Omit<KnownAlert, "messageKeys">,
): { count: number; status: string; document: JsonObject; at: Date; lastAt: Date } {
  const same = known !== undefined && known.day === next.day;
  const document =
    alert.status === "firing" || !same || !isObject(known.document)
      ? { ...alert }
      : { ...known.document };
  return {
    count: next.count,
    status: next.status,
    document: {
      ...document,
      ...(next.resolvedAt === undefined ? {} : { resolved_at: next.resolvedAt }),
    },
    at: new Date(alert.occurred_at),
    lastAt: new Date(next.lastAt),
  };
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
