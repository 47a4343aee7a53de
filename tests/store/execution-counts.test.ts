/** Counts of executions, kept by the statements that write them. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { countExecutions, executionFacets, foldCounts } from "../../src/store/execution-counts.ts";
import { listExecutions } from "../../src/store/execution-list.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let place: TestDatabase;
let database: Database;

beforeAll(async () => {
  place = await testDatabase();
  database = openDatabase(place.url, { max: 4 });
  await add(1, 3_000);
});

afterAll(async () => {
  await database.close();
  await place.close();
});

/** Every fourth is a root with user, rule and trigger; the others are its tasks. Every tenth failed. */
async function add(from: number, to: number): Promise<void> {
  await sql`
    insert into execution (id, action, runner, status, parameters, context, parent, task_key)
    select lpad(to_hex(g), 24, '0'), 'p.a' || (g % 7), case when g % 7 = 3 then 'noop' else 'python-script' end,
      case when g % 10 = 0 then 'failed' else 'succeeded' end, '{}',
      case when g % 4 = 0 then json_build_object('user', 'u' || (g % 3), 'rule', json_build_object('name', 'p.r' || (g % 5)),
        'trigger_instance', json_build_object('name', 'p.t' || (g % 2))) end,
      case when g % 4 = 0 then null else lpad(to_hex(g - g % 4), 24, '0') end, 't' || g
    from generate_series(${from}::int, ${to}::int) g`.execute(database.db);
}

const filters = [
  {},
  { root: true },
  { status: "failed" },
  { action: "p.a3" },
  { runner: "noop" },
  { user: "u1" },
  { rule: "p.r2" },
  { rule: "r2" },
  { trigger: "p.t0" },
  { status: "failed", action: "p.a3" },
  { user: "u1", rule: "p.r2", root: true },
  { action: "nothing" },
] as const;

/** Counted row by row. */
async function truth(filter: (typeof filters)[number]): Promise<number> {
  const { root, ...rest } = { root: false, ...filter };
  const { rows } = await listExecutions(
    database.db,
    { ...rest, ...(root ? { parent: null } : {}) },
    { limit: 50_000, offset: 0 },
  );
  return rows.length;
}

async function expectTruth(): Promise<void> {
  for (const filter of filters) {
    const told = await countExecutions(database.db, filter);
    expect({ filter, told }).toEqual({ filter, told: await truth(filter) });
  }
}

test("counts are exact before and after they are folded, whatever is written meanwhile", async () => {
  await expectTruth();
  await foldCounts(database.db);
  await expectTruth();
  await add(3_001, 3_100);
  await sql`update execution set status = 'canceled' where id < lpad('40', 24, '0')`.execute(
    database.db,
  );
  await sql`delete from execution where action = 'p.a5'`.execute(database.db);
  await expectTruth();
  await foldCounts(database.db);
  await expectTruth();
  expect(await countExecutions(database.db, { action: "p.a5" })).toBe(0);
  expect((await executionFacets(database.db)).action).not.toContain("p.a5");
});

test("what is undone is not counted", async () => {
  const before = await countExecutions(database.db, {});
  const undone = database.transaction(async (tx) => {
    await sql`delete from execution`.execute(tx);
    throw new Error("undone");
  });
  await expect(undone).rejects.toThrow("undone");
  expect(await countExecutions(database.db, {})).toBe(before);
});

test("a fold and writers do not lose each other's changes", async () => {
  const before = await countExecutions(database.db, {});
  await Promise.all([
    ...Array.from({ length: 10 }, (_, n) => add(10_000 + n * 20, 10_019 + n * 20)),
    ...Array.from({ length: 5 }, () => foldCounts(database.db)),
  ]);
  expect(await countExecutions(database.db, {})).toBe(before + 200);
});

test("facets are the values of the whole history", async () => {
  const facets = await executionFacets(database.db);
  expect(facets.status).toEqual(["canceled", "failed", "succeeded"]);
  expect(facets.runner).toEqual(["noop", "python-script"]);
  expect(facets.user).toEqual(["u0", "u1", "u2"]);
  expect(facets.rule).toEqual(["p.r0", "p.r1", "p.r2", "p.r3", "p.r4"]);
  expect(facets.trigger).toEqual(["p.t0"]);
  expect(facets.action).toHaveLength(7);
});

test("a list read page by page holds every row once, forwards and backwards", async () => {
  const { rows: all } = await listExecutions(database.db, {}, { limit: 50_000, offset: 0 });
  const expected = all.map(({ id }) => id);
  for (const order of ["newest", "oldest"] as const) {
    const found: string[] = [];
    for (let offset = 0; ; offset += 300) {
      const { rows, total } = await listExecutions(database.db, {}, { limit: 300, offset, order });
      expect(total).toBe(expected.length);
      found.push(...rows.map(({ id }) => id));
      if (rows.length < 300) break;
    }
    expect(found).toEqual(order === "newest" ? expected : expected.toReversed());
  }
});
