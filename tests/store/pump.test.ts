import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../src/store/database.ts";
import { CommitPump } from "../../src/store/pump.ts";
import type { ExecutionRow, InstanceRow, Unit } from "../../src/store/unit.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pump: CommitPump;
let counter = 0;

beforeAll(async () => {
  database = await testDatabase();
  pump = new CommitPump({ url: database.url });
});
afterAll(async () => {
  await pump.close();
  await database[Symbol.asyncDispose]();
});

const id = (): string => (++counter).toString(16).padStart(24, "0");
const execution = (more: Partial<ExecutionRow> = {}): ExecutionRow => ({
  id: id(),
  action: "core.noop",
  runner: "noop",
  status: "running",
  parameters: {},
  context: {},
  fence: 1,
  attempt: 1,
  delivered: true,
  started: true,
  ended: false,
  ...more,
});
const event = (dedupe_key?: string): Unit & { instances: [InstanceRow] } => ({
  instances: [
    {
      id: id(),
      trigger: "a.b",
      payload: { n: 1 },
      source: "test",
      status: "processed",
      ...(dedupe_key === undefined ? {} : { dedupe_key }),
    },
  ],
});
const statusOf = async (wanted: string): Promise<string | undefined> =>
  (
    await database.db
      .selectFrom("execution")
      .select("status")
      .where("id", "=", wanted)
      .executeTakeFirst()
  )?.status;

describe("commit pump", () => {
  test("a known delivery writes neither the instance nor what hangs on it", async () => {
    const first = event("m1");
    const second = event("m1");
    const other = event();
    const row = execution({ instance: second.instances[0].id });
    const belonging = execution({ instance: other.instances[0].id });
    expect((await pump.commit(first)).known.size).toBe(0);
    const enforcements = [
      {
        id: id(),
        trigger_instance_id: second.instances[0].id,
        rule: "test.r",
        status: "succeeded",
      } as const,
    ];
    // Both go with one flight.
    const [repeated] = await Promise.all([
      pump.commit({ ...second, enforcements, executions: [row] }),
      pump.commit({ ...other, executions: [belonging] }),
    ]);
    expect(repeated.known).toEqual(new Set([second.instances[0].id]));
    expect(await statusOf(row.id)).toBeUndefined();
    expect(await statusOf(belonging.id)).toBe("running");
    const written = await database.db
      .selectFrom("enforcement")
      .select("id")
      .where("trigger_instance_id", "=", second.instances[0].id)
      .execute();
    expect(written).toEqual([]);
  });

  test("one flight carries what arrived meanwhile, and a poison unit fails alone", async () => {
    const good = Array.from({ length: 200 }, () => execution());
    const twin = execution();
    const results = await Promise.allSettled([
      ...good.map((row) => pump.commit({ executions: [row] })),
      pump.commit({ executions: [twin, twin] }),
      ...good.slice(0, 5).map(() => pump.commit({ executions: [execution()] })),
    ]);
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(results[200]?.status).toBe("rejected");
    expect(await statusOf(twin.id)).toBeUndefined();
  });

  test("a unit of very many rows is written whole, and others have the event loop meanwhile", async () => {
    const rows = Array.from({ length: 6_000 }, (_, n) => execution({ parameters: { n } }));
    let others = 0;
    const ticking = setInterval(() => (others += 1), 0);
    await pump.commit({ executions: rows });
    clearInterval(ticking);
    expect(others).toBeGreaterThan(0);
    const { rows: found } = await sql<{ count: number; sum: number }>`
      select count(*)::int as count, sum((parameters ->> 'n')::int)::int as sum from execution
      where id between ${rows[0]?.id} and ${rows.at(-1)?.id}`.execute(database.db);
    expect(found).toEqual([{ count: 6_000, sum: (6_000 * 5_999) / 2 }]);
  });

  test("a change with an old fence undoes its whole unit", async () => {
    const row = execution({ fence: 2 });
    await pump.commit({ executions: [row] });
    const change = {
      id: row.id,
      status: "succeeded",
      result: 1,
      ended: true,
      delivered: true,
      released: true,
    } as const;
    const late = execution();
    await expect(
      pump.commit({ changes: [{ ...change, fence: 1 }], executions: [late] }),
    ).rejects.toMatchObject({ code: "RA001" });
    expect(await statusOf(late.id)).toBeUndefined();
    expect(await statusOf(row.id)).toBe("running");
    await pump.commit({ changes: [{ ...change, fence: 2 }] });
    await expect(pump.commit({ changes: [{ ...change, fence: 2 }] })).rejects.toMatchObject({
      code: "RA001",
    });
  });

  test("the same journal entry is never written twice", async () => {
    const entry = { execution_id: id(), seq: 1, entries: [{ kind: "x" }] };
    await pump.commit({ journal: [entry] });
    await expect(pump.commit({ journal: [entry] })).rejects.toMatchObject({ code: "23505" });
  });

  test("NUL and lone surrogates in a payload are stored as replacement characters", async () => {
    const unit = event();
    await pump.commit({
      instances: [
        {
          id: unit.instances[0].id,
          trigger: "a.b",
          source: "test",
          status: "processed",
          payload: { s: "a\u0000b\ud800", keep: "\\u0000" },
        },
      ],
    });
    const row = await database.db
      .selectFrom("trigger_instance")
      .select("payload")
      .where("id", "=", unit.instances[0].id)
      .executeTakeFirstOrThrow();
    expect(row.payload).toEqual({ s: "a\uFFFDb\uFFFD", keep: "\\u0000" });
  });

  test("a broken connection refuses plain units and carries persistent ones over, once", async () => {
    const rows = Array.from({ length: 50 }, () => execution());
    await pump.commit({ executions: [execution()] });
    const admin = await connect(database.url, "tests");
    const work = rows.map((row) => pump.commit({ executions: [row] }, { persistent: true }));
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'raicho pump%' and datname = current_database()",
    );
    await Promise.all(work);
    const { rows: found } = await admin.query(
      "select count(*) as n from execution where id = any($1)",
      [rows.map((row) => row.id)],
    );
    await admin.end();
    expect(found).toEqual([{ n: 50 }]);
  });

  test("a database that does not answer is an outage until it does; nothing of what waits is lost", async () => {
    const told: (string | undefined)[] = [];
    const impatient = new CommitPump({
      url: database.url,
      hangMs: 100,
      onOutage: (reason) => told.push(reason),
    });
    const other = await connect(database.url, "test lock");
    await other.query("begin; lock table execution in access exclusive mode");
    const row = execution();
    const kept = impatient.commit({ executions: [row] }, { persistent: true });
    const refused = {
      code: "LEDGER_DOWN",
      message: expect.stringContaining("no answer") as string,
    };
    await expect(impatient.commit({ executions: [execution()] })).rejects.toMatchObject(refused);
    expect([impatient.healthy(), impatient.knowsAll()]).toEqual([false, false]);
    await expect(impatient.commit(event())).rejects.toMatchObject({ code: "LEDGER_DOWN" });
    await other.query("commit");
    await other.end();
    await kept;
    expect([impatient.healthy(), impatient.knowsAll()]).toEqual([true, true]);
    expect(await statusOf(row.id)).toBe("running");
    expect(told).toEqual(["no answer within 0.1 s", undefined]);
    await impatient.close();
  });
});
