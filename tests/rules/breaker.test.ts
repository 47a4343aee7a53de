import { describe, expect, test } from "vitest";
import { breakerSettings, firingKey, Firings, loopSettings } from "../../src/rules/breaker.ts";

const firing = (event: string, entry = "e1") => ({ rule: "p.r", entry, event });

describe("firings", () => {
  test("are counted within the window, each event once", () => {
    const firings = new Firings();
    expect(firings.add(firing("1"), 0, 10)).toBe(1);
    expect(firings.add(firing("1"), 100, 10)).toBe(1);
    expect(firings.add(firing("2"), 5_000, 10)).toBe(2);
    expect(firings.add(firing("1", "e2"), 5_000, 10)).toBe(1);
    expect(firings.add(firing("3"), 10_000, 10)).toBe(2);
    expect(firings.add(firing("4"), 15_000, 10)).toBe(2);
    firings.clear(firingKey(firing("")));
    expect(firings.add(firing("5"), 15_001, 10)).toBe(1);
  });
  test("of long ago take no room", () => {
    const firings = new Firings();
    for (let n = 0; n < 10_000; n += 1)
      firings.add(firing("1", `e${n}`), n < 9_999 ? 0 : 20_000, 10);
    expect(firings.add(firing("2", "new"), 20_000, 10)).toBe(1);
    expect(firings.add(firing("2", "e9999"), 20_000, 10)).toBe(2);
  });
});

test("settings of the pack; what makes no sense is the usual", () => {
  expect(breakerSettings({})).toEqual({ firings: 20, seconds: 60 });
  expect(breakerSettings({ breaker: { firings: 0, seconds: 5 } })).toEqual({
    firings: 0,
    seconds: 5,
  });
  expect(breakerSettings({ breaker: { firings: -1, seconds: "x" } })).toEqual({
    firings: 20,
    seconds: 60,
  });
});

test("settings for rules that go round; no chain is known for longer than a hundred rules", () => {
  const usual = { firings: 100, seconds: 60, hold: 600, depth: 50 };
  expect(loopSettings({})).toEqual(usual);
  expect(loopSettings({ loops: "x" })).toEqual(usual);
  expect(loopSettings({ loops: { firings: 5, hold: 0, depth: 0 } })).toEqual({
    ...usual,
    firings: 5,
    hold: 0,
    depth: 0,
  });
  expect(loopSettings({ loops: { depth: 1_000, seconds: -1 } })).toEqual({ ...usual, depth: 100 });
});
