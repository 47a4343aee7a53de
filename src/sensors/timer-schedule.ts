import { isTimeZone } from "../model/time-zone.ts";
import { nextCron, type CronTerms } from "./timer/cron.ts";
import {
  cronFields,
  parseCronField,
  TimerError,
  type CronFieldName,
  type CronTerm,
} from "./timer/cron-field.ts";
import { parseDateText } from "./timer/date-text.ts";

export const timerTypes = {
  interval: "core.st2.IntervalTimer",
  cron: "core.st2.CronTimer",
  date: "core.st2.DateTimer",
} as const;

/** A timer whose parameters were checked. Times are milliseconds since the epoch. */
export type Timer =
  | { readonly kind: "interval"; readonly everyMs: number; readonly anchor: number }
  | {
      readonly kind: "cron";
      readonly terms: CronTerms;
      readonly zone: string;
      readonly startAt: number | undefined;
      readonly endAt: number | undefined;
    }
  | { readonly kind: "date"; readonly at: number };

export interface TimerFacts {
  /** An interval's slots are this instant plus whole intervals. */
  readonly anchor: Date;
  /** Zone of timers that name none. */
  readonly timeZone: string;
}

const units: Readonly<Record<string, number>> = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
};

/** Checks a timer's parameters as StackStorm's timers take them. Throws TimerError, worded as the original's. */
export function compileTimer(
  type: string,
  parameters: Readonly<Record<string, unknown>>,
  facts: TimerFacts,
): Timer {
  const zone = zoneOf(parameters["timezone"], facts.timeZone);
  switch (type) {
    case timerTypes.interval:
      return interval(parameters, facts.anchor);
    case timerTypes.date:
      return { kind: "date", at: parseDateText(written(parameters["date"]) ?? "", zone) };
    case timerTypes.cron:
      return cron(parameters, zone);
    default:
      throw new TimerError(
        `"${type}" is no timer; timers are ${Object.values(timerTypes).join(", ")}`,
      );
  }
}

/** The first time after `after` that the timer fires, or undefined when there is none any more. */
export function nextFire(timer: Timer, after: Date): Date | undefined {
  const at = after.getTime();
  switch (timer.kind) {
    case "date":
      return timer.at > at ? new Date(timer.at) : undefined;
    case "interval": {
      const passed = Math.floor((at - timer.anchor) / timer.everyMs) + 1;
      return new Date(timer.anchor + Math.max(passed, 0) * timer.everyMs);
    }
    case "cron": {
      const from = Math.max(at + 1, timer.startAt ?? -Infinity);
      const next = nextCron(timer.terms, timer.zone, from);
      const over = next === undefined || next > (timer.endAt ?? Infinity);
      return over ? undefined : new Date(next);
    }
  }
}

function interval(parameters: Readonly<Record<string, unknown>>, anchor: Date): Timer {
  const unit = written(parameters["unit"]) ?? "";
  const unitMs = units[unit];
  if (unitMs === undefined) {
    throw new TimerError(
      `TypeError: IntervalTrigger.__init__() got an unexpected keyword argument '${unit}'`,
    );
  }
  const delta = Number(written(parameters["delta"]) ?? Number.NaN);
  if (!Number.isInteger(delta) || delta < 0) {
    throw new TimerError(
      `delta must be a whole number of ${unit}, not ${JSON.stringify(parameters["delta"])}`,
    );
  }
  return { kind: "interval", everyMs: Math.max(delta * unitMs, 1_000), anchor: anchor.getTime() };
}

function cron(parameters: Readonly<Record<string, unknown>>, zone: string): Timer {
  const known = new Set<string>([...cronFields, "timezone", "start_date", "end_date"]);
  const unknown = Object.keys(parameters).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new TimerError(
      `TypeError: CronTrigger.__init__() got an unexpected keyword argument '${unknown}'`,
    );
  }
  const date = (name: string): number | undefined => {
    const text = written(parameters[name]);
    return text === undefined ? undefined : parseDateText(text, zone);
  };
  return {
    kind: "cron",
    terms: cronTerms(parameters),
    zone,
    startAt: date("start_date"),
    endAt: date("end_date"),
  };
}

/** A field that is not given is `*` before the last given one, and at its smallest value after it. */
function cronTerms(parameters: Readonly<Record<string, unknown>>): CronTerms {
  const given = cronFields.filter((name) => written(parameters[name]) !== undefined);
  const lastGiven = given.at(-1);
  const last = lastGiven === undefined ? cronFields.length : cronFields.indexOf(lastGiven);
  const termsOf = (name: CronFieldName): readonly CronTerm[] => {
    const text = written(parameters[name]);
    return parseCronField(
      name,
      text ?? (cronFields.indexOf(name) < last ? "*" : finerDefaults[name]),
    );
  };
  return {
    year: termsOf("year"),
    month: termsOf("month"),
    day: termsOf("day"),
    week: termsOf("week"),
    day_of_week: termsOf("day_of_week"),
    hour: termsOf("hour"),
    minute: termsOf("minute"),
    second: termsOf("second"),
  };
}

const finerDefaults: Readonly<Record<CronFieldName, string>> = {
  year: "*",
  month: "1",
  day: "1",
  week: "*",
  day_of_week: "*",
  hour: "0",
  minute: "0",
  second: "0",
};

function written(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}

function zoneOf(value: unknown, fallback: string): string {
  const zone = written(value);
  if (zone === undefined || zone === "") return fallback;
  if (!isTimeZone(zone)) throw new TimerError(`UnknownTimeZoneError: '${zone}'`);
  return zone;
}
