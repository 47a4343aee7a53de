/** Bringing a database up to date takes as long as its rows need; requests do not. */
import { sql } from "kysely";
import { expect, test } from "vitest";
import { migrate, openDatabase } from "../../src/store/database.ts";
import { testDatabase } from "../support/postgres.ts";

test("the time limit of statements is there again after the migrations", async () => {
  await using database = await testDatabase();
  const one = openDatabase(database.url, { max: 1 });
  const limits = async (): Promise<unknown> =>
    (
      await sql<{ limit: string }>`select current_setting('statement_timeout') as limit`.execute(
        one.db,
      )
    ).rows;
  const before = await limits();
  expect(before).not.toStrictEqual([{ limit: "0" }]);
  await migrate(one);
  expect(await limits()).toStrictEqual(before);
  await one.close();
});
