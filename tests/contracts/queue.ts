import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Listener,
  openQueue,
  type QueueOptions,
  type Ring,
  type WorkQueue,
} from "../../src/queue/queue.ts";

async function nothing(): Promise<void> {}

interface Heard {
  readonly heard: Promise<Ring[]>;
  readonly listener: Listener;
  readonly rings: Ring[];
}

/** Listens and resolves with the rings heard, once there are `count`. */
async function hear(
  queue: WorkQueue,
  count: number,
  { work = nothing, pools }: { work?: (ring: Ring) => Promise<void>; pools?: string[] } = {},
): Promise<Heard> {
  const rings: Ring[] = [];
  const { promise: heard, resolve: enough } = Promise.withResolvers<Ring[]>();
  const listener = await queue.listen({
    concurrency: 4,
    ...(pools === undefined ? {} : { pools }),
    onError: () => undefined,
    hear: async (ring) => {
      rings.push(ring);
      await work(ring);
      if (rings.length === count) enough(rings);
    },
  });
  return { heard, listener, rings };
}

function run(execution: string, pool?: string): Ring {
  return { name: "run", execution, attempt: 1, ...(pool === undefined ? {} : { pool }) };
}

function names(rings: readonly Ring[]): readonly string[] {
  return rings.map((ring) => (ring.name === "run" ? ring.execution : "")).toSorted();
}

/** What the doorbell must do, on whatever it runs. */
export function describeQueue(
  name: string,
  options: () => Promise<Omit<QueueOptions, "onError" | "prefix">>,
): void {
  describe(`${name} keeps the queue contract`, () => {
    let where: Omit<QueueOptions, "onError" | "prefix">;
    const queues: WorkQueue[] = [];
    let next = 0;
    const open = async (): Promise<WorkQueue> => {
      const queue = await openQueue({
        ...where,
        prefix: `contract${next++}`,
        onError: () => undefined,
      });
      queues.push(queue);
      return queue;
    };
    beforeAll(async () => {
      where = await options();
    });
    afterAll(async () => {
      await Promise.all(queues.map((queue) => queue.close()));
    });

    test("a ring is heard with its ids", async () => {
      const queue = await open();
      const { heard, listener } = await hear(queue, 2);
      await queue.ring([{ name: "run", execution: "e1", attempt: 1 }, { name: "match" }]);
      expect(await heard).toEqual(
        expect.arrayContaining([{ name: "run", execution: "e1", attempt: 1 }, { name: "match" }]),
      );
      await listener.close();
    });

    test("the same ring twice while it waits is heard once", async () => {
      const queue = await open();
      await queue.ring([{ name: "run", execution: "e1", attempt: 1 }]);
      await queue.ring([{ name: "run", execution: "e1", attempt: 1 }]);
      await queue.ring([{ name: "run", execution: "last", attempt: 1 }]);
      const { heard, listener } = await hear(queue, 2);
      expect((await heard).map((ring) => (ring.name === "run" ? ring.execution : ""))).toEqual([
        "e1",
        "last",
      ]);
      await listener.close();
    });

    test("a ring for a pool is heard where the pool is served, and waits until somebody does", async () => {
      const queue = await open();
      await queue.ring([run("e1", "zone=dc1"), run("e2", "zone=dc2"), run("e3")]);
      const plain = await hear(queue, 1);
      expect(names(await plain.heard)).toEqual(["e3"]);
      const both = await hear(queue, 3, { pools: ["zone=dc1", "default"] });
      await queue.ring([run("e4"), run("e5", "zone=dc1")]);
      await expect
        .poll(() => names([...plain.rings, ...both.rings]))
        .toEqual(["e1", "e3", "e4", "e5"]);
      expect(names(both.rings)).toEqual(expect.arrayContaining(["e1", "e5"]));
      const other = await hear(queue, 1, { pools: ["zone=dc2"] });
      expect(names(await other.heard)).toEqual(["e2"]);
      for (const { listener } of [plain, both, other]) await listener.close();
    }, 60_000);

    test("after it was heard, the same ring can be rung again", async () => {
      const queue = await open();
      const first = await hear(queue, 1);
      await queue.ring([{ name: "run", execution: "e1", attempt: 1 }]);
      await first.heard;
      await first.listener.close();
      const second = await hear(queue, 1);
      await queue.ring([{ name: "run", execution: "e1", attempt: 1 }]);
      expect(await second.heard).toHaveLength(1);
      await second.listener.close();
    });

    test("a delayed ring is heard not before its time", async () => {
      const queue = await open();
      const { heard, listener, rings } = await hear(queue, 2);
      const started = performance.now();
      await queue.ring([{ name: "run", execution: "late", attempt: 1, delayMs: 300 }]);
      await queue.ring([{ name: "run", execution: "soon", attempt: 1 }]);
      await heard;
      expect(performance.now() - started).toBeGreaterThanOrEqual(290);
      expect(rings.map((ring) => (ring.name === "run" ? ring.execution : ""))).toEqual([
        "soon",
        "late",
      ]);
      await listener.close();
    });

    test("what is due is heard beside a ring that waits by another clock", async () => {
      const queue = await open();
      const { heard, listener } = await hear(queue, 1);
      const late = { name: "run", execution: "late", attempt: 1 } as const;
      await queue.ring([{ ...late, delayMs: 3_600_000 }]);
      await queue.ring([late]);
      await queue.ring([{ ...late, due: true }]);
      expect(await heard).toEqual([late]);
      await listener.close();
    });

    test("a schedule ticks again and again", async () => {
      const queue = await open();
      const { heard, listener } = await hear(queue, 2);
      await queue.schedule("housekeeping", 100);
      expect((await heard)[0]).toEqual({ name: "tick", schedule: "housekeeping" });
      await listener.close();
    });

    test("a handler that fails does not stop the others", async () => {
      const queue = await open();
      const { heard, listener } = await hear(queue, 2, {
        work: async (ring) => {
          if (ring.name === "match") throw new Error("broken");
        },
      });
      await queue.ring([
        { name: "match" },
        { name: "run", execution: "e2", attempt: 3 },
        { name: "run", execution: "e3", attempt: 1 },
      ]);
      expect(await heard).toContainEqual({ name: "run", execution: "e2", attempt: 3 });
      await listener.close();
    });

    test("closing waits for the handler that runs", async () => {
      const queue = await open();
      const entered = Promise.withResolvers<undefined>();
      const released = Promise.withResolvers<undefined>();
      let done = false;
      const { listener } = await hear(queue, 1, {
        work: async () => {
          entered.resolve(undefined);
          await released.promise;
          done = true;
        },
      });
      await queue.ring([{ name: "match" }]);
      await entered.promise;
      const closed = listener.close();
      released.resolve(undefined);
      await closed;
      expect(done).toBe(true);
    });
  });
}
