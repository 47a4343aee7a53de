import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { breakers, resetBreaker } from "../../src/engine/inventory-breakers.ts";
import { openEyes } from "../../src/engine/inventory-eyes.ts";
import { catalogue } from "../../src/inventory/catalogue.ts";
import { ingest } from "../../src/engine/ingest.ts";
import { rehearseEvent } from "../../src/engine/rehearse-event.ts";
import type { NewEvent } from "../../src/model/events.ts";
import { eventually } from "../support/eventually.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

const rule = (name: string, trigger: string) => ({
  ref: `p.${name}`,
  trigger: { type: trigger, parameters: {} },
  action: { ref: "core.noop", parameters: {} },
  name,
});
const content = {
  actions: { "core.noop": { runner: "noop" } },
  rules: [rule("loops", "inventory.entry.updated"), rule("hears", "inventory.breaker.opened")],
};

let database: TestDatabase;
let engine: TestEngine;
beforeEach(async () => {
  database = await testDatabase();
  engine = testEngine(database.url, { content });
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const ground = () => ({
  db: database.db,
  eyes: openEyes(() => catalogue(new Map(), new Map(), () => Promise.resolve(undefined))),
});

const entry = "0190a1b2-0000-7000-8000-000000000001";
let count = 0;
const change = (id = entry): NewEvent => {
  count += 1;
  return {
    trigger: "inventory.entry.updated",
    source: "inventory",
    dedupeKey: `7-${count}`,
    payload: { type: "Device", entry: { id, name: "web012" }, origin: { rule_chain: [] } },
  };
};
const enforcements = async (of: string, status: string) => {
  const { rows } = await sql<{ reason: string | null }>`
    select failure_reason as reason from enforcement where rule = ${of} and status = ${status} order by id`.execute(
    database.db,
  );
  return rows.map(({ reason }) => reason);
};

describe("the breaker of a rule and an entry", () => {
  test("holds a rule off an entry on which it fires too often, tells of it, and can be reset", async () => {
    const { core } = engine;
    for (let n = 0; n < 25; n += 1) await ingest(core, [change()]);
    await ingest(core, [change("0190a1b2-0000-7000-8000-000000000002")]);
    expect(await enforcements("p.loops", "succeeded")).toHaveLength(21);
    const refused = await enforcements("p.loops", "failed");
    expect(refused).toHaveLength(5);
    expect(refused[0]).toContain("rule p.loops fired 21 times within 60 s on entry");
    expect(refused[1]).toContain("is held off it until somebody resets its breaker");
    await eventually("the telling", async () => {
      const heard = await enforcements("p.hears", "succeeded");
      return heard.length === 1;
    });
    const [open] = await breakers(ground(), { all: false });
    expect(open).toMatchObject({ rule: "p.loops", entry: { id: entry }, firings: 21, seconds: 60 });
    expect(await rehearseEvent(core, "0".repeat(24), change())).toMatchObject([
      { rule: "p.loops", outcome: "fails", reason: expect.stringContaining("held off") },
    ]);
    await resetBreaker(ground(), open?.id ?? "", "sato");
    await core.breaker.refresh();
    await ingest(core, [change()]);
    expect(await enforcements("p.loops", "succeeded")).toHaveLength(22);
    expect(await breakers(ground(), { all: false })).toEqual([]);
    expect(await breakers(ground(), { all: true })).toMatchObject([{ reset_by: "sato" }]);
    await expect(resetBreaker(ground(), open?.id ?? "", "sato")).rejects.toThrow(
      "There is no open breaker",
    );
    await expect(resetBreaker(ground(), "x", "sato")).rejects.toThrow("expected a UUID");
  });
  test("is known to other processes, and a new process counts what the ledger says", async () => {
    for (let n = 0; n < 20; n += 1) await ingest(engine.core, [change()]);
    await using other = testEngine(database.url, { content, name: "other" });
    await other.core.breaker.refresh();
    await ingest(other.core, [change()]);
    expect(await enforcements("p.loops", "failed")).toHaveLength(1);
    await eventually(
      "the breaker",
      async () => (await breakers(ground(), { all: false })).length === 1,
    );
    await engine.core.breaker.refresh();
    await ingest(engine.core, [change()]);
    expect(await enforcements("p.loops", "failed")).toHaveLength(2);
  });
  test("does not count an event twice, nor events that are not the inventory's", async () => {
    const one = change();
    for (let n = 0; n < 30; n += 1) await ingest(engine.core, [one]);
    for (let n = 0; n < 30; n += 1) await ingest(engine.core, [{ ...change(), source: "webhook" }]);
    expect(await enforcements("p.loops", "failed")).toEqual([]);
    expect(await enforcements("p.loops", "succeeded")).toHaveLength(31);
  });
});
