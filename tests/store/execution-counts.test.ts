/** Counts of executions, kept by the statements that write them. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase, type Database } from "../../src/store/database.ts";
import {
  countExecutions,
  executionFacets,
  foldCounts,
  forgetSpans,
} from "../../src/store/execution-counts.ts";
import type { ExecutionFilter } from "../../src/store/execution-filter.ts";
import { listExecutions } from "../../src/store/execution-list.ts";
import { CommitPump } from "../../src/store/pump.ts";
import type { ExecutionRow } from "../../src/store/unit.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let place: TestDatabase;
let database: Database;
let pump: CommitPump;

beforeAll(async () => {
  place = await testDatabase();
  database = openDatabase(place.url, { max: 4 });
  pump = new CommitPump({ url: place.url });
  await add(1, 3_000);
});

afterAll(async () => {
  await pump.close();
  await database.close();
  await place.close();
});

/** Every fourth is a root with user, rule and trigger; the others are its tasks. Every tenth failed. */
async function add(from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, n) => from + n);
  await pump.commit({ executions: numbers.map((g) => row(g)) });
}

const idOf = (g: number): string => g.toString(16).padStart(8, "0").padEnd(24, "0");

function row(g: number): ExecutionRow {
  const root = g % 4 === 0;
  const rule = { name: `p.r${g % 5}` };
  const context = { user: `u${g % 3}`, rule, trigger_instance: { name: `p.t${g % 2}` } };
  return {
    id: idOf(g),
    action: g % 1_000 === 999 ? "p.seldom" : `p.a${g % 7}`,
    runner: g % 7 === 3 ? "noop" : "python-script",
    status: g % 10 === 0 ? "failed" : "succeeded",
    parameters: {},
    context: root ? context : {},
    ...(root ? {} : { parent: idOf(g - (g % 4)) }),
    task_key: `t${g}`,
    fence: 1,
    attempt: 1,
    delivered: true,
    started: true,
    ended: true,
  };
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
  { action: "p.seldom" },
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
  await sql`update execution set status = 'canceled' where id < ${idOf(64)}`.execute(database.db);
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
  expect(facets.action).toHaveLength(8);
});

/** Along all ids, whatever is known of when something occurs. */
async function expectPages(filter: ExecutionFilter, column: string): Promise<void> {
  const { rows: all } = await sql<{ id: string }>`
    select id from execution e where ${sql.raw(column)} order by id desc`.execute(database.db);
  const found: string[] = [];
  for (let offset = 0; offset === found.length; offset += 40) {
    const page = await listExecutions(database.db, filter, { limit: 40, offset });
    expect(page.total).toBe(all.length);
    found.push(...page.rows.map(({ id }) => id));
  }
  expect(found).toEqual(all.map(({ id }) => id));
  const [last] = (
    await listExecutions(database.db, filter, { limit: 1, offset: 0, order: "oldest" })
  ).rows;
  expect(last?.id).toBe(all.at(-1)?.id);
}

async function expectAllPages(): Promise<void> {
  await expectPages({ action: "p.seldom" }, "action = 'p.seldom'");
  await expectPages({ action: "p.a3" }, "action = 'p.a3'");
  await expectPages({ user: "u1" }, "context ->> 'user' = 'u1'");
  await expectPages({ rule: "r2" }, "context #>> '{rule,name}' = 'p.r2'");
  await expectPages({ runner: "noop" }, "runner = 'noop'");
  await expectPages({ action: "nothing" }, "false");
}

test("what is looked for by action, user and rule is found span by span, also while nothing is folded and after a recount", async () => {
  await add(20_000, 20_300);
  await expectAllPages();
  await foldCounts(database.db);
  await expectAllPages();
  await sql`select raicho_recount()`.execute(database.db);
  await expectAllPages();
  await expectTruth();
  await sql`delete from execution where id < ${idOf(2_000)}`.execute(database.db);
  await forgetSpans(database.db);
  const { rows } = await sql<{
    first: string;
  }>`select min(span) as first from execution_when`.execute(database.db);
  expect(rows[0]?.first).toBe(idOf(2_000).slice(0, 6));
  await expectAllPages();
});

async function deliver(n: number, key: string): Promise<void> {
  const instance = idOf(900_000 + n);
  const given = { id: instance, trigger: "p.t", payload: {}, source: "s", dedupe_key: key };
  await pump.commit({
    instances: [{ ...given, status: "processed" }],
    executions: [{ ...row(30_000 + n * 4), instance }],
  });
}

test("executions of a delivery that was known already are not counted", async () => {
  const before = await countExecutions(database.db, {});
  await deliver(1, "a");
  await deliver(2, "a");
  await Promise.all([3, 4, 5, 6].map((n) => deliver(n, n % 2 === 0 ? "b" : "c")));
  expect(await countExecutions(database.db, {})).toBe(before + 3);
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
