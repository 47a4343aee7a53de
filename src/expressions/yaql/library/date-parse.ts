/** Dates as people write them: ISO 8601, day and month by name, American order where it is not clear. */
import { type DateTimeFields, PyDateTime } from "../../python/collections.ts";
import { Fault } from "../faults.ts";
import { checkedFields, dayNames, daysInMonth, monthNames } from "./date-fields.ts";

const months = monthNames.map((name) => name.slice(0, 3).toLowerCase());
const clock =
  /(?<![\d:])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?|(?=\s*[ap]\.?m\b))(?:\s*([ap])\.?m\b\.?)?/i;
const compactClock = /(?<=\d)T(\d{2})(\d{2})?(?:(\d{2})(?:[.,](\d+))?)?(?!\d)/;
const zone =
  /(?:(?<=\d)|\s)(?:(Z|UTC|GMT)\b|(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})?)\s*(?:\([^)]*\)\s*)?$/i;
const noise = new Set(["t", "at", "on", "and", "ad", "m", "of", "st", "nd", "rd", "th", ""]);

interface Draft {
  rest: string;
  time: readonly number[] | undefined;
  offset: number | undefined;
}

/** Parses a date and time; what is missing comes from `today`. Throws Python's ParserError. */
export function parseDate(text: string, today: () => DateTimeFields): PyDateTime {
  const draft: Draft = { rest: text, time: undefined, offset: undefined };
  takeCompact(draft);
  takeZone(draft);
  takeClock(draft);
  const date = dateOf(draft.rest, text);
  if (date === undefined && draft.time === undefined) {
    throw new Fault("ParserError", `String does not contain a date: ${text}`);
  }
  try {
    const [year, month, day] = completed(date, today);
    return PyDateTime.of(checkedFields([year, month, day, ...(draft.time ?? [])]), draft.offset);
  } catch (fault) {
    throw fault instanceof Fault ? new Fault("ParserError", `${fault.message}: ${text}`) : fault;
  }
}

/** Year, month and day, what is missing taken from today; a day that the month lacks becomes its last. */
function completed(
  date: DateParts | undefined,
  today: () => DateTimeFields,
): readonly [number, number, number] {
  if (date?.year !== undefined && date.month !== undefined && date.day !== undefined) {
    return [date.year, date.month, date.day];
  }
  const base = today();
  const year = date?.year ?? base.year;
  const month = date?.month ?? base.month;
  return [year, month, date?.day ?? Math.min(base.day, daysInMonth(year, month))];
}

/** `20200102T030405`, and bare runs of 12 or 14 digits. */
function takeCompact(draft: Draft): void {
  const run = /^\s*(\d{8})(\d{2})(\d{2})(\d{2})?\s*$/.exec(draft.rest);
  if (run !== null) {
    draft.time = [run[2], run[3], run[4]].map((part) => Number(part ?? 0));
    draft.rest = run[1] ?? "";
  }
}

function takeZone(draft: Draft): void {
  const found = zone.exec(draft.rest);
  if (found === null || !/[:T]|\d{2}\s*$|\dZ|m\s/i.test(draft.rest.slice(0, found.index + 1)))
    return;
  const [, name, sign, hours = "0", minutes = "0"] = found;
  // A plain date's last part (`2020-01-02`) is no zone.
  if (name === undefined && !/:|T\d/.test(draft.rest.slice(0, found.index))) return;
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  draft.offset = name === undefined ? (sign === "-" ? -seconds : seconds) + 0 : 0;
  draft.rest = draft.rest.slice(0, found.index);
}

