/** The one shape every monitor's message is brought into. */

export const alertStatuses = ["firing", "resolved", "ack"] as const;
export type AlertStatus = (typeof alertStatuses)[number];

export const alertSeverities = ["critical", "major", "warning", "info", "unknown"] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

export const alertUrgencies = ["immediate", "business_day"] as const;
export type AlertUrgency = (typeof alertUrgencies)[number];

/** Text members are "" where the message says nothing. */
export interface CanonicalAlert {
  /** Which monitor: `nagios`, `zabbix` … */
  readonly source: string;
  /** The monitor's own id of the thing or problem. */
  readonly source_ref: string;
  /** What kind of message: `host`, `service`, `metric`, `manual`, `acknowledgement`, `flapping`, `downtime` … */
  readonly class: string;
  readonly status: AlertStatus;
  readonly severity: AlertSeverity;
  readonly urgency: AlertUrgency;
  /** The host as the monitor writes it; the inventory resolves it. */
  readonly host_raw: string;
  readonly service: string;
  readonly summary: string;
  readonly detail: string;
  /** ISO 8601 UTC: the monitor's own time, else the mail's Date, else the time of receipt. */
  readonly occurred_at: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Same alert, same fingerprint, whatever its status: 64 hex digits. */
  readonly fingerprint: string;
  /** Where the message is kept, as the caller named it. */
  readonly raw_ref: string;
}

/** What parsers write, each member from one value. */
export const parsedMembers = [
  "source_ref",
  "class",
  "status",
  "severity",
  "urgency",
  "host_raw",
  "service",
  "summary",
  "detail",
  "occurred_at",
] as const satisfies readonly (keyof CanonicalAlert)[];
export type ParsedMember = (typeof parsedMembers)[number];

export const alertMembers = [
  "source",
  ...parsedMembers,
  "labels",
  "fingerprint",
  "raw_ref",
] as const satisfies readonly (keyof CanonicalAlert)[];

/** The parts of a mail that parsers read; a mail sensor's payload fits. */
export interface AlertMail {
  readonly subject: string;
  readonly from: string;
  readonly to?: string;
  readonly cc?: string;
  readonly text: string;
  /** ISO 8601, or "". */
  readonly date?: string;
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>;
}

/** What a parser is given: a mail, or the JSON body of a webhook. */
export type AlertMessage =
  | { readonly kind: "mail"; readonly mail: AlertMail }
  | { readonly kind: "json"; readonly body: unknown };

export const alertBounds = {
  /** Characters. */
  summary: 1_000,
  detail: 16_384,
  member: 1_000,
  label: 1_000,
  labels: 100,
  /** Alerts taken from one message. */
  alerts: 500,
  /** Characters of one line that patterns see, and lines of one text. */
  line: 1_000,
  lines: 5_000,
} as const;
