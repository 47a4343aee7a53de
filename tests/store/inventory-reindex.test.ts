/** What the write path keeps of derived rows is what `reindex` would make of the documents, and it makes them from nothing. */
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reindex } from "../../src/engine/inventory-reindex.ts";
import { InventoryError } from "../../src/inventory/problem.ts";
import { reindexAll } from "./inventory-state.ts";
import { author, refusal, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
});
afterAll(() => world[Symbol.asyncDispose]());

const tables = {
  entry: "id, name, search, grams, schema_version",
  edge: "src, attr, ord, label, dst",
  key: "type_id, key_name, key_value, entry_id",
  idx: "entry_id, type_id, attr, scope, d, ts, n, net, t",
} as const;

/** Everything that is derived, in an order of its own. */
async function derivedRows(): Promise<unknown> {
  const found: Record<string, unknown> = {};
  for (const [table, columns] of Object.entries(tables)) {
    const { rows } = await sql<{ line: string }>`
      select row(${sql.raw(columns)})::text as line from ${sql.raw(`inv.${table}`)} order by line`.execute(
      world.database.db,
    );
    found[table] = rows.map(({ line }) => line);
  }
  return found;
}

/** What nobody may see of a reindex: versions, history, events. */
async function traces(): Promise<unknown> {
  const { rows } = await sql`
    select (select count(*) from inv.revision) as revisions, (select count(*) from inv.event) as events,
      (select count(*) from inv.changeset) as changesets, (select sum(version) from inv.entry) as versions`.execute(
    world.database.db,
  );
  return rows;
}

const hostnames = ["a1", "b2", "c3", "東京-d4"].map((name) => name.replace("東京-", "tokyo-"));
const deed = fc.record({
  what: fc.constantFrom("put", "put", "put", "remove", "restore", "revert"),
  who: fc.nat({ max: hostnames.length - 1 }),
  set: fc.record(
    {
      serial: fc.constantFrom("S1", "S2", "S3", null),
      rack: fc.constantFrom({ name: "A-07", room: { site: "TYO7", name: "1F" } }, null),
      aliases: fc.constantFrom(["x", "y"], ["y"], ["y", "y"], null),
      primary_ip: fc.constantFrom("10.1.2.3", null),
      purchased: fc.constantFrom("2020-10-01", "2023-10-01", null),
      note: fc.constantFrom("六本木の機器", "大阪", null),
      service: fc.constantFrom("shop", null),
      status: fc.constantFrom("active", "failed"),
    },
    { requiredKeys: [] },
  ),
});

async function act({ what, who, set }: typeof deed extends fc.Arbitrary<infer One> ? One : never) {
  const hostname = hostnames[who] ?? "";
  if (what === "put") return world.upsert({ type: "Device", set: { hostname, ...set } });
  const { rows } = await sql<{ id: string }>`
    select id from inv.entry where name = ${hostname} order by id desc limit 1`.execute(
    world.database.db,
  );
  const id = rows[0]?.id;
  if (id === undefined) return undefined;
  const { inventory } = world;
  const work = {
    remove: () => inventory.remove(id, { author }),
    restore: () => inventory.restore(id, author),
    revert: () => inventory.revert(id, { version: 1 }, { author }),
  };
  // Many of these cannot be done at that moment; what cannot leaves everything as it is.
  return work[what]().catch((error: unknown) => {
    if (!(error instanceof InventoryError)) throw error;
  });
}

test("after any writes reindex finds nothing to mend, and makes all of it from nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 12 }), async (deeds) => {
      for (const one of deeds) await act(one);
      const kept = await derivedRows();
      const before = await traces();
      expect(await reindexAll(world)).toMatchObject({ mended: 0, doubles: [] });
      expect(await derivedRows()).toEqual(kept);
      await sql`truncate inv.edge, inv.key, inv.idx`.execute(world.database.db);
      await sql`update inv.entry set search = 'x', grams = '{}', name = case when deleted_at is null then 'wrong' else name end`.execute(
        world.database.db,
      );
      const { mended, looked } = await reindexAll(world);
      expect(mended).toBe(looked);
      expect(await derivedRows()).toEqual(kept);
      expect(await traces()).toEqual(before);
    }),
    { numRuns: 25 },
  );
});

test("single rows that are wrong, too many or missing are found, and keys that went to the wrong entry", async () => {
  const made = await world.upsert(
    { type: "Device", set: { hostname: "wrong1", serial: "W1" } },
    { type: "Device", set: { hostname: "wrong2", serial: "W2", purchased: "2024-01-01" } },
    { type: "Device", set: { hostname: "right", serial: "W3" } },
  );
  const ids = made.map(({ id }) => id ?? "");
  const kept = await derivedRows();
  const { db } = world.database;
  await sql`update inv.key set entry_id = ${ids[1]}::uuid where key_value = 'w1'`.execute(db);
  await sql`update inv.idx set d = '1999-01-01' where entry_id = ${ids[1]}::uuid and d is not null`.execute(
    db,
  );
  await sql`insert into inv.idx (entry_id, type_id, attr, t) values (gen_random_uuid(), 1, 'serial', 'nobody')`.execute(
    db,
  );
  expect(await reindexAll(world)).toMatchObject({ mended: 3, doubles: [] });
  expect(await derivedRows()).toEqual(kept);
  expect(await reindexAll(world)).toMatchObject({ mended: 0 });
});

test("a key in the documents of two entries stays with one, and is told", async () => {
  const [one, two] = await world.upsert(
    { type: "Device", set: { hostname: "double1", serial: "D1" } },
    { type: "Device", set: { hostname: "double2", serial: "D2" } },
  );
  await sql`update inv.entry set doc = doc || '{"serial": "D1"}' where id = ${two?.id}::uuid`.execute(
    world.database.db,
  );
  expect((await reindexAll(world)).doubles).toEqual([
    { key: "serial", value: "d1", holder: one?.id, entry: two?.id },
  ]);
});

test("pieces follow each other, and a wrong place is refused", async () => {
  const wrong = await refusal(reindex(world.inventory.workshop, "nowhere"));
  expect(wrong.message).toContain("expected the id where the piece before ended");
  const last = await reindex(world.inventory.workshop, "ffffffff-ffff-ffff-ffff-ffffffffffff");
  expect(last).toMatchObject({ looked: 0, next: null });
});
