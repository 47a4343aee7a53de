/** strftime. */
import type { PyDateTime } from "../../python/collections.ts";
import { dayNames, isLeap, daysInMonth, monthNames } from "./date-fields.ts";

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");

export function formatDate(time: PyDateTime, format: string): string {
  const at = time.fields();
  const weekday = (((Math.floor(time.localSeconds / 86_400) + 3) % 7) + 7) % 7;
  let yearDay = at.day;
  for (let month = 1; month < at.month; month++) yearDay += daysInMonth(at.year, month);
  const [month, day] = [monthNames[at.month - 1] ?? "", dayNames[weekday] ?? ""];
  const twelve = at.hour % 12 === 0 ? 12 : at.hour % 12;
  const clock = `${pad(at.hour)}:${pad(at.minute)}:${pad(at.second)}`;
  const iso = isoWeek(at.year, yearDay, weekday);
  const date = `${pad(at.month)}/${pad(at.day)}/${pad(at.year % 100)}`;
  const directives: Readonly<Record<string, string>> = {
    Y: String(at.year),
    y: pad(at.year % 100),
    C: pad(Math.floor(at.year / 100)),
    m: pad(at.month),
    d: pad(at.day),
    e: String(at.day).padStart(2),
    H: pad(at.hour),
    k: String(at.hour).padStart(2),
    I: pad(twelve),
    l: String(twelve).padStart(2),
    M: pad(at.minute),
    S: pad(at.second),
    f: pad(at.microsecond, 6),
    p: at.hour < 12 ? "AM" : "PM",
    P: at.hour < 12 ? "am" : "pm",
    A: day,
    a: day.slice(0, 3),
    B: month,
    b: month.slice(0, 3),
    h: month.slice(0, 3),
    j: pad(yearDay, 3),
    w: String((weekday + 1) % 7),
    u: String(weekday + 1),
    U: pad(Math.floor((yearDay + 6 - ((weekday + 1) % 7)) / 7)),
    W: pad(Math.floor((yearDay + 6 - weekday) / 7)),
    V: pad(iso.week),
    G: String(iso.year),
    g: pad(iso.year % 100),
    z: zoneText(time.offset),
    Z: time.offset === 0 ? "UTC" : "",
    T: clock,
    X: clock,
    R: `${pad(at.hour)}:${pad(at.minute)}`,
    r: `${pad(twelve)}:${pad(at.minute)}:${pad(at.second)} ${at.hour < 12 ? "AM" : "PM"}`,
    D: date,
    x: date,
    F: `${at.year}-${pad(at.month)}-${pad(at.day)}`,
    c: `${day.slice(0, 3)} ${month.slice(0, 3)} ${String(at.day).padStart(2)} ${clock} ${at.year}`,
    s: String(time.localSeconds),
    n: "\n",
    t: "\t",
    "%": "%",
  };
  return format.replaceAll(/%([^])/g, (whole, directive: string) =>
    Object.hasOwn(directives, directive) ? (directives[directive] ?? whole) : whole,
  );
}

function zoneText(offset: number | undefined): string {
  if (offset === undefined) return "";
  const size = Math.abs(offset);
  const seconds = size % 60 === 0 ? "" : pad(size % 60);
  return `${offset < 0 ? "-" : "+"}${pad(Math.floor(size / 3600))}${pad(Math.floor((size % 3600) / 60))}${seconds}`;
}

function isoWeek(
  year: number,
  yearDay: number,
  weekday: number,
): { readonly year: number; readonly week: number } {
  const week = Math.floor((yearDay - weekday + 9) / 7);
  if (week < 1) {
    const before = year - 1;
    return {
      year: before,
      week: isoWeek(before, yearDay + (isLeap(before) ? 366 : 365), weekday).week,
    };
  }
  const length = isLeap(year) ? 366 : 365;
  return week === 53 && yearDay - weekday + 3 > length
    ? { year: year + 1, week: 1 }
    : { year, week };
}
