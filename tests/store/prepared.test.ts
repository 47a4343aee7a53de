/** Marked statements are kept by the connection, also when one of them fails. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { prepared } from "../../src/store/prepared.ts";
import { eventually } from "../support/eventually.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let server: TestDatabase;
let database: Database;
beforeAll(async () => {
  server = await testDatabase();
  database = openDatabase(server.url, { max: 1 });
});
afterAll(async () => {
  await database.close();
  await server[Symbol.asyncDispose]();
});

const kept = async (): Promise<readonly string[]> => {
  const { rows } = await sql<{ statement: string }>`
    select statement from pg_prepared_statements order by prepare_time`.execute(database.db);
  return rows.map(({ statement }) => statement);
};
const divided = async (by: number): Promise<number | undefined> => {
  const { rows } = await sql<{ result: number }>`${prepared}
    select 12 / ${by}::int as result`.execute(database.db);
  return rows[0]?.result;
};

test("what is marked is parsed once; what is not is not kept", async () => {
  await sql`select 1`.execute(database.db);
  expect([await divided(3), await divided(4)]).toEqual([4, 3]);
  const statements = await kept();
  expect(statements).toHaveLength(1);
  expect(statements[0]).toContain("select 12 / $1::int");
});

test("a refused value, and a transaction that is rolled back, leave it usable", async () => {
  await expect(divided(0)).rejects.toMatchObject({ code: "22012" });
  const broken = database.transaction(async (tx) => {
    await sql`${prepared}
      select ${"x"}::int as result`.execute(tx);
  });
  await expect(broken).rejects.toMatchObject({ code: "22P02" });
  expect(await divided(6)).toBe(2);
  expect(await kept()).toHaveLength(2);
});

test("one that cannot be parsed is not taken for a kept one", async () => {
  const wrong = () =>
    sql`${prepared}
      select * from nowhere_at_all`.execute(database.db);
  await expect(wrong()).rejects.toMatchObject({ code: "42P01" });
  await sql`create temporary table nowhere_at_all as select 1 as one`.execute(database.db);
  expect((await wrong()).rows).toEqual([{ one: 1 }]);
});

test("a plan for a small table is not kept for a large one", async () => {
  const { db } = database;
  await sql`create temporary table grown (id int primary key, filler text) with (autovacuum_enabled = off)`.execute(
    db,
  );
  await sql`insert into grown values (1, 'x')`.execute(db);
  await sql`analyze grown`.execute(db);
  const ask = async (): Promise<void> => {
    await sql`${prepared}
      select filler from grown where id = any(${[1, 2]}::int[])`.execute(db);
  };
  const plan = async (): Promise<string> => {
    const { rows: named } = await sql<{ name: string }>`
      select name from pg_prepared_statements where statement like '%select filler from grown%'`.execute(
      db,
    );
    const { rows } = await sql
      .raw(`explain (costs off) execute "${named[0]?.name ?? ""}" ('{1}')`)
      .execute(db);
    return JSON.stringify(rows);
  };
  for (let n = 0; n < 8; n += 1) await ask();
  expect(await plan()).toContain("Seq Scan");
  await sql`insert into grown select n, repeat('x', 500) from generate_series(2, 20000) n`.execute(
    db,
  );
  await eventually("it is planned anew", async () => {
    await ask();
    return (await plan()).includes("Index");
  });
});
