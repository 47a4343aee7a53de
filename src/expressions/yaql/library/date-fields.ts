/** Fields of dates: their limits, their names. */
import type { DateTimeFields } from "../../python/collections.ts";
import { valueError } from "../faults.ts";

export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
export const dayNames = [
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
  "Sunday",
] as const;

export function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** The fields, year first. Throws Python's ValueError for one out of its range. */
export function checkedFields(values: readonly number[]): DateTimeFields {
  const [year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0] = values;
  if (year < 1 || year > 9999) throw valueError(`year ${year} is out of range`);
  if (month < 1 || month > 12) throw valueError("month must be in 1..12");
  if (day < 1 || day > daysInMonth(year, month)) throw valueError("day is out of range for month");
  if (hour < 0 || hour > 23) throw valueError("hour must be in 0..23");
  if (minute < 0 || minute > 59) throw valueError("minute must be in 0..59");
  if (second < 0 || second > 59) throw valueError("second must be in 0..59");
  if (microsecond < 0 || microsecond > 999_999) {
    throw valueError("microsecond must be in 0..999999");
  }
  return { year, month, day, hour, minute, second, microsecond };
}

/** Days, hours, minutes, seconds, milliseconds, microseconds in microseconds. */
export function microsecondsOf(parts: readonly number[]): number {
  const units = [864e8, 36e8, 6e7, 1e6, 1e3, 1];
  return parts.reduce((sum, part, index) => sum + part * (units[index] ?? 0), 0);
}
