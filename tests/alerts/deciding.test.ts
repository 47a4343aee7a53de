import { describe, expect, test } from "vitest";
import {
  isUnderWay,
  suppressionsOf,
  type OpenAlert,
  type SuppressInput,
} from "../../src/alerts/suppress.ts";
import { released, telling } from "../../src/alerts/telling.ts";
import { anAlert, ms, policiesOf } from "./policies.ts";

describe("what rules hear", () => {
  const silenced = [{ by: "silence", name: "s1" }] as const;
  const flaps = [{ by: "flapping", name: "f" }] as const;

  test.each([
    [
      "a new alert",
      { effect: "firing", told: null, held: null, suppressions: [] },
      { event: "firing", told: "firing", held: null },
    ],
    [
      "… is held back",
      { effect: "firing", told: null, held: null, suppressions: silenced },
      { event: "suppressed", told: null, held: silenced },
    ],
    [
      "its repeats are held, too, without a word",
      { effect: "repeated", told: null, held: [], suppressions: silenced },
      { event: undefined, told: null, held: silenced },
    ],
    [
      "a repeat after the silence is the first that is heard",
      { effect: "repeated", told: null, held: [], suppressions: [] },
      { event: "firing", told: "firing" },
    ],
    [
      "a repeat",
      { effect: "repeated", told: "firing", held: null, suppressions: [] },
      { event: "repeated", told: "firing" },
    ],
    [
      "a recovery",
      { effect: "resolved", told: "firing", held: null, suppressions: [] },
      { event: "resolved", told: "resolved" },
    ],
    [
      "the recovery of what nobody heard of",
      { effect: "resolved", told: null, held: [], suppressions: silenced },
      { event: undefined, told: null, held: null },
    ],
    [
      "a silence hides no recovery of what was told before",
      { effect: "resolved", told: "firing", held: [], suppressions: silenced },
      { event: "resolved" },
    ],
    [
      "flapping does",
      { effect: "resolved", told: "firing", held: null, suppressions: flaps },
      { event: undefined, told: "firing", held: flaps },
    ],
    [
      "a notice",
      { effect: "ack", told: "firing", held: null, suppressions: [] },
      { event: undefined, told: "firing" },
    ],
  ] as const)("%s", (_, input, expected) => {
    expect(telling(input)).toMatchObject(expected);
  });

  test.each([
    ["open", null, "firing"],
    ["open", "resolved", "repeated"],
    ["acked", "firing", "repeated"],
    ["resolved", "firing", "resolved"],
    ["resolved", null, undefined],
  ] as const)("released while %s, told %s: %s", (status, told, event) => {
    expect(released(status, told)).toBe(event);
  });
});

describe("suppression", () => {
  const now = ms("03:00");
  const other = (change: Partial<OpenAlert> = {}): OpenAlert => ({
    ...anAlert({ class: "host", service: "", fingerprint: "f2" }),
    id: "o1",
    lastAt: now - 60_000,
    ...change,
  });
  const { inhibit } = policiesOf({
    inhibit: [
      {
        name: "host down",
        source: { class: "host" },
        target: { class: "service" },
        equal: ["host"],
      },
    ],
  });
  const why = (change: Partial<SuppressInput>) =>
    suppressionsOf({
      alert: anAlert(),
      now,
      timeZone: "Asia/Tokyo",
      silences: [],
      maintenance: [],
      planned: [],
      inhibit: [],
      open: [],
      ...change,
    }).map(({ by, name, source = "" }) => [by, name, source].join(" ").trim());

  const match =
    policiesOf({ urgency: [{ match: { host: "web*" }, urgency: "immediate" }] }).urgency[0]
      ?.match ?? [];

  test.each<[string, Partial<SuppressInput>, readonly string[]]>([
    ["nothing", {}, []],
    [
      "a silence",
      { silences: [{ id: "s1", match, startsAt: now, endsAt: now + 1 }] },
      ["silence s1"],
    ],
    ["a silence that is over", { silences: [{ id: "s1", match, startsAt: 0, endsAt: now }] }, []],
    [
      "a silence to come",
      { silences: [{ id: "s1", match, startsAt: now + 1, endsAt: now + 2 }] },
      [],
    ],
    [
      "a silence of others",
      {
        alert: anAlert({ host_raw: "db1" }),
        silences: [{ id: "s1", match, startsAt: 0, endsAt: now + 1 }],
      },
      [],
    ],
    [
      "a window of the inventory",
      { planned: [{ id: "i", name: "rack move", start: now, end: now + 1 }] },
      ["maintenance rack move"],
    ],
    ["its host is down", { inhibit, open: [other()] }, ["inhibition host down o1"]],
    ["another host is down", { inhibit, open: [other({ host_raw: "web02" })] }, []],
    [
      "letter case does not count",
      { inhibit, open: [other({ host_raw: "WEB01.auction" })] },
      ["inhibition host down o1"],
    ],
    [
      "nothing was heard of it for a day",
      { inhibit, open: [other({ lastAt: now - 86_400_001 })] },
      [],
    ],
    [
      "it does not inhibit itself",
      { inhibit, open: [other({ fingerprint: "f1", class: "host" })] },
      [],
    ],
    [
      "a source is not inhibited",
      { inhibit, alert: anAlert({ class: "host" }), open: [other()] },
      [],
    ],
  ])("%s", (_, change, expected) => {
    expect(why(change)).toEqual(expected);
  });

  test("two alerts that fit both sides do not silence each other", () => {
    const both = policiesOf({
      inhibit: [
        { name: "x", source: { source: "nagios" }, target: { source: "nagios" }, equal: [] },
      ],
    });
    expect(why({ inhibit: both.inhibit, open: [other()] })).toEqual([]);
  });

  test.each([
    [
      "from and until, with their offset",
      { from: "2026-11-21T11:00:00+09:00", until: "2026-11-21T13:00:00+09:00" },
      "03:00",
      true,
    ],
    ["before", { from: "2026-11-21T12:00:01+09:00" }, "03:00", false],
    ["after", { until: "2026-11-21T12:00:00+09:00" }, "03:00", false],
    ["daily on the site's clock", { daily: "11:30-12:30" }, "03:00", true],
    ["daily, over", { daily: "11:30-12:00" }, "03:00", false],
    ["past midnight, before it", { daily: "23:00-05:00" }, "14:30", true],
    ["past midnight, after it", { daily: "23:00-05:00" }, "19:59", true],
    ["a weekday: Saturday", { weekdays: ["sat"] }, "03:00", true],
    ["another weekday", { weekdays: ["mon"] }, "03:00", false],
    [
      "the night of a Friday goes on into Saturday",
      { daily: "23:00-13:00", weekdays: ["fri"] },
      "03:00",
      true,
    ],
    ["another zone", { daily: "02:30-03:30", time_zone: "UTC" }, "03:00", true],
  ])("maintenance: %s", (_, rule, time, expected) => {
    const [read] = policiesOf({ maintenance: [rule] }).maintenance;
    expect(read && isUnderWay(read, ms(time), "Asia/Tokyo")).toBe(expected);
  });
});
