/** Points in time and spans of time. */
import { pyCompare } from "../../python/compare.ts";
import { type DateTimeFields, PyDateTime, PyTimeDelta } from "../../python/collections.ts";
import { arithmetic, type Operator } from "../../python/arithmetic.ts";
import { float, type Float } from "../../python/values.ts";
import { Fault, typeError, valueError } from "../faults.ts";
import { func, method, optional, required } from "../signature.ts";
import * as type from "../types.ts";
import { parseDate } from "./date-parse.ts";
import { formatDate } from "./date-format.ts";
import { parseFormatted } from "./date-strptime.ts";
import { checkedFields, microsecondsOf } from "./date-fields.ts";
import type { Run } from "../run.ts";

const zero = new PyTimeDelta(0);
const dt = required("dt", type.datetime);
const ts = required("timespan", type.timespan);
const twoTimes = [required("dt1", type.datetime), required("dt2", type.datetime)] as const;
const twoSpans = [required("ts1", type.timespan), required("ts2", type.timespan)] as const;
const timeAndSpan = [required("dt", type.datetime), required("ts", type.timespan)] as const;
const offset = optional("offset", type.timespan, zero);
const fieldNames = ["year", "month", "day", "hour", "minute", "second", "microsecond"] as const;

/** The current time of this decision. */
function now(run: Run, zone: number): PyDateTime {
  const answer = run.context.ask({ kind: "now" });
  const parsed = parseDate(String(answer), () => zeroTime);
  return new PyDateTime(parsed.epochSeconds + zone, parsed.microsecond, zone);
}

const zeroTime = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, microsecond: 0 };

function zoneOf(offsetFromUtc: PyTimeDelta): number {
  if (Math.abs(offsetFromUtc.microseconds) >= 864e8) {
    throw valueError(
      "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24).",
    );
  }
  return offsetFromUtc.microseconds / 1e6;
}

/** A span from a possibly fractional number of microseconds. */
function span(microseconds: number): PyTimeDelta {
  if (Math.abs(microseconds) > 999_999_999 * 864e8) {
    throw new Fault(
      "OverflowError",
      `days=${Math.floor(microseconds / 864e8)}; must have magnitude <= 999999999`,
    );
  }
  const floor = Math.floor(microseconds);
  const rest = microseconds - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return new PyTimeDelta((up ? floor + 1 : floor) + 0);
}

function inYears(time: PyDateTime): PyDateTime {
  const { year } = time.fields();
  if (year < 1 || year > 9999) throw new Fault("OverflowError", "date value out of range");
  return time;
}

function isTime(value: unknown): value is PyDateTime {
  return value instanceof PyDateTime;
}

function combined(operator: Operator, left: unknown, right: unknown): unknown {
  const result = arithmetic(operator, left, right);
  return isTime(result) ? inYears(result) : result;
}

function fromTimestamp(timestamp: number | bigint | Float, zone: number): PyDateTime {
  const value = Number(timestamp);
  if (!Number.isFinite(value)) throw valueError("cannot convert float NaN to integer");
  const total = span(
    value * 1e6 > 1e20
      ? 1e20
      : Math.abs(value) > 1e9
        ? Math.floor(value) * 1e6 + Math.round((value - Math.floor(value)) * 1e6)
        : value * 1e6,
  ).microseconds;
  const seconds = Math.floor(total / 1e6);
  const time = new PyDateTime(seconds + zone, total - seconds * 1e6, zone);
  const { year } = time.fields();
  if (year < 1 || year > 9999) throw valueError(`year ${year} is out of range`);
  return time;
}

function comparisons(of: type.Type<PyDateTime> | type.Type<PyTimeDelta>) {
  const sides = [required("left", something(of)), required("right", something(of))] as const;
  return (["<", "<=", ">", ">="] as const).map((operator) =>
    func(`#operator_${operator}`, sides, (_, left, right) => pyCompare(operator, left, right)),
  );
}

function something(of: type.Type<unknown>): type.Type<unknown> {
  return of;
}

const spanUnits = [
  ["milliseconds", 1e3],
  ["seconds", 1e6],
  ["minutes", 6e7],
  ["hours", 36e8],
  ["days", 864e8],
] as const;

