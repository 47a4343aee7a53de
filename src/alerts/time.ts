import { asUtc, instantOf, wallTime, type WallTime } from "../model/time-zone.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Abbreviations that mean one offset only (hours); others (CST, IST …) are read in the site's zone. */
const abbreviations: Readonly<Record<string, number>> = {
  utc: 0,
  gmt: 0,
  z: 0,
  jst: 9,
  kst: 9,
  hkt: 8,
  sgt: 8,
  wet: 0,
  west: 1,
  cet: 1,
  cest: 2,
  eet: 2,
  eest: 3,
  msk: 3,
  est: -5,
  edt: -4,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
  aest: 10,
  aedt: 11,
  nzst: 12,
  nzdt: 13,
};

interface Found {
  readonly wall: WallTime;
  readonly milliseconds: number;
  readonly rest: string;
}

/**
 * Reads a time stamp out of `text` as monitors write them: ISO 8601 and its relatives (`2026.11.20 23:40:10`), `date(1)`
 * (`Sat Nov 21 00:06:52 UTC 2026`), mail dates, time before date (`23:40:10 on 2026.11.20`), Japanese (`2026年11月20日(金) 23:40`,
 * `午後11時40分`), seconds since the epoch. A stamp without a zone is one of `timeZone`. Milliseconds since the epoch, or undefined.
 */
export function parseTime(text: string, timeZone: string): number | undefined {
  const normal = text
    .normalize("NFKC")
    .replace(/\(([月火水木金土日]|mon|tue|wed|thu|fri|sat|sun)[^)]{0,6}\)/gi, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 200);
  if (/^\d{13}$/.test(normal)) return Number(normal);
  if (/^\d{10}(?:\.\d+)?$/.test(normal)) return Math.floor(Number(normal)) * 1_000;
  const found = numericDate(normal) ?? namedDate(normal) ?? unixDate(normal);
  if (found === undefined || !isReal(found.wall)) return undefined;
  const offset = offsetOf(found.rest);
  const instant =
    offset === undefined ? instantOf(found.wall, timeZone) : asUtc(found.wall) - offset * 60_000;
  return instant + found.milliseconds;
}

/** The calendar day of an alert on the site's wall clock. `occurredAt`: ISO 8601. Answer: `YYYY-MM-DD`. */
export function alertDay(occurredAt: string, timeZone: string): string {
  const { year, month, day } = wallTime(Date.parse(occurredAt), timeZone);
  return [String(year).padStart(4, "0"), pad(month), pad(day)].join("-");
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** `2026-11-20 …`, `2026/11/20`, `2026.11.20`, `2026年11月20日`, with the time after it or (Zabbix) before it. */
function numericDate(text: string): Found | undefined {
  const date = /(\d{4})(?:[-/.]|年 ?)(\d{1,2})(?:[-/.]|月 ?)(\d{1,2})日?/.exec(text);
  if (date === null) return undefined;
  const before = text.slice(0, date.index);
  const after = text.slice(date.index + date[0].length);
  return withTime([date[1], date[2], date[3]], [after, before]);
}

/** `21 Nov 2026 00:06:52 +0000`. */
function namedDate(text: string): Found | undefined {
  const date = /(\d{1,2})[ -]([a-z]{3})[a-z]*,?[ -](\d{4})/i.exec(text);
  const month = monthNumber(date?.[2]);
  if (date === null || month === undefined) return undefined;
  return withTime([date[3], month, date[1]], [text.slice(date.index + date[0].length)]);
}

/** `Sat Nov 21 00:06:52 UTC 2026`. */
function unixDate(text: string): Found | undefined {
  const date =
    /([a-z]{3}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) (?:([a-z]{1,5}|[+-]\d{2,4}) )?(\d{4})/i.exec(text);
  const month = monthNumber(date?.[1]);
  if (date === null || month === undefined) return undefined;
  return withTime([date[5], month, date[2]], [`${date[3]} ${date[4] ?? ""}`]);
}

function monthNumber(name: string | undefined): string | undefined {
  const index = name === undefined ? -1 : months.indexOf(name.toLowerCase());
  return index === -1 ? undefined : String(index + 1);
}

/** Takes the time of day from the first of `places` that has one; midnight when none has. */
function withTime(
  [year, month, day]: readonly [string | undefined, string | undefined, string | undefined],
  places: readonly string[],
): Found {
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  for (const place of places) {
    const time =
      /(午前|午後)? ?(\d{1,2})(?::|時 ?)(?:(\d{1,2})分?)?(?::?(\d{1,2})(?:[.,](\d{1,9}))?秒?)? ?(am|pm)?/i.exec(
        place,
      );
    if (time !== null) {
      const half = (time[1] ?? time[6] ?? "").toLowerCase();
      const wall = {
        ...date,
        hour: hourOf(Number(time[2]), half),
        minute: Number(time[3] ?? 0),
        second: Number(time[4] ?? 0),
      };
      const milliseconds = Math.floor(Number(`0.${time[5] ?? 0}`) * 1_000);
      return { wall, milliseconds, rest: place.slice(time.index + time[0].length) };
    }
  }
  return { wall: { ...date, hour: 0, minute: 0, second: 0 }, milliseconds: 0, rest: "" };
}

function hourOf(hour: number, half: string): number {
  if (half === "午後" || half === "pm") return hour < 12 ? hour + 12 : hour;
  if (half === "午前" || half === "am") return hour === 12 ? 0 : hour;
  return hour;
}

/** Minutes ahead of UTC written right after the time, or undefined when there is nothing (known). */
function offsetOf(rest: string): number | undefined {
  const signed = /^ ?(?:utc|gmt)?([+-])(\d{2}):?(\d{2})?\b/i.exec(rest);
  if (signed !== null) {
    const minutes = Number(signed[2]) * 60 + Number(signed[3] ?? 0);
    return signed[1] === "-" ? -minutes : minutes;
  }
  const name = /^ ?([a-z]{1,5})\b/i.exec(rest)?.[1];
  const hours = name === undefined ? undefined : abbreviations[name.toLowerCase()];
  return hours === undefined ? undefined : hours * 60;
}

function isReal(wall: WallTime): boolean {
  const back = new Date(asUtc(wall));
  return (
    wall.hour < 24 &&
    wall.minute < 60 &&
    wall.second < 61 &&
    back.getUTCMonth() + 1 === wall.month &&
    back.getUTCFullYear() === wall.year
  );
}
