import type { AlertStatus } from "./alert.ts";

/** What is known of an alert: the newest record of its fingerprint. */
export interface KnownAlert {
  readonly status: "open" | "acked" | "resolved";
  /** The calendar day its ticket is for, `YYYY-MM-DD`. */
  readonly day: string;
  /** Firing messages of that day, the first included. */
  readonly count: number;
  /** Ticket of that day, when there is one. */
  readonly ticket?: string;
  /** Messages already counted in, as far as the caller keeps them; at least the one at hand if it was. */
  readonly messageKeys: readonly string[];
  /** `occurred_at` of the latest firing message. */
  readonly lastAt: string;
  /** `occurred_at` of the latest recovery, when there was one. */
  readonly resolvedAt?: string;
}

/** Mails overtake each other by minutes. A stamp that is older by more than this tells of a wrong clock, not of a late mail. */
const overtakingMs = 1_800_000;

export interface CorrelateInput {
  readonly alert: { readonly status: AlertStatus; readonly occurred_at: string };
  /** The alert's calendar day in the site's zone. */
  readonly day: string;
  readonly existing: KnownAlert | undefined;
  /** Names the message: the same delivery has the same key. */
  readonly messageKey: string;
}

/**
 * - `firing`: the first of its day: a ticket is due.
 * - `repeated`: another one of the same day: counted on the same ticket.
 * - `resolved`: closes the open alert. Never opens a ticket.
 * - `resolved-unknown`: a recovery that closes nothing (none open, or older than the latest problem): recorded only.
 * - `duplicate`: this very message was counted before: nothing changes.
 * - `ack`: a notice (acknowledgement, downtime, flapping …): noted on the alert, if there is one.
 */
export type AlertEffect =
  | "firing"
  | "repeated"
  | "resolved"
  | "resolved-unknown"
  | "duplicate"
  | "ack";

export interface Correlation {
  readonly effect: AlertEffect;
  /** The record after this message; undefined when there is none to keep. */
  readonly next: Omit<KnownAlert, "messageKeys"> | undefined;
  /** Count of the day after this message; 0 when nothing is counted. */
  readonly count: number;
  /** Ticket the message belongs to. */
  readonly ticket: string | undefined;
  /** For `firing`: the ticket of an earlier day of the same alert. */
  readonly previousTicket: string | undefined;
  /** For `repeated`: it had been resolved and is open again. */
  readonly reopened: boolean;
  readonly reason: string;
}

/** Decides what a message means for what is known. Order of arrival does not matter for the outcome of a problem and its recovery. */
export function correlate(input: CorrelateInput): Correlation {
  const { alert, existing, messageKey } = input;
  if (existing?.messageKeys.includes(messageKey) === true) {
    return outcome("duplicate", existing, "this message was counted before");
  }
  switch (alert.status) {
    case "firing":
      return fire(input);
    case "resolved":
      return resolve(input);
    case "ack":
      return acknowledge(existing);
  }
}

function fire({ alert, day, existing }: CorrelateInput): Correlation {
  const late = existing !== undefined && day < existing.day;
  if (existing === undefined || (existing.day !== day && !late)) {
    return {
      effect: "firing",
      next: { status: "open", day, count: 1, lastAt: alert.occurred_at },
      count: 1,
      ticket: undefined,
      previousTicket: existing?.ticket,
      reopened: false,
      reason: existing === undefined ? "first message of this alert" : `first message of ${day}`,
    };
  }
  const overtaken =
    existing.resolvedAt !== undefined && isOvertaken(alert.occurred_at, existing.resolvedAt);
  const reopened = existing.status === "resolved" && !overtaken;
  const next = {
    ...record(existing),
    status: reopened ? ("open" as const) : existing.status,
    count: existing.count + 1,
    lastAt: later(existing.lastAt, alert.occurred_at),
  };
  return {
    ...outcome("repeated", next, late ? `belongs to an earlier day, ${day}` : `repeat of ${day}`),
    reopened,
  };
}

function resolve({ alert, existing }: CorrelateInput): Correlation {
  if (existing === undefined)
    return outcome("resolved-unknown", undefined, "no such alert is known");
  if (existing.status === "resolved") {
    return outcome("resolved-unknown", existing, "the alert is resolved already");
  }
  if (isOvertaken(alert.occurred_at, existing.lastAt)) {
    return outcome("resolved-unknown", existing, "older than the latest problem, which stays open");
  }
  const next = { ...record(existing), status: "resolved" as const, resolvedAt: alert.occurred_at };
  return outcome("resolved", next, "closes the open alert");
}

function acknowledge(existing: KnownAlert | undefined): Correlation {
  if (existing === undefined) return outcome("ack", undefined, "no such alert is known");
  const status = existing.status === "open" ? ("acked" as const) : existing.status;
  return outcome("ack", { ...record(existing), status }, "noted");
}

function outcome(
  effect: AlertEffect,
  known: Omit<KnownAlert, "messageKeys"> | undefined,
  reason: string,
): Correlation {
  return {
    effect,
    next: known === undefined ? undefined : record(known),
    count: known?.count ?? 0,
    ticket: known?.ticket,
    previousTicket: undefined,
    reopened: false,
    reason,
  };
}

function record(known: Omit<KnownAlert, "messageKeys">): Omit<KnownAlert, "messageKeys"> {
  const { status, day, count, lastAt } = known;
  return {
    status,
    day,
    count,
    lastAt,
    ...(known.ticket === undefined ? {} : { ticket: known.ticket }),
    ...(known.resolvedAt === undefined ? {} : { resolvedAt: known.resolvedAt }),
  };
}

function isBefore(a: string, b: string): boolean {
  return Date.parse(a) < Date.parse(b);
}

/** Whether a message of the time `at` came after one of the later time `than`. */
function isOvertaken(at: string, than: string): boolean {
  return isBefore(at, than) && Date.parse(than) - Date.parse(at) <= overtakingMs;
}

function later(a: string, b: string): string {
  return isBefore(a, b) ? b : a;
}