export const timespanFunctions = [
  func(
    "timespan",
    [
      optional("days", type.int, 0),
      optional("hours", type.int, 0),
      optional("minutes", type.int, 0),
      optional("seconds", type.integer, 0),
      optional("milliseconds", type.integer, 0),
      optional("microseconds", type.integer, 0),
    ],
    (_, days, hours, ...rest) => span(microsecondsOf([days, hours, ...rest].map(Number))),
  ),
  func("#property#microseconds", [ts], (_, value) => value.microseconds),
  ...spanUnits.map(([name, unit]) =>
    func(`#property#${name}`, [ts], (_, value) => float(value.microseconds / unit)),
  ),
  func("#operator_+", [...twoSpans], (_, left, right) =>
    span(left.microseconds + right.microseconds),
  ),
  func("#operator_-", [...twoSpans], (_, left, right) =>
    span(left.microseconds - right.microseconds),
  ),
  ...comparisons(type.timespan),
  func("#operator_*", [required("ts", type.timespan), required("n", type.number)], (_, value, n) =>
    span(value.microseconds * Number(n)),
  ),
  func("#operator_*", [required("n", type.number), required("ts", type.timespan)], (_, n, value) =>
    span(value.microseconds * Number(n)),
  ),
  func("#operator_/", [...twoSpans], (_, left, right) =>
    arithmetic("/", float(left.microseconds), float(right.microseconds)),
  ),
  func("#operator_/", [required("ts", type.timespan), required("n", type.number)], (_, value, n) =>
    span(Number(arithmetic("/", value.microseconds, n))),
  ),
  func("#unary_operator_-", [required("ts", type.timespan)], (_, value) =>
    span(-value.microseconds),
  ),
  func("#unary_operator_+", [required("ts", type.timespan)], (_, value) => value),
  func(
    "isTimespan",
    [required("value", type.anything)],
    (_, value) => value instanceof PyTimeDelta,
  ),
  func("utctz", [], () => zero),
  // The server's own time zone is not part of a decision's facts: UTC.
  func("localtz", [], () => zero),
];

const optionalInt = type.nullable(type.int);

export const datetimeFunctions = [
  func(
    "datetime",
    [
      required("year", type.int),
      required("month", type.int),
      required("day", type.int),
      optional("hour", type.int, 0),
      optional("minute", type.int, 0),
      optional("second", type.int, 0),
      optional("microsecond", type.int, 0),
      offset,
    ],
    (_, year, month, ...[day, hour, minute, second, microsecond, zone]) =>
      PyDateTime.of(
        checkedFields([year, month, day, hour, minute, second, microsecond].map(Number)),
        zoneOf(zone),
      ),
  ),
  func("datetime", [required("timestamp", type.number), offset], (_, timestamp, zone) =>
    fromTimestamp(timestamp, zoneOf(zone)),
  ),
  func(
    "datetime",
    [required("string", type.text), optional("format", type.nullable(type.text), null)],
    ({ scope }, text, format) => {
      scope.run.scan(text.length);
      const time =
        format === null || format === ""
          ? parseDate(text, () => now(scope.run, 0).fields())
          : parseFormatted(text, format);
      return time.offset === undefined
        ? new PyDateTime(time.localSeconds, time.microsecond, 0)
        : time;
    },
  ),
  func("now", [optional("offset", type.nullable(type.timespan), zero)], ({ scope }, zone) =>
    now(scope.run, zone === null ? 0 : zoneOf(zone)),
  ),
  func("#operator_+", [...timeAndSpan], (_, time, by) => combined("+", time, by)),
  func(
    "#operator_+",
    [required("ts", type.timespan), required("dt", type.datetime)],
    (_, by, time) => combined("+", time, by),
  ),
  func("#operator_-", [...timeAndSpan], (_, time, by) => combined("-", time, by)),
  func("#operator_-", [...twoTimes], (_, left, right) => combined("-", left, right)),
  ...comparisons(type.datetime),
  ...fieldNames.map((name) => func(`#property#${name}`, [dt], (_, time) => time.fields()[name])),
  func(
    "#property#weekday",
    [dt],
    (_, time) => (((Math.floor(time.localSeconds / 86_400) + 3) % 7) + 7) % 7,
  ),
  func("#property#offset", [dt], (_, time) => new PyTimeDelta((time.offset ?? 0) * 1e6)),
  func("#property#date", [dt], (_, time) => midnight(time)),
  func("#property#time", [dt], (_, time) => combined("-", time, midnight(time))),
  // As in the original the fields move to UTC while the zone stays, here and in `timestamp`.
  func("#property#utc", [dt], (_, time) => inUtc(time)),
  func("#property#timestamp", [dt], (_, time) => {
    const { epochSeconds, microsecond } = inUtc(time);
    return float((epochSeconds * 1e6 + microsecond) / 1e6);
  }),
  method(
    "replace",
    [
      dt,
      ...fieldNames.map((name) => optional(name, optionalInt, null)),
      optional("offset", type.nullable(type.timespan), null),
    ],
    (_, ...args: readonly unknown[]) => replaceFields(args),
  ),
  method("format", [dt, required("format", type.text)], ({ scope }, time, format) => {
    scope.run.produce(format.length * 4);
    return formatDate(time, format);
  }),
  func("isDatetime", [required("value", type.anything)], (_, value) => isTime(value)),
];

function midnight(time: PyDateTime): PyDateTime {
  const days = Math.floor(time.localSeconds / 86_400);
  return new PyDateTime(days * 86_400, 0, time.offset);
}

function inUtc(time: PyDateTime): PyDateTime {
  return new PyDateTime(time.localSeconds - (time.offset ?? 0), time.microsecond, time.offset);
}

function replaceFields([time, ...values]: readonly unknown[]): PyDateTime {
  if (!isTime(time)) throw typeError("datetime expected");
  const old: DateTimeFields = time.fields();
  const fields = fieldNames.map((name, index) => {
    const value = values[index];
    return value === null || value === undefined ? old[name] : Number(value);
  });
  const zone = values.at(-1);
  return PyDateTime.of(
    checkedFields(fields),
    zone instanceof PyTimeDelta ? zoneOf(zone) : time.offset,
  );
}
