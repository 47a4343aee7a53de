/** What keeps an alert from being told: silences, maintenance, inhibition. Alertmanager's meaning of the words. */
import { wallTime } from "../model/time-zone.ts";
import { matches, valuesOf, type MatchedAlert, type Matcher } from "./matcher.ts";

export interface Silence {
  readonly id: string;
  readonly match: readonly Matcher[];
  /** Milliseconds since the epoch. */
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Work that was announced: once, or again and again on the wall clock. */
export interface MaintenanceRule {
  readonly name: string;
  readonly match: readonly Matcher[];
  /** Milliseconds since the epoch; undefined = no bound. */
  readonly from: number | undefined;
  readonly until: number | undefined;
  /** Minutes of the day; when it ends before it starts, it goes on past midnight. Undefined = all day. */
  readonly daily: { readonly start: number; readonly end: number } | undefined;
  /** 0 = Sunday; of the day on which it starts. Undefined = every day. */
  readonly weekdays: readonly number[] | undefined;
  /** Undefined = the site's. */
  readonly timeZone: string | undefined;
}

/** A window of the inventory that covers the alert's machine. */
export interface PlannedWindow {
  readonly id: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** While an alert that fits `source` is open, those that fit `target` and are equal in these fields are not told. */
export interface InhibitRule {
  readonly name: string;
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
  /** An open alert of which nothing was heard for so long inhibits no more. */
  readonly withinMs: number;
}

export interface OpenAlert extends MatchedAlert {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}

export const suppressors = ["silence", "maintenance", "inhibition", "flapping"] as const;

/** Why an alert is not told. `name`: of the rule or window, or the silence's id. */
export interface Suppression {
  readonly by: (typeof suppressors)[number];
  readonly name: string;
  /** For inhibition: the alert that does it. */
  readonly source?: string;
}

export interface SuppressInput {
  readonly alert: MatchedAlert;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly timeZone: string;
  readonly silences: readonly Silence[];
  readonly maintenance: readonly MaintenanceRule[];
  readonly planned: readonly PlannedWindow[];
  readonly inhibit: readonly InhibitRule[];
  /** Alerts that are open, this one included or not. */
  readonly open: readonly OpenAlert[];
}

/** Everything that keeps the alert from being told now; empty = it is told. */
export function suppressionsOf(input: SuppressInput): readonly Suppression[] {
  const { alert, now, timeZone } = input;
  const silenced = input.silences
    .filter(
      ({ match, startsAt, endsAt }) => startsAt <= now && now < endsAt && matches(match, alert),
    )
    .map(({ id }): Suppression => ({ by: "silence", name: id }));
  const worked = input.maintenance
    .filter((rule) => isUnderWay(rule, now, timeZone) && matches(rule.match, alert))
    .map(({ name }): Suppression => ({ by: "maintenance", name }));
  const planned = input.planned
    .filter(({ start, end }) => start <= now && now < end)
    .map(({ name }): Suppression => ({ by: "maintenance", name }));
  return [...silenced, ...worked, ...planned, ...inhibitionsOf(input)];
}

function inhibitionsOf({ alert, now, inhibit, open }: SuppressInput): readonly Suppression[] {
  return inhibit.flatMap((rule): Suppression[] => {
    if (!matches(rule.target, alert)) return [];
    const source = open.find(
      (other) =>
        other.fingerprint !== alert.fingerprint &&
        now - other.lastAt <= rule.withinMs &&
        matches(rule.source, other) &&
        // Two that fit both sides would silence each other.
        !(matches(rule.target, other) && matches(rule.source, alert)) &&
        rule.equal.every((field) => areEqual(alert, other, field)),
    );
    return source === undefined ? [] : [{ by: "inhibition", name: rule.name, source: source.id }];
  });
}

/** One common value is enough: a host has two names. What both do not have is equal. */
function areEqual(a: MatchedAlert, b: MatchedAlert, field: string): boolean {
  const others = new Set(valuesOf(b, field).map((value) => value.toLowerCase()));
  return valuesOf(a, field).some((value) => others.has(value.toLowerCase()));
}

/** Whether the work goes on at `now`. */
export function isUnderWay(rule: MaintenanceRule, now: number, siteZone: string): boolean {
  const { from = -Infinity, until = Infinity, daily, weekdays, timeZone } = rule;
  if (now < from || now >= until) return false;
  const { year, month, day, hour, minute } = wallTime(now, timeZone ?? siteZone);
  const today = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const startsOn = (weekday: number): boolean => weekdays?.includes(weekday) ?? true;
  if (daily === undefined) return startsOn(today);
  return isWithin(daily, hour * 60 + minute, startsOn(today), startsOn((today + 6) % 7));
}

/** Past midnight it is the day before that it started on. */
function isWithin(
  { start, end }: { readonly start: number; readonly end: number },
  minute: number,
  today: boolean,
  yesterday: boolean,
): boolean {
  if (start < end) return start <= minute && minute < end && today;
  return (minute >= start && today) || (minute < end && yesterday);
}
