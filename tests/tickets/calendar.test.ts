import { describe, expect, test } from "vitest";
import {
  businessCalendar,
  businessDayFrom,
  dayKind,
  isBusinessTime,
  nextBusinessTime,
  windowOf,
} from "../../src/tickets/calendar.ts";
import { japaneseHolidays } from "../../src/tickets/holidays-jp.ts";

const tokyo = businessCalendar({}, "Asia/Tokyo");

/** As the Cabinet Office published them. */
test.each([
  [
    2026,
    "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23",
  ],
  [
    2027,
    "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23",
  ],
  [
    2025,
    "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-23 11-24",
  ],
])("B3: Japan's holidays of %i", (year, days) => {
  const found = [...japaneseHolidays(year).keys()].toSorted();
  expect(found).toEqual(days.split(" ").map((day) => `${year}-${day}`));
});

describe("B3: business days", () => {
  test("Monday 2026-11-23 is a holiday: Friday's alerts and those of three nights are due on Tuesday", () => {
    expect(dayKind(tokyo, "2026-11-23")).toEqual({
      business: false,
      kind: "holiday",
      name: "勤労感謝の日",
    });
    expect(businessDayFrom(tokyo, "2026-11-20", 1)).toBe("2026-11-24");
    expect(windowOf(tokyo, "2026-11-24")).toEqual({
      fromDay: "2026-11-20",
      from: Date.parse("2026-11-20T00:00:00+09:00"),
      to: Date.parse("2026-11-24T00:00:00+09:00"),
    });
  });

  test("company holidays and special working days come before weekends and national holidays", () => {
    const own = businessCalendar(
      {
        holidays: [{ date: "2026-12-29", name: "年末休業" }, "2026-12-30"],
        working_days: ["2026-11-23", "2026-11-28"],
      },
      "Asia/Tokyo",
    );
    expect(dayKind(own, "2026-11-23")).toMatchObject({
      business: true,
      kind: "special_working_day",
    });
    expect(dayKind(own, "2026-11-28").business).toBe(true);
    expect(dayKind(own, "2026-12-29")).toMatchObject({ kind: "company_holiday", name: "年末休業" });
    expect(businessDayFrom(own, "2026-12-28", 1)).toBe("2026-12-31");
  });

  test("elsewhere, with another weekend and no national holidays", () => {
    const dubai = businessCalendar(
      { country: "none", weekend: ["fri", "saturday"], tick: "7:30" },
      "Asia/Dubai",
    );
    expect(dayKind(dubai, "2026-11-23").business).toBe(true);
    expect(dayKind(dubai, "2026-11-20").kind).toBe("weekend");
    expect(
      new Date(nextBusinessTime(dubai, Date.parse("2026-11-20T12:00:00Z"))).toISOString(),
    ).toBe("2026-11-22T03:30:00.000Z");
  });

  test("a business time that is now stays now", () => {
    const now = Date.parse("2026-11-24T10:00:00+09:00");
    expect(nextBusinessTime(tokyo, now)).toBe(now);
    const early = Date.parse("2026-11-24T06:00:00+09:00");
    expect(nextBusinessTime(tokyo, early)).toBe(Date.parse("2026-11-24T08:00:00+09:00"));
  });

  test.each([
    [{ tick: "25:00" }, "tick"],
    [{ holidays: ["29.12.2026"] }, "29.12.2026"],
    [{ weekend: ["caturday"] }, "caturday"],
  ])("%j is explained", (config, words) => {
    expect(() => businessCalendar(config, "Asia/Tokyo")).toThrow(words);
  });

  test("a calendar without a working day ends in an error, not in a loop", () => {
    const never = businessCalendar(
      { weekend: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] },
      "Asia/Tokyo",
    );
    expect(() => businessDayFrom(never, "2026-11-24", 1)).toThrow("no business day");
  });
});

test.each([
  ["2026-11-24T07:59:00+09:00", false, "2026-11-24T08:00:00+09:00"],
  ["2026-11-24T08:00:00+09:00", true, "2026-11-24T08:00:00+09:00"],
  ["2026-11-24T17:59:00+09:00", true, "2026-11-24T17:59:00+09:00"],
  ["2026-11-24T18:00:00+09:00", false, "2026-11-25T08:00:00+09:00"],
  ["2026-11-20T23:00:00+09:00", false, "2026-11-24T08:00:00+09:00"],
  ["2026-11-23T12:00:00+09:00", false, "2026-11-24T08:00:00+09:00"],
])("K1: whether people are at work at %s, and when next", (at, business, next) => {
  const office = businessCalendar({ end: "18:00" }, "Asia/Tokyo");
  expect(isBusinessTime(office, Date.parse(at))).toBe(business);
  expect(nextBusinessTime(office, Date.parse(at))).toBe(Date.parse(next));
});

test.each([{ tick: "8" }, { end: "24:01" }, { tick: "24:00" }, { tick: "09:00", end: "09:00" }])(
  "a calendar whose times make no sense is refused: %o",
  (config) => {
    expect(() => businessCalendar(config, "Asia/Tokyo")).toThrow(RangeError);
  },
);
