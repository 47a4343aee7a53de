import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { inventoryFeed } from "../../src/engine/inventory-feed.ts";
import { isObject } from "../../src/model/json.ts";
import type { NewEvent, SensorCursor } from "../../src/model/events.ts";
import type { LoopingSensor } from "../../src/sensors/looping-sensor.ts";
import type { SensorContext } from "../../src/sensors/sensor.ts";
import { feedStart, pruneFeed, readFeed, type FeedCursor } from "../../src/store/inventory/feed.ts";
import { closeAbandonedChangesets } from "../../src/store/inventory/write.ts";
import { eventually } from "../support/eventually.ts";
import { author, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
const feeds: LoopingSensor[] = [];
let wakeAll = (): void => undefined;
beforeEach(async () => {
  world = await testInventory(() => wakeAll());
});
afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
  wakeAll = () => undefined;
  await world[Symbol.asyncDispose]();
});

/** What the ledger's ingest does: instances unique by (source, dedupe key) and the cursor, in one transaction. `crash` is called inside it. */
function ledger(crash: () => void = () => undefined): SensorContext {
  const { database } = world;
  return {
    emit: (events: readonly NewEvent[], cursor?: SensorCursor) =>
      database.transaction(async (tx) => {
        const rows = events.map((event, n) => ({
          id: `${event.dedupeKey ?? ""}${n}${process.hrtime.bigint()}`,
          ...event,
        }));
        await sql`
          insert into trigger_instance (id, trigger, payload, source, dedupe_key, status)
          select id, trigger, payload, source, "dedupeKey", 'pending' from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
            as r(id text, trigger text, payload jsonb, source text, "dedupeKey" text)
          on conflict do nothing`.execute(tx);
        crash();
        await sql`
          insert into sensor_cursor (name, value) values (${cursor?.name}, ${JSON.stringify(cursor?.value)}::jsonb)
          on conflict (name) do update set value = excluded.value`.execute(tx);
      }),
    cursor: async (name) => {
      const { rows } = await sql<{
        value: unknown;
      }>`select value from sensor_cursor where name = ${name}`.execute(database.db);
      return rows[0]?.value;
    },
    log: () => undefined,
    now: () => new Date(0),
  };
}

async function startFeed(context = ledger(), pollMs = 60_000): Promise<LoopingSensor> {
  const feed = inventoryFeed({ db: world.database.db, known: () => world.inventory.known, pollMs });
  feeds.push(feed);
  wakeAll = () => {
    for (const one of feeds) one.wake();
  };
  await feed.start(context);
  return feed;
}

interface Instance {
  readonly trigger: string;
  readonly payload: Record<string, unknown>;
  readonly key: string;
}
const stored = async (): Promise<readonly Instance[]> => {
  const { rows } = await sql<Instance>`
    select trigger, payload, dedupe_key as key from trigger_instance where source = 'inventory' order by (payload->>'at')::timestamptz, dedupe_key`.execute(
    world.database.db,
  );
  return rows;
};
/** Those of entries. */
const instances = async () => (await stored()).filter(({ payload }) => isObject(payload["entry"]));
const changesets = async () =>
  (await stored()).filter(({ trigger }) => trigger === "inventory.changeset.committed");
const committed = async (): Promise<string[]> => {
  const { rows } = await sql<{
    key: string;
  }>`select xid::text || '-' || seq as key from inv.event where op <> 'C' order by 1`.execute(
    world.database.db,
  );
  return rows.map(({ key }) => key);
};
/** Transactions of other tests on this server hold the feed back for as long as they run. */
const patience = { timeout: 30_000, interval: 20 };
const allSeen = () =>
  vi.waitFor(
    async () =>
      expect((await instances()).map(({ key }) => key).toSorted()).toEqual(await committed()),
    patience,
  );
const allRead = (from: FeedCursor, count: number) =>
  eventually(`${count} events`, async () => {
    const page = await readFeed(world.database.db, from, 100);
    return page.rows.length >= count && page;
  });

