import { asUtc, instantOf } from "../../model/time-zone.ts";
import { TimerError } from "./cron-field.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * A date as people write it: ISO 8601 (`2026-02-01T10:00:00+09:00`, `2026-02-01`), `Feb 1 2026 10am`, `1 February 2026 10:00`.
 * Without an offset it is a time of `zone`. Milliseconds since the epoch; throws TimerError worded as dateutil's.
 */
export function parseDateText(text: string, zone: string): number {
  if (text.trim() === "")
    throw new TimerError(`ParserError: String does not contain a date: ${text}`);
  const date = isoDate(text) ?? namedDate(text);
  const unknown = new TimerError(`ParserError: Unknown string format: ${text}`);
  if (date === undefined) throw unknown;
  const time = timeOfDay(date.rest);
  if (time === undefined) throw unknown;
  const wall = { ...date, hour: time.hour, minute: time.minute, second: time.second };
  const back = new Date(asUtc(wall));
  if (back.getUTCMonth() + 1 !== wall.month || wall.hour > 23 || wall.minute > 59) throw unknown;
  const instant =
    time.offsetMinutes === undefined
      ? instantOf(wall, zone)
      : asUtc(wall) - time.offsetMinutes * 60_000;
  return instant + time.milliseconds;
}

interface FoundDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly rest: string;
}

function isoDate(text: string): FoundDate | undefined {
  const found = /^\s*(\d{4})([-/.]?)(\d{2})\2(\d{2})(?=\D|$)/.exec(text);
  if (found === null) return undefined;
  const [all, year, , month, day] = found;
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    rest: text.slice(all.length),
  };
}

function namedDate(text: string): FoundDate | undefined {
  const plain = text.replace(/^\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+/i, "").trim();
  const monthFirst = /^([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?=\D|$)/i.exec(
    plain,
  );
  if (monthFirst !== null) {
    return named(monthFirst[3], monthFirst[1], monthFirst[2], plain.slice(monthFirst[0].length));
  }
  const dayFirst =
    /^(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3})[a-z]*\.?[\s,-]+(\d{4})(?=\D|$)/i.exec(plain);
  if (dayFirst === null) return undefined;
  return named(dayFirst[3], dayFirst[2], dayFirst[1], plain.slice(dayFirst[0].length));
}

function named(year = "", month = "", day = "", rest = ""): FoundDate | undefined {
  const number = months.indexOf(month.toLowerCase()) + 1;
  return number === 0 ? undefined : { year: Number(year), month: number, day: Number(day), rest };
}

interface FoundTime {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly milliseconds: number;
  /** Ahead of UTC; undefined when not written. */
  readonly offsetMinutes: number | undefined;
}

function timeOfDay(text: string): FoundTime | undefined {
  const rest = text.replace(/^(?:\s*[T,]\s*|\s+)/i, "").trim();
  if (rest === "")
    return { hour: 0, minute: 0, second: 0, milliseconds: 0, offsetMinutes: undefined };
  const found =
    /^(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(am|pm)?\s*(z|utc|gmt|[+-]\d{2}:?(?:\d{2})?)?$/i.exec(
      rest,
    );
  if (found === null) return undefined;
  const [, hour, minute = "0", second = "0", fraction = "0", half, offset] = found;
  if (minute === "0" && half === undefined) return undefined;
  return {
    hour: hourOf(Number(hour), half?.toLowerCase()),
    minute: Number(minute),
    second: Number(second),
    milliseconds: Math.floor(Number(`0.${fraction}`) * 1_000),
    offsetMinutes: offset === undefined ? undefined : offsetOf(offset),
  };
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === "pm") return hour < 12 ? hour + 12 : hour;
  return half === "am" && hour === 12 ? 0 : hour;
}

function offsetOf(offset: string): number {
  const signed = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset);
  if (signed === null) return 0;
  const minutes = Number(signed[2]) * 60 + Number(signed[3] ?? 0);
  return signed[1] === "-" ? -minutes : minutes;
}
