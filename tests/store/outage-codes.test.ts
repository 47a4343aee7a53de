import { expect, test } from "vitest";
import { AppError } from "../../src/model/errors.ts";
import { isAway, isOutage } from "../../src/store/database.ts";

function refused(code: string): Error {
  return Object.assign(new Error("refused"), { code });
}

test.each(["53100", "53200", "53300", "58030"])(
  "a full disk is an outage, not a fault of what was to be written",
  (code) => {
    expect(isOutage(refused(code))).toBe(true);
  },
);

test.each([
  "57P01",
  "57P02",
  "08006",
  "40001",
  "25006",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
])("%s passes", (code) => {
  expect(isOutage(refused(code))).toBe(true);
});

test.each(["23505", "22P05", "42601", "RA001"])("%s is about the work itself", (code) => {
  expect(isOutage(refused(code))).toBe(false);
});

test("what the engine makes of an outage is one, too", () => {
  expect(isAway(new AppError("LEDGER_DOWN", ["x"]))).toBe(true);
  expect(isAway(new AppError("BUSY", ["x"]))).toBe(true);
  expect(isAway(new AppError("ACTION_NOT_FOUND", ["x"]))).toBe(false);
  expect(isAway(refused("57P01"))).toBe(true);
});
