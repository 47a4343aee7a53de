/** Callers who come back together are served together. */
import { expect, test } from "vitest";
import { gathered, nobodyServed } from "../../src/engine/inventory-gather.ts";

test("those who were answered are waited for, as long as they come", async () => {
  let here = 0;
  // The limit is far: only their number ends it.
  const done = performance.now() + 60_000;
  await gathered(() => (here += 1), { callers: 5, ms: 20, done });
  expect(here).toBeGreaterThanOrEqual(5);
});

test("nobody is waited for in vain", async () => {
  const start = performance.now();
  await gathered(() => 1, { callers: 20, ms: 1_000, done: start });
  // Ten milliseconds are promised; a busy machine may need more, though never as much as the last work.
  expect(performance.now() - start).toBeLessThan(60_000);
});

test("who is alone does not wait", async () => {
  let asked = 0;
  const waiting = (): number => (asked += 1);
  await gathered(waiting, nobodyServed);
  await gathered(waiting, { callers: 1, ms: 1_000, done: performance.now() + 60_000 });
  expect(asked).toBe(0);
});