describe("the change feed", () => {
  test("tells created, updated, deleted and restored, woken by the write itself", async () => {
    await startFeed();
    const { entry } = await world.inventory.create(
      "Person",
      { login: "kato", name: "加藤" },
      author,
    );
    await world.inventory.patch(entry.id, { phone: "0312345678" }, { author });
    await world.inventory.remove(entry.id, { author });
    await world.inventory.restore(entry.id, author);
    await allSeen();
    const seen = await instances();
    expect(seen.map(({ trigger }) => trigger)).toEqual(
      ["created", "updated", "deleted", "restored"].map((op) => `inventory.entry.${op}`),
    );
    expect(seen[1]?.payload).toMatchObject({
      type: "Person",
      op: "updated",
      entry: { id: entry.id, name: "加藤", version: 2 },
      changed: ["phone"],
      before: { login: "kato" },
      after: { login: "kato", phone: "0312345678" },
      changeset: { message: "棚卸し", ticket: "OPS-1", size: 1 },
      origin: { kind: "api", actor: "sato", depth: 0, rule_chain: [] },
    });
    expect(seen[2]?.payload).toMatchObject({ before: { phone: "0312345678" }, after: {} });
    expect(seen[3]?.payload).toMatchObject({ before: {}, after: { phone: "0312345678" } });
  });
  test("names the references that came and went", async () => {
    await world.upsert(...site);
    const device = await world.inventory.find("Device", "web012");
    await world.inventory.patch(device.id, { service: null, owner: "tanaka" }, { author });
    await startFeed();
    await allSeen();
    const last = (await instances()).at(-1)?.payload;
    expect(last).toMatchObject({
      refs: {
        added: [{ attribute: "owner", type: "Person", name: "田中花子" }],
        removed: [{ attribute: "service", type: "Service", name: "shop" }],
      },
    });
  });
  test("a change without effect is no event", async () => {
    await world.upsert(...site);
    const before = await committed();
    await world.upsert(...site);
    expect(await committed()).toEqual(before);
  });
  test("a transaction that numbers first and commits last is not skipped", async () => {
    await world.upsert({ type: "Role", set: { code: "a" } }, { type: "Role", set: { code: "b" } });
    const { db } = world.database;
    const { next: start } = await allRead(feedStart, 2);
    if (start === undefined) throw new Error("no feed");
    const gate = Promise.withResolvers<void>();
    const numbered = Promise.withResolvers<void>();
    const early = world.database.transaction(async (tx) => {
      await sql`insert into inv.event (entry_id, version, op) select entry_id, version, 'U' from inv.event where seq = 1`.execute(
        tx,
      );
      numbered.resolve();
      await gate.promise;
    });
    await numbered.promise;
    await world.upsert({ type: "Role", set: { code: "c" } });
    expect(await readFeed(db, start, 100)).toEqual({ rows: [], complete: [], next: undefined });
    gate.resolve();
    await early;
    const { rows } = await allRead(start, 2);
    expect(rows.map(({ name }) => name)).toEqual(["a", "c"]);
  });
  test("reaches the ledger once under two dispatchers that crash again and again", async () => {
    let calls = 0;
    const crashing = () => {
      calls += 1;
      if (calls % 3 === 0) throw new Error("killed");
    };
    const keepAlive = async (): Promise<void> => {
      const feed = await startFeed(ledger(crashing), 5);
      feed.failed.catch(() => (stopping ? undefined : void keepAlive()));
    };
    let stopping = false;
    await Promise.all([keepAlive(), keepAlive()]);
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 25; n += 1)
          await world.upsert({ type: "Role", set: { code: `r${writer}`, title: `t${n}` } });
      }),
    );
    await allSeen();
    stopping = true;
    expect(await committed()).toHaveLength(200);
    expect(calls).toBeGreaterThan(10);
  });
  test("starts after the cursor, and what was passed can be pruned", async () => {
    await world.upsert({ type: "Role", set: { code: "a" } });
    await startFeed();
    await allSeen();
    await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
    const cursor = await ledger().cursor("inventory.feed");
    if (!isObject(cursor)) throw new Error("no cursor");
    expect(
      await pruneFeed(world.database.db, {
        xid: String(cursor["xid"]),
        seq: String(cursor["seq"]),
      }),
    ).toBe(1);
    await startFeed();
    await world.upsert({ type: "Role", set: { code: "b" } });
    await vi.waitFor(
      async () =>
        expect(
          (await instances()).map(
            ({ payload }) => isObject(payload["entry"]) && payload["entry"]["name"],
          ),
        ).toEqual(["a", "b"]),
      patience,
    );
  });
  test("tells of a write of one entry, and of an import in many transactions, once each", async () => {
    await startFeed();
    const { entry } = await world.inventory.create("Role", { code: "one" }, author);
    const many = Array.from({ length: 2_300 }, (_, n) => ({
      type: n % 2 === 0 ? "Role" : "Environment",
      set: { code: `many${n}` },
    }));
    await world.upsert(...many, { type: "Role", set: { code: "one", title: "changed" } });
    await allSeen();
    await vi.waitFor(async () => expect(await changesets()).toHaveLength(2), patience);
    const [first, second] = await changesets();
    expect(first?.payload).toMatchObject({
      types: ["Role"],
      counts: { Role: { created: 1 } },
      changeset: { size: 1, message: "棚卸し", ticket: "OPS-1", reverts: null },
      origin: { actor: "sato", depth: 0 },
    });
    expect(second?.payload).toMatchObject({
      counts: { Environment: { created: 1_150 }, Role: { created: 1_150, updated: 1 } },
      changeset: { size: 2_301 },
    });
    expect(entry.version).toBe(1);
  });
  test("tells of an import whose last items were refused, and of one whose process was killed", async () => {
    await startFeed();
    const roles = Array.from({ length: 1_000 }, (_, n) => ({
      type: "Role",
      set: { code: `r${n}` },
    }));
    await world.upsert(...roles, { type: "Role", set: { nonsense: 1 } });
    await vi.waitFor(async () => expect(await changesets()).toHaveLength(1), patience);
    await world.upsert({ type: "Role", set: { code: "last" } });
    await vi.waitFor(async () => expect(await changesets()).toHaveLength(2), patience);
    await sql`update inv.changeset set open_at = now() - interval '1 hour'
      where id = (select changeset_id from inv.revision where name = 'last')`.execute(
      world.database.db,
    );
    await sql`delete from trigger_instance where payload->'counts'->'Role'->>'created' = '1'`.execute(
      world.database.db,
    );
    await closeAbandonedChangesets(world.database.db, 60);
    wakeAll();
    await vi.waitFor(async () => expect(await changesets()).toHaveLength(2), patience);
    expect(await committed()).toHaveLength(1_001);
  });
  test("puts aside what came about by too long a chain of causes", async () => {
    await startFeed();
    const cause = { execution: "e1", ruleChain: ["default.r@x"], changesets: [], depth: 9 };
    const { entry } = await world.inventory.create("Role", { code: "deep" }, { ...author, cause });
    await allSeen();
    expect(await stored()).toMatchObject([
      {
        trigger: "inventory.loop.suspected",
        payload: { trigger: "inventory.entry.created", entry: { id: entry.id } },
      },
      {
        trigger: "inventory.loop.suspected",
        payload: { trigger: "inventory.changeset.committed", origin: { depth: 9 } },
      },
    ]);
  });
  test("says when it can no longer work", async () => {
    const feed = await startFeed(
      ledger(() => {
        throw new Error("no ledger");
      }),
    );
    await world.upsert({ type: "Role", set: { code: "a" } });
    await expect(feed.failed).rejects.toThrow("no ledger");
    expect(await stored()).toEqual([]);
  });
});
