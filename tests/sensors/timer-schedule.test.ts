import { describe, expect, test } from "vitest";
import { compileTimer, nextFire, timerTypes } from "../../src/sensors/timer-schedule.ts";
import { cpuMs } from "../support/cpu.ts";

/** The first `count` times from `now` on (itself included), or the error. */
function times(type: string, parameters: Record<string, unknown>, now: string, count: number) {
  const anchor = new Date(now);
  try {
    const timer = compileTimer(type, parameters, { anchor, timeZone: "UTC" });
    const found: number[] = [];
    let after: Date | undefined = new Date(anchor.getTime() - 1);
    while (found.length < count) {
      after = nextFire(timer, after);
      if (after === undefined) break;
      found.push(after.getTime());
    }
    return found;
  } catch (error) {
    return (error as Error).message;
  }
}

const newYork = (parameters: Record<string, unknown>, from: string, count: number) =>
  (
    times(timerTypes.cron, { ...parameters, timezone: "America/New_York" }, from, count) as number[]
  ).map((time) => new Date(time).toISOString().slice(0, 16));

describe("cron", () => {
  test.each([
    ["month", "foo", 'ValueError: Invalid month name "foo"'],
    ["day", "2nd foo", 'ValueError: Invalid weekday name "foo"'],
    ["day", "6th sun", 'ValueError: Unrecognized expression "6th sun" for field "day"'],
    [
      "minute",
      "*/90",
      "ValueError: Error validating expression '*/90': the step value (90) is higher than the total range of the expression (59)",
    ],
    [
      "minute",
      "5-10/20",
      "ValueError: Error validating expression '5-10/20': the step value (20) is higher than the total range of the expression (5)",
    ],
    [
      "month",
      "0",
      "ValueError: Error validating expression '0': the first value (0) is lower than the minimum value (1)",
    ],
    [
      "month",
      "mar-jan",
      "ValueError: The minimum value in a range must not be higher than the maximum",
    ],
    ["minute", "1,,2", 'ValueError: Unrecognized expression "" for field "minute"'],
    [
      "year",
      "1900",
      "ValueError: Error validating expression '1900': the first value (1900) is lower than the minimum value (1970)",
    ],
    [
      "second",
      "60/5",
      "ValueError: Error validating expression '60/5': the step value (5) is higher than the total range of the expression (-1)",
    ],
  ])("%s: %j is refused as the original does", (field, expression, message) => {
    expect(times(timerTypes.cron, { [field]: expression }, "2026-01-01T00:00:00Z", 1)).toBe(
      message,
    );
  });

  test("every 20 minutes goes on through the hour that the clock shows twice", () => {
    expect(newYork({ minute: "*/20" }, "2026-11-01T04:40:00Z", 7)).toEqual([
      "2026-11-01T04:40",
      "2026-11-01T05:00",
      "2026-11-01T05:20",
      "2026-11-01T05:40",
      "2026-11-01T06:00",
      "2026-11-01T06:20",
      "2026-11-01T06:40",
    ]);
  });

  test("hourly goes on over the hour that the clock skips", () => {
    expect(newYork({ minute: 0 }, "2026-03-08T06:00:00Z", 3)).toEqual([
      "2026-03-08T06:00",
      "2026-03-08T07:00",
      "2026-03-08T08:00",
    ]);
  });

  test("names are read in any case", () => {
    expect(times(timerTypes.cron, { day_of_week: "MON" }, "2026-11-21T00:00:00Z", 1)).toEqual([
      Date.parse("2026-11-23T00:00:00Z"),
    ]);
  });

  test("what never comes is found out quickly", () => {
    for (const day of [
      { month: 2, day: 30 },
      { week: 53, month: 11 },
    ]) {
      const parameters = { ...day, timezone: "Asia/Tokyo" };
      const search = (): void =>
        expect(times(timerTypes.cron, parameters, "2026-01-01T00:00:00Z", 1)).toEqual([]);
      expect(cpuMs(search)).toBeLessThan(3_000);
    }
  });

  test("numbers and text are the same, null is not given", () => {
    const at = "2026-11-21T00:00:00Z";
    expect(times(timerTypes.cron, { hour: 3, minute: null }, at, 2)).toEqual(
      times(timerTypes.cron, { hour: "3" }, at, 2),
    );
  });
});

test.each([
  [{ unit: "minutes", delta: 1.5 }, "delta must be a whole number of minutes, not 1.5"],
  [{ unit: "minutes" }, "delta must be a whole number of minutes, not undefined"],
])("interval %j is refused", (parameters, message) => {
  expect(times(timerTypes.interval, parameters, "2026-01-01T00:00:00Z", 1)).toBe(message);
});
