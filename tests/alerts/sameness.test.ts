import { describe, expect, test } from "vitest";
import { correlate, type KnownAlert, type Sameness } from "../../src/alerts/correlate.ts";
import { samenessOf } from "../../src/alerts/policy.ts";
import { anAlert, at, policiesOf } from "./policies.ts";

function known(change: Partial<KnownAlert> = {}): KnownAlert {
  return {
    status: "open",
    day: "2026-11-21",
    count: 3,
    ticket: "OPS-1",
    messageKeys: [],
    lastAt: at("10:00"),
    ...change,
  };
}

function over() {
  return { status: "resolved" as const, resolvedAt: at("10:05") };
}

describe("what counts as the same problem", () => {
  test.each<[string, Sameness, Partial<KnownAlert>, string, string, object]>([
    [
      "day, next day",
      { window: "day", reopen: "always" },
      {},
      "2026-11-22",
      "01:00",
      { effect: "firing", next: { day: "2026-11-22" } },
    ],
    [
      "open, next day",
      { window: "open", reopen: "never" },
      {},
      "2026-11-22",
      "01:00",
      { effect: "repeated", count: 4, next: { day: "2026-11-21" } },
    ],
    [
      "open, after the recovery",
      { window: "open", reopen: "never" },
      over(),
      "2026-11-22",
      "01:00",
      { effect: "firing", previousTicket: "OPS-1" },
    ],
    [
      "never reopened on the same day: a record of its own",
      { window: "day", reopen: "never" },
      over(),
      "2026-11-21",
      "11:00",
      { effect: "firing", count: 1, next: { day: "2026-11-21.02" } },
    ],
    [
      "… and the third",
      { window: "day", reopen: "never" },
      { ...over(), day: "2026-11-21.02" },
      "2026-11-21",
      "11:00",
      { next: { day: "2026-11-21.03" } },
    ],
    [
      "reopened in time",
      { window: "day", reopen: 1_800_000 },
      over(),
      "2026-11-21",
      "10:30",
      { effect: "repeated", reopened: true, ticket: "OPS-1" },
    ],
    [
      "too late to reopen",
      { window: "day", reopen: 1_800_000 },
      over(),
      "2026-11-21",
      "10:40",
      { effect: "firing", next: { day: "2026-11-21.02" } },
    ],
    [
      "within the hours",
      { window: 7_200_000, reopen: "always" },
      {},
      "2026-11-21",
      "11:59",
      { effect: "repeated" },
    ],
    [
      "within the hours, over midnight",
      { window: 7_200_000, reopen: "always" },
      { lastAt: at("23:30") },
      "2026-11-22",
      "00:30",
      { effect: "repeated", next: { day: "2026-11-21" } },
    ],
    [
      "hours later",
      { window: 7_200_000, reopen: "always" },
      {},
      "2026-11-21",
      "12:01",
      { effect: "firing", next: { day: "2026-11-21.02" } },
    ],
    [
      "a problem overtaken by its recovery is the same, even if that is final",
      { window: "day", reopen: "never" },
      over(),
      "2026-11-21",
      "10:01",
      { effect: "repeated", reopened: false },
    ],
  ])("%s", (...[, same, change, day, time, expected]) => {
    const alert = { status: "firing" as const, occurred_at: at(time, day) };
    expect(
      correlate({ alert, day, existing: known(change), messageKey: "m9", same }),
    ).toMatchObject(expected);
  });

  test("rules of the site decide, the first that fits", () => {
    const { same } = policiesOf({
      same: [
        { match: { host: "db*" }, window: "open" },
        { match: { source: "nagios" }, window: "4h", reopen: "30m" },
      ],
    });
    expect(samenessOf(same, anAlert({ host_raw: "db1" }))).toMatchObject({
      window: "open",
      reopen: "never",
    });
    expect(samenessOf(same, anAlert())).toMatchObject({ window: 14_400_000, reopen: 1_800_000 });
    expect(samenessOf(same, anAlert({ source: "zabbix" }))).toMatchObject({
      window: "day",
      reopen: "always",
    });
  });
});
