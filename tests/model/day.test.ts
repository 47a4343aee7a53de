import { expect, test } from "vitest";
import { isDay } from "../../src/model/day.ts";

test.each(["2026-11-24", "2024-02-29", "0001-01-01"])("%s is a day", (text) => {
  expect(isDay(text)).toBe(true);
});

test.each([
  "2026-02-30",
  "2026-02-29",
  "2026-13-01",
  "2026-00-10",
  "2026-1-1",
  "24.11.2026",
  "",
  "2026-11-24T00:00",
])("%j is none", (text) => {
  expect(isDay(text)).toBe(false);
});
