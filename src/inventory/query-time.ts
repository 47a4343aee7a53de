/** Moments in queries: written out, or counted from the query's own: `today+90d`, `now-2h`. */

const relative = /^(today|now)\s*(?:([+-])\s*(\d{1,6})\s*([smhdw]))?$/;
const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
type Unit = keyof typeof seconds;

function isUnit(text: string | undefined): text is Unit {
  return text !== undefined && Object.hasOwn(seconds, text);
}

const written =
  /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2}))?$/;

/** A moment as ISO 8601 in UTC; undefined for what is none, or has no offset. A day alone is its beginning in UTC. */
export function isoMoment(text: string): string | undefined {
  if (!written.test(text)) return undefined;
  const time = Date.parse(text.replace(" ", "T").replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  // Around the years 0 and 9999 an offset leads out of what four digits can write.
  const moment = Number.isNaN(time) ? "" : new Date(time).toISOString();
  return /^(?!0000)\d{4}-/.test(moment) ? moment : undefined;
}

export interface QueryClock {
  /** The site's day, YYYY-MM-DD. */
  readonly today: string;
  /** When it began there, ISO 8601. */
  readonly midnight: string;
  /** The moment of the query, ISO 8601. */
  readonly now: string;
}

/** Undefined when the text is no moment. */
export function momentOf(
  text: string,
  type: "date" | "datetime",
  clock: QueryClock,
): string | undefined {
  const match = relative.exec(text.trim());
  if (match === null) {
    return type === "date" ? text : isoMoment(text);
  }
  const [, base, sign, count, unit] = match;
  const shift = isUnit(unit) ? Number(count) * seconds[unit] * (sign === "-" ? -1 : 1) : 0;
  const day = type === "date" ? `${clock.today}T00:00:00Z` : clock.midnight;
  const start = Date.parse(base === "today" ? day : clock.now);
  const moment = new Date(start + shift * 1000).toISOString();
  return type === "date" ? moment.slice(0, 10) : moment;
}
