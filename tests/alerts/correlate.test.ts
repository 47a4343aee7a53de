import { describe, expect, test } from "vitest";
import { correlate, type KnownAlert } from "../../src/alerts/correlate.ts";

const today = "2026-11-21";
const at = (time: string) => `2026-11-21T${time}:00.000Z`;

function known(change: Partial<KnownAlert> = {}): KnownAlert {
  return {
    status: "open",
    day: today,
    count: 3,
    ticket: "OPS-1",
    messageKeys: ["m1", "m2", "m3"],
    lastAt: at("10:00"),
    ...change,
  };
}

const firing = { status: "firing", occurred_at: at("10:10") } as const;
const resolved = { status: "resolved", occurred_at: at("10:10") } as const;
const ack = { status: "ack", occurred_at: at("10:10"), class: "acknowledgement" } as const;

describe("correlate", () => {
  test.each([
    ["first", firing, undefined, { effect: "firing", count: 1, ticket: undefined }],
    ["repeat", firing, known(), { effect: "repeated", count: 4, ticket: "OPS-1", reopened: false }],
    [
      "repeat while acked stays acked",
      firing,
      known({ status: "acked" }),
      { effect: "repeated", next: { status: "acked" } },
    ],
    [
      "again after the recovery, same day",
      firing,
      known({ status: "resolved", resolvedAt: at("10:05") }),
      { effect: "repeated", count: 4, ticket: "OPS-1", reopened: true, next: { status: "open" } },
    ],
    [
      "the next day",
      firing,
      known({ day: "2026-11-20" }),
      {
        effect: "firing",
        count: 1,
        ticket: undefined,
        previousTicket: "OPS-1",
        next: { day: today, count: 1 },
      },
    ],
    [
      "a late message of an earlier day",
      firing,
      known({ day: "2026-11-22" }),
      { effect: "repeated", count: 4, next: { day: "2026-11-22" } },
    ],
    [
      "a problem overtaken by its recovery",
      { ...firing, occurred_at: at("10:01") },
      known({ status: "resolved", resolvedAt: at("10:05") }),
      { effect: "repeated", reopened: false, next: { status: "resolved", count: 4 } },
    ],
    [
      "a stamp hours before the recovery is a clock fault: open again",
      { ...firing, occurred_at: at("02:00") },
      known({ status: "resolved", resolvedAt: at("10:05") }),
      { effect: "repeated", reopened: true },
    ],
    [
      "recovery",
      resolved,
      known(),
      {
        effect: "resolved",
        count: 3,
        ticket: "OPS-1",
        next: { status: "resolved", resolvedAt: at("10:10") },
      },
    ],
    [
      "recovery of another day's alert",
      resolved,
      known({ day: "2026-11-19" }),
      { effect: "resolved", ticket: "OPS-1" },
    ],
    ["recovery of an acked alert", resolved, known({ status: "acked" }), { effect: "resolved" }],
    [
      "recovery in the same second",
      { ...resolved, occurred_at: at("10:00") },
      known(),
      { effect: "resolved" },
    ],
    [
      "recovery of nothing",
      resolved,
      undefined,
      { effect: "resolved-unknown", next: undefined, count: 0 },
    ],
    [
      "second recovery",
      resolved,
      known({ status: "resolved" }),
      { effect: "resolved-unknown", ticket: "OPS-1" },
    ],
    [
      "a recovery overtaken by the next problem",
      { ...resolved, occurred_at: at("09:55") },
      known(),
      { effect: "resolved-unknown", next: { status: "open" } },
    ],
    [
      "a recovery with a stamp hours before is believed",
      { ...resolved, occurred_at: at("08:00") },
      known(),
      { effect: "resolved" },
    ],
    [
      "acknowledgement",
      ack,
      known(),
      { effect: "ack", count: 3, ticket: "OPS-1", next: { status: "acked" } },
    ],
    [
      "acknowledgement of a resolved alert",
      ack,
      known({ status: "resolved" }),
      { effect: "ack", next: { status: "resolved" } },
    ],
    [
      "a notice of a downtime takes nothing over",
      { ...ack, class: "downtime" },
      known(),
      { effect: "ack", count: 3, next: { status: "open" } },
    ],
    ["acknowledgement of nothing", ack, undefined, { effect: "ack", next: undefined }],
  ] as const)("%s", (_, alert, existing, expected) => {
    const result = correlate({ alert, day: today, existing, messageKey: "m9" });
    expect(result).toMatchObject(expected);
    expect(result.reason).not.toBe("");
  });

  test.each([firing, resolved, ack])("the same message again changes nothing: $status", (alert) => {
    const existing = known();
    const { messageKeys: _, ...record } = existing;
    expect(correlate({ alert, day: today, existing, messageKey: "m2" })).toMatchObject({
      effect: "duplicate",
      count: 3,
      next: record,
    });
  });
});