function takeClock(draft: Draft): void {
  if (draft.time !== undefined) return;
  const found = clock.exec(draft.rest) ?? compactClock.exec(draft.rest);
  if (found === null) return;
  const [whole, hours, minutes = "0", seconds = "0", fraction = "", half] = found;
  const hour = Number(hours);
  const twelve = half === undefined ? hour : (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  draft.time = [
    twelve,
    Number(minutes),
    Number(seconds),
    Number(fraction.slice(0, 6).padEnd(6, "0")),
  ];
  draft.rest = `${draft.rest.slice(0, found.index)} ${draft.rest.slice(found.index + whole.length)}`;
}

interface DateParts {
  year: number | undefined;
  month: number | undefined;
  day: number | undefined;
}

function dateOf(rest: string, text: string): DateParts | undefined {
  const unknown = (): Fault => new Fault("ParserError", `Unknown string format: ${text}`);
  const numbers: string[] = [];
  let month: number | undefined;
  for (const token of rest.match(/\d+|[a-z]+|[^\s\w,;./-]/gi) ?? []) {
    if (/^\d/.test(token)) {
      numbers.push(token);
      continue;
    }
    const word = token.toLowerCase();
    const named = monthOf(word);
    if (named !== undefined) month = named;
    else if (!noise.has(word) && !isDayName(word)) throw unknown();
  }
  if (numbers.length === 0)
    return month === undefined ? undefined : { year: undefined, month, day: undefined };
  const parts = month === undefined ? ofNumbers(numbers) : ofNamedMonth(numbers, month);
  if (parts === undefined) throw unknown();
  return parts;
}

function monthOf(word: string): number | undefined {
  const index = word.length >= 3 ? months.indexOf(word.slice(0, 3)) : -1;
  return index >= 0 && (monthNames[index] ?? "").toLowerCase().startsWith(word)
    ? index + 1
    : undefined;
}

function isDayName(word: string): boolean {
  return word.length >= 3 && dayNames.some((name) => name.toLowerCase().startsWith(word));
}

function ofNamedMonth(numbers: readonly string[], month: number): DateParts | undefined {
  const [first = "", second] = numbers;
  if (numbers.length > 2) return undefined;
  if (second === undefined) {
    return isYear(first)
      ? { year: yearOf(first), month, day: undefined }
      : { year: undefined, month, day: Number(first) };
  }
  return isYear(first)
    ? { year: yearOf(first), month, day: Number(second) }
    : { year: yearOf(second), month, day: Number(first) };
}

function ofNumbers(numbers: readonly string[]): DateParts | undefined {
  const [first = "", second, third] = numbers;
  if (second === undefined) return ofSingle(first);
  if (third === undefined) {
    if (isYear(first)) return { year: yearOf(first), month: Number(second), day: undefined };
    if (isYear(second)) return { year: yearOf(second), month: Number(first), day: undefined };
    return Number(first) > 12
      ? { year: undefined, month: Number(second), day: Number(first) }
      : { year: undefined, month: Number(first), day: Number(second) };
  }
  if (numbers.length > 3) return undefined;
  if (isYear(first)) {
    return Number(second) > 12
      ? { year: yearOf(first), month: Number(third), day: Number(second) }
      : { year: yearOf(first), month: Number(second), day: Number(third) };
  }
  return Number(first) > 12
    ? { year: yearOf(third), month: Number(second), day: Number(first) }
    : { year: yearOf(third), month: Number(first), day: Number(second) };
}

function ofSingle(digits: string): DateParts | undefined {
  if (digits.length === 8) {
    return {
      year: Number(digits.slice(0, 4)),
      month: Number(digits.slice(4, 6)),
      day: Number(digits.slice(6)),
    };
  }
  if (digits.length === 6) {
    return {
      year: yearOf(digits.slice(0, 2)),
      month: Number(digits.slice(2, 4)),
      day: Number(digits.slice(4)),
    };
  }
  if (digits.length > 4) return undefined;
  return isYear(digits)
    ? { year: yearOf(digits), month: undefined, day: undefined }
    : { year: undefined, month: undefined, day: Number(digits) };
}

function isYear(digits: string): boolean {
  return digits.length > 2 || Number(digits) > 31;
}

/** Two digits mean the nearest century. */
function yearOf(digits: string): number {
  const value = Number(digits);
  if (digits.length > 2) return value;
  return value < 76 ? 2000 + value : 1900 + value;
}
