import { expect, test } from "vitest";
import { Lanes } from "../../src/engine/lanes.ts";

test("work of one name is done one after the other, of others beside it; a failure holds up nothing, and nothing is kept", async () => {
  const lanes = new Lanes();
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const first = lanes.run("a", async () => {
    await gate.promise;
    done.push("a1");
    throw new Error("broken");
  });
  const failed = first.catch((error: unknown) => (error instanceof Error ? error.message : ""));
  const second = lanes.run("a", () => Promise.resolve(void done.push("a2")));
  await lanes.run("b", () => Promise.resolve(void done.push("b1")));
  expect(done).toEqual(["b1"]);
  gate.resolve();
  await second;
  expect(await failed).toBe("broken");
  expect(done).toEqual(["b1", "a1", "a2"]);
  expect(lanes.size).toBe(0);
});
