import { expect, test } from "vitest";
import { forEach } from "../../src/store/stint.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Takes so many milliseconds of the event loop. */
function busy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test("short work is done at once, in order", () => {
  const done: number[] = [];
  expect(forEach([3, 1, 2], (n) => void done.push(n))).toBeUndefined();
  expect(done).toEqual([3, 1, 2]);
});

test("long work lets others have the event loop, and keeps its order", async () => {
  const done: number[] = [];
  let others = 0;
  const ticking = setInterval(() => (others += 1), 0);
  const working = forEach(numbers(30), (n) => {
    busy(2);
    done.push(n);
  });
  expect(done.length).toBeLessThan(30);
  await working;
  clearInterval(ticking);
  expect(done).toEqual(numbers(30));
  expect(others).toBeGreaterThan(1);
});

test("what one of them waits for is waited for before the next, and its failure ends it", async () => {
  const done: string[] = [];
  const slowly = (n: number): Promise<void> | undefined => {
    done.push(`begin ${n}`);
    if (n !== 1) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        done.push("end 1");
        resolve();
      }),
    );
  };
  await forEach(numbers(3), slowly);
  expect(done).toEqual(["begin 0", "begin 1", "end 1", "begin 2"]);
  const failing = forEach(numbers(3), (n) => {
    done.push(`again ${n}`);
    return n === 1 ? Promise.reject(new Error("no")) : undefined;
  });
  await expect(failing).rejects.toThrow("no");
  expect(done).not.toContain("again 2");
});
