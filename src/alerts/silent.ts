import type { AlertSeverity, AlertUrgency, CanonicalAlert } from "./alert.ts";
import { fingerprint } from "./fingerprint.ts";

/** Nothing from a source for so long is an alert itself: the way of the mails may be broken. */
export interface SilentRule {
  readonly name: string;
  /** A monitor; or `mail` or `webhook`: any message that came that way. */
  readonly source: string;
  readonly afterMs: number;
  readonly severity: AlertSeverity;
  readonly urgency: AlertUrgency;
}

/** The alert of a source that fell silent, or is heard again. `lastAt`: ISO 8601, its last message. */
export function silenceAlert(
  { source, afterMs, severity, urgency }: Omit<SilentRule, "name">,
  { status, lastAt, at }: { status: "firing" | "resolved"; lastAt: string; at: string },
): CanonicalAlert {
  const minutes = Math.round(afterMs / 60_000);
  return {
    source: "raicho",
    source_ref: source,
    class: "source_silent",
    status,
    severity,
    urgency,
    host_raw: "",
    service: source,
    summary:
      status === "firing"
        ? `Nothing from ${source} for ${minutes} minutes / ${source} から${minutes}分間通知がありません`
        : `${source} is heard again / ${source} からの通知が再開しました`,
    detail: `Last message / 最後の通知: ${lastAt}`,
    occurred_at: at,
    labels: { last_at: lastAt },
    fingerprint: fingerprint({ source: "raicho", host: "", service: `silent ${source}` }),
    raw_ref: "",
  };
}
