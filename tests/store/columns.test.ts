import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Columns, columnValues, recordset } from "../../src/store/columns.ts";
import { connect } from "../../src/store/database.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import type pg from "pg";

interface Row {
  readonly name?: string | undefined;
  readonly count?: number | undefined;
  readonly wide?: number | undefined;
  readonly part?: number | undefined;
  readonly good?: boolean | undefined;
  readonly value?: unknown;
  readonly kept?: unknown;
}

const columns: Columns<Row> = {
  name: "text",
  count: "int",
  wide: "bigint",
  part: "float8",
  good: "boolean",
  value: "json",
  kept: "document",
};

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  client = await connect(database.url, "columns");
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

async function through(rows: readonly Row[]): Promise<unknown[]> {
  const { rows: back } = await client.query<Record<string, unknown>>({
    name: "columns",
    text: `select * from ${recordset(columns, 1)} as r`,
    values: columnValues(columns, rows),
  });
  return back;
}

describe("rows as columns", () => {
  test("columns in which no row has a value are not sent, and are NULL all the same", async () => {
    const rows: readonly Row[] = [{}, { count: 2 }, {}];
    const [name, count, ...others] = columnValues(columns, rows);
    expect([name, count].map((value) => Buffer.isBuffer(value))).toEqual([true, true]);
    expect(others).toEqual([null, null, null, null, null]);
    const nothing = { name: null, wide: null, part: null, good: null, value: null, kept: null };
    expect(await through(rows)).toEqual(
      [null, 2, null].map((number) => ({ ...nothing, count: number })),
    );
  });

  test("come back as they were, in order, with NULL for what is missing", async () => {
    const rows: readonly Row[] = [
      {
        name: "ラック A-07 😀",
        count: -3,
        wide: 2 ** 50,
        part: 1.5,
        good: true,
        value: { a: [1] },
      },
      { name: "", value: "text", kept: ["x", null] },
      { name: `{"a",\\"b\\",NULL}\n\t'`, value: [], kept: "null" },
      {},
      { name: "NULL", good: false, value: 0, kept: { "": "é" } },
    ];
    expect(await through(rows)).toEqual(
      rows.map(({ name, count, wide, part, good, value, kept }) => ({
        name: name ?? null,
        count: count ?? null,
        wide: wide ?? null,
        part: part ?? null,
        good: good ?? null,
        value: value ?? null,
        kept: kept === undefined ? null : JSON.stringify(kept),
      })),
    );
  });

  test("what cannot be stored becomes replacement characters, in text and in documents", async () => {
    const [row] = await through([
      { name: "a\u0000b\uD83D", value: { s: "\u0000\uDC00", keep: "\\u0000" }, kept: "\u0000" },
    ]);
    expect(row).toMatchObject({
      name: "a\uFFFDb\uFFFD",
      value: { s: "\uFFFD\uFFFD", keep: "\\u0000" },
      kept: `"\uFFFD"`,
    });
  });

  test("long values and many rows stay whole", async () => {
    const rows = Array.from({ length: 3_000 }, (_, n) => ({
      name: "ん".repeat(n % 50),
      value: "x".repeat(n === 7 ? 2_000_000 : 3),
    }));
    const back = await through(rows);
    expect(back).toHaveLength(3_000);
    expect(back.every((row, n) => Reflect.get(Object(row), "name") === rows[n]?.name)).toBe(true);
    expect(back[7]).toMatchObject({ value: rows[7]?.value });
  });
});
