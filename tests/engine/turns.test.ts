/** Fair sharing between rules when more waits than can run. */
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hear } from "../../src/engine/hear.ts";
import { ingest } from "../../src/engine/ingest.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

const rule = (name: string, trigger: string) => ({
  ref: `p.${name}`,
  name,
  trigger: { type: trigger, parameters: {} },
  action: { ref: `p.${name}`, parameters: {} },
});
const actions = { "p.flood": { runner: "test" }, "p.other": { runner: "test" } };
const content = { actions, rules: [rule("flood", "x"), rule("other", "y")] };

let database: TestDatabase;
const engines: TestEngine[] = [];
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function open(name: string, ran: string[] = [], slotCount = 1): TestEngine {
  const runner = testRunner(({ action, executionId }) => {
    ran.push(`${action.ref} ${executionId}`);
    return Promise.resolve({ status: "succeeded", result: {} });
  });
  const engine = testEngine(database.url, {
    content,
    name,
    slotCount,
    hears: false,
    runners: [runner],
  });
  engines.push(engine);
  return engine;
}

/** 120 executions of one rule wait since long, one of another comes last; gives them in the order in which they are rung for. */
async function backlog(): Promise<readonly string[]> {
  const { core } = open("door", [], 0);
  const event = { source: "test", payload: { n: 1 } };
  await ingest(
    core,
    Array.from({ length: 120 }, () => ({ ...event, trigger: "x" })),
  );
  await sql`update execution set created_at = created_at - interval '10 seconds'`.execute(
    database.db,
  );
  await ingest(core, [{ ...event, trigger: "y" }]);
  const { rows } = await sql<{ id: string }>`select id from execution order by id`.execute(
    database.db,
  );
  return rows.map(({ id }) => id);
}

test("a hundred executions of one rule do not hold up the one of another, and each of them runs once", async () => {
  const waiting = await backlog();
  const ran: string[] = [];
  const { core } = open("worker", ran);
  for (const execution of waiting) await hear(core, { name: "run", execution, attempt: 1 });
  expect(ran).toHaveLength(121);
  expect(new Set(ran).size).toBe(121);
  expect(ran.findIndex((each) => each.startsWith("p.other"))).toBeLessThan(3);
});

test("workers that take turns at the same time take each execution once", async () => {
  const waiting = await backlog();
  const ran: string[] = [];
  const workers = [open("one", ran), open("two", ran), open("three", ran)];
  await Promise.all(
    workers.map(async ({ core }, n) => {
      for (const [place, execution] of waiting.entries())
        if (place % workers.length === n) await hear(core, { name: "run", execution, attempt: 1 });
    }),
  );
  expect(new Set(ran).size).toBe(ran.length);
  expect(ran.findIndex((each) => each.startsWith("p.other"))).toBeLessThan(10);
  const { rows } = await sql<{ open: number }>`
    select count(*)::int as open from execution where status <> 'succeeded'`.execute(database.db);
  expect(rows[0]?.open).toBe(0);
});
