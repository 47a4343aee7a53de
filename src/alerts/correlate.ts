import type { AlertStatus } from "./alert.ts";

/** What is known of an alert: the newest record of its fingerprint. */
export interface KnownAlert {
  readonly status: "open" | "acked" | "resolved";
  /** The calendar day its ticket is for, `YYYY-MM-DD`; a further problem of the same day that counts for itself is `YYYY-MM-DD.02`. */
  readonly day: string;
  /** Firing messages of that record, the first included. */
  readonly count: number;
  /** Ticket of that record, when there is one. */
  readonly ticket?: string;
  /** Messages already counted in, as far as the caller keeps them; at least the one at hand if it was. */
  readonly messageKeys: readonly string[];
  /** `occurred_at` of the latest firing message. */
  readonly lastAt: string;
  /** `occurred_at` of the latest recovery, when there was one. */
  readonly resolvedAt?: string;
}

/** Class of the notice that somebody looks after an alert. */
export const acknowledgement = "acknowledgement";

/** Mails overtake each other by minutes. A stamp that is older by more than this tells of a wrong clock, not of a late mail. */
const overtakingMs = 1_800_000;

/** What counts as the same problem. */
export interface Sameness {
  /** One record per calendar day; or as long as it is open; or while reports come within so many milliseconds of each other. */
  readonly window: "day" | "open" | number;
  /** A report after the recovery opens the same record again: always, never, or within so many milliseconds of the recovery. */
  readonly reopen: "always" | "never" | number;
}

export const usualSameness: Sameness = { window: "day", reopen: "always" };

export interface CorrelateInput {
  readonly alert: {
    readonly status: AlertStatus;
    readonly occurred_at: string;
    /** Of an `ack`: only an `acknowledgement` says that somebody looks after it. */
    readonly class?: string;
  };
  /** The alert's calendar day in the site's zone. */
  readonly day: string;
  readonly existing: KnownAlert | undefined;
  /** Names the message: the same delivery has the same key. */
  readonly messageKey: string;
  /** By default one record per day, which a report after the recovery opens again. */
  readonly same?: Sameness;
}

/**
 * - `firing`: the first of its record: a ticket is due.
 * - `repeated`: another one of the same record: counted on the same ticket.
 * - `resolved`: closes the open alert. Never opens a ticket.
 * - `resolved-unknown`: a recovery that closes nothing (none open, or older than the latest problem): recorded only.
 * - `duplicate`: this very message was counted before: nothing changes.
 * - `ack`: a notice (acknowledgement, downtime, flapping …): noted on the alert, if there is one. After an acknowledgement it is acked.
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
  /** Count of the record after this message; 0 when nothing is counted. */
  readonly count: number;
  /** Ticket the message belongs to. */
  readonly ticket: string | undefined;
  /** For `firing`: the ticket of an earlier record of the same alert. */
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
      return acknowledge(existing, alert.class === acknowledgement);
  }
}

function fire({ alert, day, existing, same = usualSameness }: CorrelateInput): Correlation {
  const verdict = existing === undefined ? undefined : verdictOn(existing, alert, day, same);
  if (existing === undefined || verdict === undefined || verdict.kind === "other") {
    return {
      effect: "firing",
      next: { status: "open", day: freeDay(day, existing), count: 1, lastAt: alert.occurred_at },
      count: 1,
      ticket: undefined,
      previousTicket: existing?.ticket,
      reopened: false,
      reason: verdict?.reason ?? "first message of this alert",
    };
  }
  const reopened = verdict.kind === "reopened";
  const next = {
    ...record(existing),
    status: reopened ? ("open" as const) : existing.status,
    count: existing.count + 1,
    lastAt: later(existing.lastAt, alert.occurred_at),
  };
  return { ...outcome("repeated", next, verdict.reason), reopened };
}

interface Verdict {
  readonly kind: "same" | "reopened" | "other";
  readonly reason: string;
}

/** Whether a report belongs to a record that is there. */
function verdictOn(
  existing: KnownAlert,
  { occurred_at: at }: { readonly occurred_at: string },
  day: string,
  { window, reopen }: Sameness,
): Verdict {
  const known = baseDay(existing.day);
  if (window === "day" && known < day) return { kind: "other", reason: `first message of ${day}` };
  if (typeof window === "number" && elapsed(existing.lastAt, at) > window)
    return { kind: "other", reason: "the last report is too long ago" };
  const late = window === "day" && day < known;
  const reason = late ? `belongs to an earlier day, ${day}` : `repeat of ${day}`;
  if (existing.status !== "resolved") return { kind: "same", reason };
  return afterRecovery(existing.resolvedAt, at, { reopen, reason });
}

function afterRecovery(
  resolvedAt: string | undefined,
  at: string,
  { reopen, reason }: { readonly reopen: Sameness["reopen"]; readonly reason: string },
): Verdict {
  if (resolvedAt !== undefined && isOvertaken(at, resolvedAt)) return { kind: "same", reason };
  const inTime =
    typeof reopen === "number" && resolvedAt !== undefined && elapsed(resolvedAt, at) <= reopen;
  return reopen === "always" || inTime
    ? { kind: "reopened", reason }
    : { kind: "other", reason: "the recovery is final by the site's rule" };
}

/** The calendar day of a record's day. */
export function baseDay(day: string): string {
  return day.slice(0, 10);
}

/** The day of a new record: of the second one on a day it is `2026-11-21.02`. */
function freeDay(day: string, existing: KnownAlert | undefined): string {
  if (existing === undefined || baseDay(existing.day) !== day) return day;
  const number = Number(existing.day.slice(11) || "1") + 1;
  return `${day}.${String(number).padStart(2, "0")}`;
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

function acknowledge(existing: KnownAlert | undefined, taken: boolean): Correlation {
  if (existing === undefined) return outcome("ack", undefined, "no such alert is known");
  const status = taken && existing.status === "open" ? ("acked" as const) : existing.status;
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

/** Milliseconds from `a` to `b`; negative when b was before. */
function elapsed(a: string, b: string): number {
  return Date.parse(b) - Date.parse(a);
}

/** Whether a message of the time `at` came after one of the later time `than`. */
export function isOvertaken(at: string, than: string): boolean {
  return elapsed(at, than) > 0 && elapsed(at, than) <= overtakingMs;
}

function later(a: string, b: string): string {
  return elapsed(a, b) > 0 ? b : a;
}
