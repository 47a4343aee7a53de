/** Which days are worked, at the site's own calendar. Days are texts such as 2026-11-24; weekdays 0 (Sunday) to 6. */
import { isDay } from "../model/day.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { instantOf, wallTime } from "../model/time-zone.ts";
import { japaneseHolidays } from "./holidays-jp.ts";

export interface BusinessCalendar {
  readonly timeZone: string;
  readonly weekend: ReadonlySet<number>;
  /** Whose national holidays count. */
  readonly country: "jp" | "none";
  /** The company's own holidays, by date. */
  readonly holidays: ReadonlyMap<string, string>;
  /** Days that are worked although they are weekend or holiday. */
  readonly workingDays: ReadonlySet<string>;
  /** When the business day begins, minutes after midnight. */
  readonly tickMinutes: number;
  /** When it ends; 1440 is midnight. */
  readonly endMinutes: number;
}

export interface DayKind {
  readonly business: boolean;
  readonly kind: "working_day" | "special_working_day" | "weekend" | "holiday" | "company_holiday";
  readonly name: string | undefined;
}

const names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** Reads `<configs>/calendar.yaml`. Throws RangeError that says what is wrong. */
export function businessCalendar(config: JsonObject, timeZone: string): BusinessCalendar {
  const { country, weekend, time_zone: zone } = config;
  const tickMinutes = minutesIn(config, "tick", "08:00");
  const endMinutes = minutesIn(config, "end", "24:00");
  if (endMinutes <= tickMinutes)
    throw new RangeError("calendar: the business day ends (end) after it begins (tick)");
  return {
    timeZone: typeof zone === "string" && zone !== "" ? zone : timeZone,
    weekend: new Set(Array.isArray(weekend) ? weekend.map(weekdayOf) : [0, 6]),
    country: country === "none" ? "none" : "jp",
    holidays: new Map(listOf(config["holidays"]).map(holidayOf)),
    workingDays: new Set(listOf(config["working_days"]).map((day) => holidayOf(day)[0])),
    tickMinutes,
    endMinutes,
  };
}

const wholeDay = 24 * 60;

function minutesIn(config: JsonObject, name: string, otherwise: string): number {
  const given = config[name] ?? otherwise;
  const [, hours, minutes] =
    /^(\d?\d):([0-5]\d)$/.exec(typeof given === "string" ? given : "") ?? [];
  const found = Number(hours) * 60 + Number(minutes);
  const latest = name === "end" ? wholeDay : wholeDay - 1;
  if (hours === undefined || found > latest)
    throw new RangeError(
      `calendar: ${name} is a time such as ${otherwise}, not ${JSON.stringify(given)}`,
    );
  return found;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function weekdayOf(value: unknown): number {
  const text = String(value).toLowerCase();
  const found = names.findIndex((name) => text !== "" && name.startsWith(text));
  if (found < 0) throw new RangeError(`calendar: weekend has no day ${JSON.stringify(value)}`);
  return found;
}

/** A date, or `{date, name}`. */
function holidayOf(value: unknown): [date: string, name: string] {
  const { date, name } = isObject(value) ? value : { date: value, name: "" };
  if (typeof date !== "string" || !isDay(date))
    throw new RangeError(`calendar: a day is written as 2026-11-24, not ${JSON.stringify(date)}`);
  return [date, typeof name === "string" ? name : ""];
}

export function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export function dayKind(calendar: BusinessCalendar, date: string): DayKind {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  if (calendar.workingDays.has(date))
    return { business: true, kind: "special_working_day", name: undefined };
  const company = calendar.holidays.get(date);
  if (company !== undefined) return { business: false, kind: "company_holiday", name: company };
  const national =
    calendar.country === "jp" ? japaneseHolidays(Number(date.slice(0, 4))).get(date) : undefined;
  if (national !== undefined) return { business: false, kind: "holiday", name: national };
  if (calendar.weekend.has(weekday)) return { business: false, kind: "weekend", name: undefined };
  return { business: true, kind: "working_day", name: undefined };
}

/** A calendar without a working day in a year is a mistake. */
const longestRest = 366;

/** The next business day after `date`, or with `step` -1 the one before. Throws RangeError when there is none within a year. */
export function businessDayFrom(calendar: BusinessCalendar, date: string, step: 1 | -1): string {
  for (let days = 1; days <= longestRest; days += 1) {
    const day = dayAfter(date, days * step);
    if (dayKind(calendar, day).business) return day;
  }
  throw new RangeError(`calendar: no business day within a year of ${date}`);
}

/** The day and the minute of the day at the site. */
export function dayAt(
  { timeZone }: Pick<BusinessCalendar, "timeZone">,
  now: number,
): { readonly date: string; readonly minutes: number } {
  const { year, month, day, hour, minute } = wallTime(now, timeZone);
  const date = new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
  return { date, minutes: hour * 60 + minute };
}

/** The instant at which that minute of that day is on the site's clocks. */
export function instantAt({ timeZone }: BusinessCalendar, date: string, minutes = 0): number {
  const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
  const time = { hour: Math.floor(minutes / 60), minute: minutes % 60, second: 0 };
  return instantOf({ year, month, day, ...time }, timeZone);
}

/** The digest of a business day is about the days from the business day before it until it begins: nights, weekends and holidays included. */
export function windowOf(
  calendar: BusinessCalendar,
  date: string,
): { readonly fromDay: string; readonly from: number; readonly to: number } {
  const fromDay = businessDayFrom(calendar, date, -1);
  return { fromDay, from: instantAt(calendar, fromDay), to: instantAt(calendar, date) };
}

/** Whether people are at work: a business day, from its beginning to its end. */
export function isBusinessTime(calendar: BusinessCalendar, now: number): boolean {
  const { date, minutes } = dayAt(calendar, now);
  const { tickMinutes, endMinutes } = calendar;
  return dayKind(calendar, date).business && minutes >= tickMinutes && minutes < endMinutes;
}

/** `now` when it is business time, else the beginning of the next business day. */
export function nextBusinessTime(calendar: BusinessCalendar, now: number): number {
  if (isBusinessTime(calendar, now)) return now;
  const { date, minutes } = dayAt(calendar, now);
  const today = dayKind(calendar, date).business && minutes < calendar.tickMinutes;
  const day = today ? date : businessDayFrom(calendar, date, 1);
  return instantAt(calendar, day, calendar.tickMinutes);
}
