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
  const all = [...values, 0, 0, 0, 0];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microsecond = 0] = all;
  const fields = { year, month, day, hour, minute, second, microsecond };
  const limits = [
    [year, 1, 9999, `year ${year} is out of range`],
    [month, 1, 12, "month must be in 1..12"],
    [day, 1, daysInMonth(year, month), "day is out of range for month"],
    [hour, 0, 23, "hour must be in 0..23"],
    [minute, 0, 59, "minute must be in 0..59"],
    [second, 0, 59, "second must be in 0..59"],
    [microsecond, 0, 999_999, "microsecond must be in 0..999999"],
  ] as const;
  for (const [value, low, high, message] of limits) {
    if (value < low || value > high) throw valueError(message);
  }
  return fields;
}

/** Days, hours, minutes, seconds, milliseconds, microseconds in microseconds. */
export function microsecondsOf(parts: readonly number[]): number {
  const units = [864e8, 36e8, 6e7, 1e6, 1e3, 1];
  return parts.reduce((sum, part, index) => sum + part * (units[index] ?? 0), 0);
}
