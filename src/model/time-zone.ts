/** What a clock on the wall shows. `month` 1–12. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Throws RangeError when there is no such zone. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

/** Whether `name` is an IANA time zone (`Asia/Tokyo`) or an offset (`+09:00`). */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The wall clock of that zone at `instant` (milliseconds since the epoch). */
export function wallTime(instant: number, zone: string): WallTime {
  if (zone === "UTC") return utcWallTime(new Date(instant));
  const wall = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatOf(zone).formatToParts(instant)) {
    if (type in wall) Object.assign(wall, { [type]: Number(value) });
  }
  return wall;
}

function utcWallTime(date: Date): WallTime {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** Milliseconds that the zone's wall clock is ahead of UTC at `instant`. */
export function zoneOffset(instant: number, zone: string): number {
  const whole = Math.floor(instant / 1_000) * 1_000;
  return asUtc(wallTime(whole, zone)) - whole;
}

/** The wall time read as if it were UTC, milliseconds since the epoch. Years below 100 are taken as written. */
export function asUtc(wall: WallTime): number {
  const date = new Date(0);
  date.setUTCFullYear(wall.year, wall.month - 1, wall.day);
  date.setUTCHours(wall.hour, wall.minute, wall.second);
  return date.getTime();
}

/**
 * The instant of a wall time, milliseconds since the epoch. A time that exists twice, or not at all (summer time begins or ends),
 * is read as standard time, as pytz does.
 */
export function instantOf(wall: WallTime, zone: string): number {
  const utc = asUtc(wall);
  const day = 86_400_000;
  const before = zoneOffset(utc - day, zone);
  const after = zoneOffset(utc + day, zone);
  const fits = (offset: number) => zoneOffset(utc - offset, zone) === offset;
  const valid = [before, after].filter(fits);
  return utc - Math.min(...(valid.length > 0 ? valid : [before, after]));
}
