/** Requests with idempotency keys that are served together: each has its own key. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimKey } from "../../src/store/idempotency.ts";
import { type KeyedRequest, whileKeyed } from "../../src/store/keyed.ts";
import { author, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site, { type: "Prefix", set: { cidr: "10.8.0.0/24" } });
});
afterAll(() => world[Symbol.asyncDispose]());

async function keyed(key: string): Promise<KeyedRequest> {
  const mine = { scope: "user:sato", key, process: "here" };
  await claimKey(world.database.db, { ...mine, fingerprint: "f" });
  return { ...mine, told: false };
}

/** Another process has it now. */
async function lose({ key }: KeyedRequest): Promise<void> {
  const { db } = world.database;
  await db
    .updateTable("idempotency")
    .set({ process: "elsewhere" })
    .where("key", "=", key)
    .execute();
}

/** Keys that say that their request changed something, of those that begin so. */
async function changed(prefix: string): Promise<readonly string[]> {
  const rows = await world.database.db
    .selectFrom("idempotency")
    .select("key")
    .where("key", "like", `${prefix}%`)
    .where("changed", "=", true)
    .orderBy("key")
    .execute();
  return rows.map(({ key }) => key);
}

type Ways = Readonly<Record<string, (name: string, good: boolean) => Promise<unknown>>>;
const ways: Ways = {
  write: (name, good) =>
    world.inventory.create(
      "Device",
      { hostname: name, ...(good ? {} : { status: "brokn" }) },
      author,
    ),
  take: (name, good) =>
    world.inventory.allocate("IPAddress", good ? "10.8.0.0/24" : "10.99.0.0/24", {
      count: 1,
      size: undefined,
      set: {},
      author,
    }),
};

/** Each in the context of its own request, at once; gives who was served. */
async function together(
  way: (name: string, good: boolean) => Promise<unknown>,
  asked: readonly { name: string; key: KeyedRequest | undefined; good: boolean }[],
): Promise<readonly boolean[]> {
  const ends = await Promise.allSettled(
    asked.map(({ name, key, good }) =>
      whileKeyed(key === undefined ? [] : [key], () => way(name, good)),
    ),
  );
  return ends.map(({ status }) => status === "fulfilled");
}

test.each(Object.entries(ways))(
  "%s: every key is marked whose request changed something, whoever came first",
  async (kind, way) => {
    const names = Array.from({ length: 12 }, (_, n) => `${kind}${String(n).padStart(2, "0")}`);
    const asked = await Promise.all(
      names.map(async (name, n) => ({
        name,
        // The first one gave none, and one is refused.
        key: n === 0 ? undefined : await keyed(name),
        good: n !== 5,
      })),
    );
    const served = await together(way, asked);
    expect(served).toEqual(names.map((_, n) => n !== 5));
    expect(await changed(kind)).toEqual(names.filter((_, n) => n !== 0 && n !== 5));
  },
);

test.each(Object.entries(ways))(
  "%s: who lost its key is refused, and nobody with it",
  async (kind, way) => {
    const names = Array.from({ length: 8 }, (_, n) => `lost-${kind}${n}`);
    const asked = await Promise.all(
      names.map(async (name) => ({ name, key: await keyed(name), good: true })),
    );
    const [, , third] = asked;
    if (third !== undefined) await lose(third.key);
    const served = await together(way, asked);
    expect(served).toEqual(names.map((_, n) => n !== 2));
    expect(await changed(`lost-${kind}`)).toEqual(names.filter((_, n) => n !== 2));
  },
);
