import { describe, expect, test } from "vitest";
import { afterChange, calm, hasSettled, type FlappingRule } from "../../src/alerts/flapping.ts";
import { groupOf, lookAt } from "../../src/alerts/group.ts";
import { readSilence } from "../../src/alerts/silence.ts";
import { anAlert, faults, ms, policiesOf } from "./policies.ts";

describe("groups", () => {
  const { groups } = policiesOf({
    groups: [
      {
        name: "by-host",
        match: { source: "nagios" },
        group_by: ["host", "labels.team"],
        window: "day",
      },
    ],
  });

  test("have a key that people can read", () => {
    expect(groupOf(groups, anAlert(), "2026-11-21.02")?.key).toBe(
      'by-host{host="web01.auction", labels.team="sys"}@2026-11-21',
    );
    expect(groupOf(groups, anAlert({ source: "zabbix" }), "2026-11-21")).toBeUndefined();
  });

  test.each([
    ["first", { told: undefined, toldAt: 0 }, ["a"], "opened"],
    ["nothing left to open", { told: undefined, toldAt: 0 }, [], undefined],
    ["unchanged", { told: ["a"], toldAt: ms("09:00") }, ["a"], undefined],
    ["one more", { told: ["a"], toldAt: ms("09:00") }, ["a", "b"], "updated"],
    ["another one", { told: ["a"], toldAt: ms("09:00") }, ["b"], "updated"],
    ["unchanged for long", { told: ["a"], toldAt: ms("05:00") }, ["a"], "repeated"],
    ["all over", { told: ["a"], toldAt: ms("09:00") }, [], "closed"],
  ])("%s", (_, state, firing, event) => {
    expect(lookAt(state, firing, ms("10:00"), 14_400_000).event).toBe(event);
  });

  test("repeat 0 never repeats", () => {
    expect(lookAt({ told: ["a"], toldAt: 0 }, ["a"], ms("10:00"), 0).event).toBeUndefined();
  });
});

describe("flapping", () => {
  const rule: FlappingRule = {
    name: "f",
    match: [],
    changes: 4,
    withinMs: 600_000,
    settleMs: 900_000,
  };
  const after = (...times: string[]) =>
    times.reduce((state, time) => afterChange(state, ms(time), rule), calm);

  test.each([
    ["three changes", ["10:00", "10:02", "10:04"], false],
    ["four within ten minutes", ["10:00", "10:02", "10:04", "10:06"], true],
    ["four over an hour", ["10:00", "10:20", "10:40", "11:00"], false],
    ["in any order of arrival", ["10:06", "10:00", "10:04", "10:02"], true],
    ["it goes on until it settles", ["10:00", "10:02", "10:04", "10:06", "10:30"], true],
  ])("%s", (_, times, flapping) => {
    expect(after(...times).flapping).toBe(flapping);
  });

  test("settles when it stays as it is", () => {
    const state = after("10:00", "10:02", "10:04", "10:06");
    expect([hasSettled(state, ms("10:20"), rule), hasSettled(state, ms("10:21"), rule)]).toEqual([
      false,
      true,
    ]);
  });
});

describe("a silence that somebody asks for", () => {
  const now = ms("10:00");

  test("ends after a time", () => {
    expect(
      readSilence({ match: { host: "web*" }, for: "2h", comment: " disk swap " }, now),
    ).toEqual({
      silence: {
        match: { host: "web*" },
        startsAt: new Date(now),
        endsAt: new Date(now + 7_200_000),
        comment: "disk swap",
      },
    });
  });

  test.each([
    [
      { for: "2h", comment: "x" },
      "/match: is missing; a silence without conditions would hide every alert",
    ],
    [
      { match: { hst: "x" }, for: "2h", comment: "x" },
      '/match: an alert has no "hst"; did you mean "host"?',
    ],
    [{ match: { host: "x" }, comment: "x" }, "/ends_at: is missing; give it, or for (2h)"],
    [
      { match: { host: "x" }, for: "soon", comment: "x" },
      '/for: "soon" is no duration; write 30m, 2h or 1d',
    ],
    [
      { match: { host: "x" }, ends_at: "2026-11-21T09:00:00Z", comment: "x" },
      "/ends_at: is not after its start",
    ],
    [
      { match: { host: "x" }, for: "1h" },
      "/comment: is missing; say why nobody is to hear of these alerts",
    ],
  ])("%j is refused", (asked, problem) => {
    expect(readSilence(asked, now)).toEqual({ problem });
  });
});

test.each([
  [
    { groups: [{ group_by: ["hots"] }] },
    '/groups/0/group_by/0 an alert has no "hots"; did you mean "host"?',
  ],
  [
    { groups: [{ group_wait: "soon" }] },
    '/groups/0/group_wait "soon" is no duration; write 30s, 5m, 1h30m or 2d',
  ],
  [
    { same: [{ window: "week" }] },
    '/same/0/window "week" is none of day, open, and no duration such as 30m or 2h',
  ],
  [{ inhibit: [{ source: { class: "host" } }] }, '/inhibit/0/target "target" is missing'],
  [
    { maintenance: [{ match: { host: "x" } }] },
    "/maintenance/0 needs from, until, daily or weekdays, or nothing would ever be told",
  ],
  [
    { maintenance: [{ from: "2026-11-21 02:00" }] },
    '/maintenance/0/from "2026-11-21 02:00" is no time with its offset, such as 2026-11-23T02:00:00+09:00',
  ],
  [
    { maintenance: [{ daily: "2-4" }] },
    '/maintenance/0/daily "2-4" is no time of day such as 02:00-04:30',
  ],
  [
    { flapping: [{ changes: 1 }] },
    "/flapping/0/changes at least 2: one change is how every alert begins",
  ],
  [{ silent: [{ source: "nagios" }] }, '/silent/0/after "after" is missing'],
])("%j is faulted", (document, fault) => {
  expect(faults(document)).toEqual([fault]);
});
