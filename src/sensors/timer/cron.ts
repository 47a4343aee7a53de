import { asUtc, instantOf, wallTime, zoneOffset, type WallTime } from "../../model/time-zone.ts";
import { cronFields, cronRange, type CronFieldName, type CronTerm } from "./cron-field.ts";

/**
 * Cron times on a wall clock. What must hold, because APScheduler does it so:
 * - A day or hour that jumps ahead to a value is set on the wall clock; a time that the clock skips or shows twice is standard time.
 * - A field that overflows lets real time pass up to the next value of the coarser field.
 * And one thing it does not: minutes and seconds stay in the hour they are in, when the clock shows that hour twice, so that
 * "every 5 minutes" never pauses for an hour.
 */

export type CronTerms = Readonly<Record<CronFieldName, readonly CronTerm[]>>;

const dayMs = 86_400_000;
/** The rarest combination of month, day and weekday comes once in 40 years (over 2100); what does not come in 80 never comes. */
const calendarCycle = 80;

/** Fields that can be set; `week` and `day_of_week` only filter days. */
const settable = ["year", "month", "day", "hour", "minute", "second"] as const;
type Settable = (typeof settable)[number];

/** An instant, and the wall time it stands for (which the clock may skip). */
interface Moment {
  readonly instant: number;
  readonly wall: WallTime;
}

/** The first whole second at or after `from` (milliseconds since the epoch) that matches, or undefined. */
export function nextCron(terms: CronTerms, zone: string, from: number): number | undefined {
  let moment = momentAt(Math.ceil(from / 1_000) * 1_000, zone);
  const firstYear = Math.max(
    moment.wall.year,
    ...terms.year.map((term) => (term.kind === "range" ? term.first : 0)),
  );
  while (moment.wall.year <= firstYear + calendarCycle) {
    const moved = advance(terms, moment, zone);
    if (moved === "match") return moment.instant;
    if (moved === undefined) return undefined;
    moment = moved;
  }
  return undefined;
}

function momentAt(instant: number, zone: string): Moment {
  return { instant, wall: wallTime(instant, zone) };
}

/** Moves to where the first field that does not match may match; undefined when there is no later time. */
function advance(terms: CronTerms, moment: Moment, zone: string): Moment | "match" | undefined {
  const { wall } = moment;
  for (const field of cronFields) {
    const next = nextValue(field, terms[field], wall);
    if (next === valueOf(field, wall)) continue;
    if (next === undefined) return pass(moment, coarser(field), zone);
    if (field === "week" || field === "day_of_week") return pass(moment, "day", zone);
    return set(moment, field, next, zone);
  }
  return "match";
}

function set(moment: Moment, field: Settable, value: number, zone: string): Moment {
  const wall = { ...minimumsAfter(field, moment.wall), [field]: value };
  if (field === "minute" || field === "second") {
    const offset = asUtc(moment.wall) - moment.instant;
    const instant = asUtc(wall) - offset;
    if (zoneOffset(instant, zone) === offset) return { instant, wall };
  }
  return { instant: instantOf(wall, zone), wall };
}

/** Lets real time pass until `field` shows its next value, carrying over into coarser fields. */
function pass(moment: Moment, field: Settable | undefined, zone: string): Moment | undefined {
  if (field === undefined) return undefined;
  const { instant, wall } = moment;
  if (wall[field] >= maximum(field, wall)) return pass(moment, coarser(field), zone);
  const target = { ...minimumsAfter(field, wall), [field]: wall[field] + 1 };
  return momentAt(instant + asUtc(target) - asUtc(wall), zone);
}

function coarser(field: CronFieldName): Settable | undefined {
  if (field === "week" || field === "day_of_week") return "day";
  return settable[settable.indexOf(field) - 1];
}

function minimumsAfter(field: Settable, wall: WallTime): WallTime {
  const result = { ...wall };
  for (const finer of settable.slice(settable.indexOf(field) + 1))
    result[finer] = cronRange[finer][0];
  return result;
}

function maximum(field: Settable, wall: WallTime): number {
  return field === "day" ? daysIn(wall) : cronRange[field][1];
}

function daysIn({ year, month }: WallTime): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function valueOf(field: CronFieldName, wall: WallTime): number {
  if (field === "day_of_week") return weekday(wall);
  return field === "week" ? isoWeek(wall) : wall[field];
}

/** Monday is 0. */
function weekday({ year, month, day }: WallTime): number {
  return (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
}

/** The week belongs to the year that its Thursday is in. */
function isoWeek(wall: WallTime): number {
  const thursday = Date.UTC(wall.year, wall.month - 1, wall.day) + (3 - weekday(wall)) * dayMs;
  const newYear = Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1);
  return Math.floor((thursday - newYear) / (7 * dayMs)) + 1;
}

function nextValue(
  field: CronFieldName,
  terms: readonly CronTerm[],
  wall: WallTime,
): number | undefined {
  const values = terms
    .map((term) => nextOfTerm(field, term, wall))
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : Math.min(...values);
}

function nextOfTerm(field: CronFieldName, term: CronTerm, wall: WallTime): number | undefined {
  const current = valueOf(field, wall);
  const last = field === "day" ? daysIn(wall) : cronRange[field][1];
  switch (term.kind) {
    case "last-day":
      return last;
    case "weekday":
      return weekdayOfMonth(term, wall, last);
    case "range": {
      const start = Math.max(term.first, current);
      const next = start + ((term.step - ((start - term.first) % term.step)) % term.step);
      return next <= Math.min(term.last ?? last, last) ? next : undefined;
    }
  }
}

function weekdayOfMonth(
  term: Extract<CronTerm, { kind: "weekday" }>,
  wall: WallTime,
  last: number,
): number | undefined {
  const first = 1 + ((term.weekday - weekday({ ...wall, day: 1 }) + 7) % 7);
  const day =
    term.position === 5 ? first + 7 * Math.floor((last - first) / 7) : first + 7 * term.position;
  return day >= wall.day && day <= last ? day : undefined;
}
