import { expect, test } from "vitest";
import { reminderOf, reviewSettings, wrongClosing } from "../../src/tickets/review.ts";

const ticket = {
  kind: "digest",
  closedBy: "leader",
  fixedBy: "alice",
  leader: "leader",
  own: "raicho",
};

test.each([
  ["the leader closes", {}, undefined],
  ["the fixer closes", { closedBy: "alice" }, "fixer"],
  ["somebody else closes", { closedBy: "bob" }, "not the leader"],
  ["the leader fixed it himself", { fixedBy: "leader" }, "fixer"],
  ["closed without a fix by a third person", { closedBy: "bob", fixedBy: null }, "not the leader"],
  ["a workflow closes", { closedBy: "raicho" }, undefined],
  ["nobody knows who closed it", { closedBy: null }, undefined],
  ["no leader is known", { closedBy: "bob", leader: null }, undefined],
  ["a ticket that is not reviewed", { closedBy: "alice", kind: "request" }, undefined],
])("D2: %s", (_name, more, expected) => {
  expect(wrongClosing({ ...ticket, ...more }, reviewSettings({}))).toBe(expected);
});

test("D2: leaders of the configuration may close, and the check can be off", () => {
  const closing = { ...ticket, closedBy: "chief" };
  expect(wrongClosing(closing, reviewSettings({ leaders: ["chief"] }))).toBeUndefined();
  expect(wrongClosing(closing, reviewSettings({ close: "off" }))).toBeUndefined();
});

test.each([
  ["open since a day", { stage: "open" }, { waitsFor: "start", hours: 30 }],
  ["fixed since two days", { stage: "fixed", fixedAt: 0 }, undefined],
  ["somebody is at it", { stage: "in_progress" }, undefined],
  ["closed", { stage: "closed" }, undefined],
  ["a kind that nobody is reminded of", { stage: "open", kind: "request" }, undefined],
])("D3: a reminder when it is %s", (_name, more, expected) => {
  const standing = { kind: "alert", createdAt: 0, fixedAt: undefined, ...more };
  expect(reminderOf(standing as never, 30 * 3_600_000, reviewSettings({}))).toEqual(expected);
});

test("D3: a reminder of the review", () => {
  const standing = { kind: "alert", stage: "fixed", createdAt: 0, fixedAt: 0 };
  expect(reminderOf(standing, 50 * 3_600_000, reviewSettings({}))).toEqual({
    waitsFor: "review",
    hours: 50,
  });
});
