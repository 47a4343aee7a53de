import { expect, test } from "vitest";
import { LedgerClock } from "../../src/engine/ledger-clock.ts";

const hour = 3_600_000;

/** The database says a time that is `ms` ahead of this machine, and takes `slow` to answer. */
function hear(clock: LedgerClock, ms: number, slow = 0): void {
  const before = performance.now();
  clock.heard(new Date(Date.now() + ms), { before: before - slow, after: before + slow });
}

function ahead(clock: LedgerClock): number {
  return Math.round((clock.now().getTime() - Date.now()) / 1_000);
}

test("it goes as the database's does, and tells once that the own one does not", () => {
  const clock = new LedgerClock();
  expect(ahead(clock)).toBe(0);
  expect(clock.news()).toBeUndefined();
  hear(clock, -hour);
  expect(ahead(clock)).toBe(-3_600);
  expect(clock.news()).toBe(3_600);
  expect(clock.news()).toBeUndefined();
  hear(clock, 0);
  expect(ahead(clock)).toBe(0);
  expect(clock.news()).toBeUndefined();
});

test("a slow answer moves nothing that it does not disprove", () => {
  const clock = new LedgerClock();
  hear(clock, 10_000);
  hear(clock, 13_000, 5_000);
  expect(ahead(clock)).toBe(10);
  hear(clock, 20_000, 5_000);
  expect(ahead(clock)).toBe(20);
});
