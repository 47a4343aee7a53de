import { expect, test } from "vitest";
import { seeker } from "../../src/engine/seek.ts";

/** Content that has `pack.new` from the given reading on. */
function ground(from = 1) {
  const state = { reads: 0, now: 0, fail: false };
  const seek = seeker({
    known: (action) => action === "core.noop" || (action === "pack.new" && state.reads >= from),
    read: () => {
      state.reads++;
      return state.fail ? Promise.reject(new Error("no such file")) : Promise.resolve();
    },
    clock: () => state.now,
  });
  return { state, seek };
}

test("what is known is not sought", async () => {
  const { state, seek } = ground();
  await seek("core.noop");
  expect(state.reads).toBe(0);
});

test("all who ask at once share one reading", async () => {
  const { state, seek } = ground();
  await Promise.all(["pack.new", "pack.new", "pack.new"].map((action) => seek(action)));
  expect(state.reads).toBe(1);
});

test("what is nowhere is sought again only after a while", async () => {
  const { state, seek } = ground(2);
  await seek("pack.new");
  await seek("pack.new");
  expect(state.reads).toBe(1);
  state.now = 5_000;
  await seek("pack.new");
  expect(state.reads).toBe(2);
});

test("content that cannot be read is no fault of who seeks", async () => {
  const { state, seek } = ground(9);
  state.fail = true;
  await expect(seek("pack.new")).resolves.toBeUndefined();
});
