/** Days and times as people write them into spreadsheets, in Japanese and otherwise. */
import { instantOf, type WallTime } from "../model/time-zone.ts";

/** First year of an era, minus one: 令和2年 is 2018 + 2. */
const eras: Readonly<Record<string, number>> = {
  令和: 2018,
  令: 2018,
  r: 2018,
  平成: 1988,
  平: 1988,
  h: 1988,
  昭和: 1925,
  昭: 1925,
  s: 1925,
};

const eraDay =
  /^(令和|平成|昭和|令|平|昭|[rhs])\.?\s*(\d{1,2}|元)\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?/;
const yearFirst = /^(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?/;
const compact = /^(\d{4})(\d{2})(\d{2})(?!\d)/;
const clock =
  /^[t\s]*(\d{1,2})\s*[:時]\s*(\d{1,2})\s*[:分]?\s*(?:(\d{1,2})(?:\.\d+)?\s*秒?)?\s*(.*)$/;
const weekday = /^\s*[(（][日月火水木金土祝・]{1,3}[)）]/;

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** What comes after it. */
  readonly rest: string;
}

function readDay(given: string): Day | undefined {
  const text = given.normalize("NFKC").trim().toLowerCase();
  const era = eraDay.exec(text);
  if (era !== null) {
    const [whole, name = "", year = "", month, day] = era;
    const count = year === "元" ? 1 : Number(year);
    return dayOf((eras[name] ?? 0) + count, month, day, text.slice(whole.length));
  }
  const plain = yearFirst.exec(text) ?? compact.exec(text);
  if (plain === null) return undefined;
  const [whole, year, month, day] = plain;
  return dayOf(Number(year), month, day, text.slice(whole.length));
}

function dayOf(
  year: number,
  month: string | undefined,
  day: string | undefined,
  rest: string,
): Day {
  return { year, month: Number(month), day: Number(day), rest: rest.replace(weekday, "") };
}

function two(part: number): string {
  return String(part).padStart(2, "0");
}

function isoDay({ year, month, day }: Day): string {
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** The day that spreadsheets count as this number: 1 is 1900-01-01, and they believe in a 29th of February 1900. */
function serialDay(serial: number): string | undefined {
  if (serial < 61 || serial >= 2_958_466) return undefined;
  return new Date(Date.UTC(1899, 11, 30) + Math.floor(serial) * 86_400_000)
    .toISOString()
    .slice(0, 10);
}

/**
 * `2020/10/1`, `2020年10月1日(木)`, `令和2年10月1日`, `R2.10.1`, `20201001`, a spreadsheet's serial number → `2020-10-01`.
 * Text that is no such day comes back as it is, so that the attribute's own type says what is wrong.
 */
export function dayText(value: string | number): string | number {
  if (typeof value === "number") return serialDay(value) ?? value;
  const day = readDay(value);
  if (day === undefined) return asSerial(value) ?? value.trim();
  // A day with a time at midnight is how some programs export days.
  return /^[\st]*(?:0{1,2}:00(?::00(?:\.0+)?)?)?\s*$/.test(day.rest) ? isoDay(day) : value.trim();
}

function asSerial(text: string): string | undefined {
  return /^\d{5}(?:\.\d+)?$/.test(text.trim()) ? serialDay(Number(text)) : undefined;
}

const whole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i;

/** The same for moments; a clock without an offset is the site's. `2020/10/1 9:30` → `2020-10-01T00:30:00.000Z` in Tokyo. */
export function momentText(value: string | number, timeZone: string): string | number {
  if (typeof value === "number") return serialMoment(value, timeZone);
  const text = value.trim();
  const day = whole.test(text) ? undefined : readDay(text);
  if (day === undefined) return text;
  if (day.rest.trim() === "") return atSite(`${isoDay(day)}T00:00:00`, 0, timeZone);
  return timeOf(day, timeZone) ?? text;
}

function timeOf(day: Day, timeZone: string): string | undefined {
  const [, hour = "24", minute = "0", second = "0", zone = ""] = clock.exec(day.rest) ?? [];
  if (Number(hour) > 23 || Number(minute) > 59) return undefined;
  const iso = `${isoDay(day)}T${[hour, minute, second].map((part) => two(Number(part))).join(":")}`;
  return zone === "" ? atSite(iso, 0, timeZone) : `${iso}${zone.toUpperCase().trim()}`;
}

function serialMoment(serial: number, timeZone: string): string | number {
  const day = serialDay(serial);
  const seconds = Math.round((serial % 1) * 86_400);
  return day === undefined ? serial : atSite(`${day}T00:00:00`, seconds, timeZone);
}

/** `2020-10-01T09:30:00` of the site's clock, and so many seconds later, as a moment in UTC; unchanged when there is no such day. */
export function atSite(iso: string, seconds: number, timeZone: string): string {
  const [, year, month, day, hour, minute, second] =
    /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)$/.exec(iso) ?? [];
  const wall: WallTime = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  };
  const real = wall.month >= 1 && wall.month <= 12 && wall.day >= 1 && wall.day <= 31;
  if (!real || Number.isNaN(wall.year)) return iso;
  return new Date(instantOf(wall, timeZone) + seconds * 1000).toISOString();
}
