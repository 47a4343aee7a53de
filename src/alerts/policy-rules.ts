/** Reads the rules of policy files, section by section. */
import { isTimeZone } from "../model/time-zone.ts";
import { alertSeverities, alertUrgencies, type AlertSeverity, type AlertUrgency } from "./alert.ts";
import type { Sameness } from "./correlate.ts";
import type { DocumentNode } from "./document.ts";
import { durationMs, readDuration } from "./duration.ts";
import type { FlappingRule } from "./flapping.ts";
import type { GroupRule } from "./group.ts";
import { checkField, readMatchers, type Matcher } from "./matcher.ts";
import type { SilentRule } from "./silent.ts";
import type { InhibitRule, MaintenanceRule } from "./suppress.ts";
import { parseTime } from "./time.ts";

/** How urgent an alert is, and how severe where the monitor does not know better. */
export interface UrgencyRule {
  readonly name: string;
  readonly match: readonly Matcher[];
  readonly urgency: AlertUrgency | undefined;
  readonly severity: AlertSeverity | undefined;
}

export interface SameRule extends Sameness {
  readonly name: string;
  readonly match: readonly Matcher[];
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export function readUrgency(node: DocumentNode, number: number): UrgencyRule {
  const at = node.fields(["name", "match", "urgency", "severity"]);
  const urgency = at("urgency");
  const severity = at("severity");
  if (!urgency.present && !severity.present) node.problem("needs urgency, severity, or both");
  return {
    name: at("name").text(`urgency ${number + 1}`),
    match: readMatchers(at("match")),
    urgency: urgency.present ? urgency.oneOf(alertUrgencies, "immediate") : undefined,
    severity: severity.present ? severity.oneOf(alertSeverities, "unknown") : undefined,
  };
}

export function readSame(node: DocumentNode, number: number): SameRule {
  const at = node.fields(["name", "match", "window", "reopen"]);
  const window = wordOrDuration(at("window"), ["day", "open"] as const, "day");
  return {
    name: at("name").text(`same ${number + 1}`),
    match: readMatchers(at("match")),
    window,
    reopen: wordOrDuration(
      at("reopen"),
      ["always", "never"] as const,
      window === "open" ? "never" : "always",
    ),
  };
}

function wordOrDuration<Word extends string>(
  node: DocumentNode,
  words: readonly Word[],
  fallback: Word,
): Word | number {
  if (!node.present) return fallback;
  const text = node.text();
  const word = words.find((one) => one === text);
  const duration = durationMs(text);
  if (word === undefined && duration === undefined)
    node.problem(`"${text}" is none of ${words.join(", ")}, and no duration such as 30m or 2h`);
  return word ?? duration ?? fallback;
}

export function readGroup(node: DocumentNode, number: number): GroupRule {
  const at = node.fields([
    "name",
    "match",
    "group_by",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "window",
  ]);
  return {
    name: at("name").text(`group ${number + 1}`),
    match: readMatchers(at("match")),
    by: readFields(at("group_by")),
    waitMs: readDuration(at("group_wait"), minute / 2),
    intervalMs: Math.max(1_000, readDuration(at("group_interval"), 5 * minute)),
    repeatMs: readDuration(at("repeat_interval"), 4 * hour),
    window: at("window").oneOf(["open", "day"], "open"),
  };
}

export function readInhibit(node: DocumentNode, number: number): InhibitRule {
  const at = node.fields(["name", "source", "target", "equal", "within"]);
  for (const side of ["source", "target"] as const) if (!at(side).present) at(side).missing();
  return {
    name: at("name").text(`inhibit ${number + 1}`),
    source: readMatchers(at("source")),
    target: readMatchers(at("target")),
    equal: readFields(at("equal")),
    withinMs: readDuration(at("within"), day),
  };
}

function readFields(node: DocumentNode): readonly string[] {
  return node.items().map((item) => {
    const field = item.text();
    checkField(field, item);
    return field;
  });
}

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

export function readMaintenance(node: DocumentNode, number: number): MaintenanceRule {
  const at = node.fields(["name", "match", "from", "until", "daily", "weekdays", "time_zone"]);
  const zone = at("time_zone");
  const timeZone = zone.present ? zone.text() : undefined;
  if (timeZone !== undefined && !isTimeZone(timeZone))
    zone.problem(`"${timeZone}" is no time zone`);
  const limits = ["from", "until", "daily", "weekdays"] as const;
  if (limits.every((name) => !at(name).present))
    node.problem("needs from, until, daily or weekdays, or nothing would ever be told");
  return {
    name: at("name").text(`maintenance ${number + 1}`),
    match: readMatchers(at("match")),
    from: readMoment(at("from")),
    until: readMoment(at("until")),
    daily: readHours(at("daily")),
    weekdays: at("weekdays").present
      ? at("weekdays")
          .items()
          .map((item) => weekdays.indexOf(item.oneOf(weekdays, "sun")))
      : undefined,
    timeZone,
  };
}

/** A moment with its offset from UTC: a file may be read in another zone than it was written for. */
function readMoment(node: DocumentNode): number | undefined {
  if (!node.present) return undefined;
  const text = node.text();
  const moment = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? parseTime(text, "UTC") : undefined;
  if (moment === undefined)
    node.problem(`"${text}" is no time with its offset, such as 2026-11-23T02:00:00+09:00`);
  return moment;
}

function readHours(node: DocumentNode): { start: number; end: number } | undefined {
  if (!node.present) return undefined;
  const found = /^([01]?\d|2[0-4]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)$/.exec(node.text());
  if (found === null) {
    node.problem(`"${node.text()}" is no time of day such as 02:00-04:30`);
    return undefined;
  }
  const [start, end] = [minutesOf(found[1], found[2]), minutesOf(found[3], found[4])];
  return { start, end };
}

function minutesOf(hours: string | undefined, minutes: string | undefined): number {
  return Number(hours) * 60 + Number(minutes);
}

export function readFlapping(node: DocumentNode, number: number): FlappingRule {
  const at = node.fields(["name", "match", "changes", "within", "settle"]);
  const withinMs = readDuration(at("within"), 10 * minute);
  const changes = at("changes").number(4);
  if (changes < 2) at("changes").problem("at least 2: one change is how every alert begins");
  return {
    name: at("name").text(`flapping ${number + 1}`),
    match: readMatchers(at("match")),
    changes,
    withinMs,
    settleMs: readDuration(at("settle"), withinMs),
  };
}

export function readSilent(node: DocumentNode, number: number): SilentRule {
  const at = node.fields(["name", "source", "after", "severity", "urgency"]);
  if (!at("after").present) at("after").missing();
  return {
    name: at("name").text(`silent ${number + 1}`),
    source: at("source").text(),
    afterMs: readDuration(at("after"), day),
    severity: at("severity").oneOf(alertSeverities, "critical"),
    urgency: at("urgency").oneOf(alertUrgencies, "immediate"),
  };
}
