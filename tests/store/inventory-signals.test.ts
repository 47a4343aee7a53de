/** News of claims, of dates and of changesets reach the ledger once, with two dispatchers that die again and again. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inventoryExpiry } from "../../src/engine/inventory-expiry.ts";
import { inventoryFeed } from "../../src/engine/inventory-feed.ts";
import { observeAll, readReport } from "../../src/engine/inventory-observe.ts";
import { inventorySignals } from "../../src/engine/inventory-signals.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Sensor, SensorContext } from "../../src/sensors/sensor.ts";
import { compileSources } from "../../src/inventory/sources.ts";
import { saveSignals } from "../../src/store/inventory/claims.ts";
import { bundledTypes, declaration } from "../inventory/types.ts";
import { eventually } from "../support/eventually.ts";
import { author, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  const types = bundledTypes();
  const document: JsonObject = { source: "asker", policy: "propose" };
  const { sources } = compileSources(
    [{ ...declaration("asker", "{}"), kind: "inventory-source" as const, document }],
    types,
  );
  await world.inventory.reload(types, sources);
});
afterAll(() => world[Symbol.asyncDispose]());

/** The ledger: instances unique by source and key, the cursor in the same transaction. It dies before or after committing, every few calls. */
function dying(chance: () => boolean): SensorContext {
  const { database } = world;
  const emit: SensorContext["emit"] = async (events, cursor) => {
    await database.transaction(async (tx) => {
      for (const { trigger, payload, source, dedupeKey } of events)
        await sql`
          insert into trigger_instance (id, trigger, payload, source, dedupe_key, status)
          values (${String(process.hrtime.bigint())}, ${trigger}, ${JSON.stringify(payload)}::jsonb, ${source}, ${dedupeKey}, 'pending')
          on conflict do nothing`.execute(tx);
      if (chance()) throw new Error("killed before the commit");
      if (cursor !== undefined)
        await sql`
          insert into sensor_cursor (name, value) values (${cursor.name}, ${JSON.stringify(cursor.value)}::jsonb)
          on conflict (name) do update set value = excluded.value`.execute(tx);
    });
    if (chance()) throw new Error("killed after the commit");
  };
  const cursor: SensorContext["cursor"] = async (name) => {
    const { rows } = await sql<{ value: unknown }>`
      select value from sensor_cursor where name = ${name}`.execute(database.db);
    return rows[0]?.value;
  };
  return { emit, cursor, log: () => undefined, now: () => new Date("2026-04-01T00:00:00Z") };
}

/** A dispatcher that is started again whenever it dies, until it is stopped for good. */
function kept(make: () => Sensor, context: SensorContext): () => Promise<void> {
  const end = new AbortController();
  const ended = new Promise<void>((resolve) => {
    end.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const run = async (): Promise<void> => {
    const sensor = make();
    await sensor.start(context);
    await Promise.race([sensor.failed.catch(() => undefined), ended]);
    await sensor.stop();
    if (!end.signal.aborted) await run();
  };
  const running = run();
  return async () => {
    end.abort();
    await running;
  };
}

const instances = async (): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await sql<{ trigger: string; n: number }>`
    select trigger, count(*)::int as n from trigger_instance group by trigger`.execute(
    world.database.db,
  );
  return new Map(rows.map(({ trigger, n }) => [trigger, n]));
};

const role = (n: number, title: string) => ({ type: "Role", set: { code: `r${n}`, title } });

test("each once, whoever dies", async () => {
  const { db } = world.database;
  const rounds = 40;
  let calls = 0;
  const context = dying(() => (calls += 1) % 3 === 0);
  const ground = { db, known: () => world.inventory.known };
  const makers: readonly (() => Sensor)[] = [
    () => inventorySignals(db),
    () => inventoryFeed({ ...ground, pollMs: 5 }),
    () => inventoryExpiry({ ...ground, timeZone: "UTC", pollMs: 5, restMs: 1 }),
  ];
  // Two of each.
  const dispatchers = [...makers, ...makers].map((make) => kept(make, context));
  for (let n = 0; n < rounds; n += 1) {
    await world.upsert(role(n, "here"));
    await world.upsert({
      type: "SupportContract",
      set: { contract_no: `K${n}`, end: "2026-04-05" },
    });
    const at = new Date(Date.UTC(2026, 3, 1) + n * 1_000).toISOString();
    const report = { source: "asker", items: [role(n, "there")], observed_at: at };
    await observeAll(world.inventory, readReport(report, at), author);
    await world.upsert(role(n, "there"));
    const payload = { entry: { id: `r${n}` }, attribute: "title" };
    await saveSignals(db, [{ trigger: "inventory.conflict.opened", payload }]);
  }
  const wanted = new Map([
    ["inventory.entry.created", 2 * rounds],
    ["inventory.entry.updated", rounds],
    ["inventory.changeset.committed", 3 * rounds],
    ["inventory.drift.detected", rounds],
    ["inventory.drift.resolved", rounds],
    ["inventory.conflict.opened", rounds],
    ["inventory.expiry.due", 3 * rounds],
  ]);
  await eventually(
    "everything to be told",
    async () => {
      const found = await instances();
      const missing = [...wanted].filter(([trigger, n]) => (found.get(trigger) ?? 0) < n);
      if (missing.length > 0) throw new Error(JSON.stringify([missing, [...found]]));
      return true;
    },
    { seconds: 60 },
  );
  await Promise.all(dispatchers.map((end) => end()));
  expect(Object.fromEntries(await instances())).toEqual(Object.fromEntries(wanted));
  expect(calls).toBeGreaterThan(100);
}, 120_000);
