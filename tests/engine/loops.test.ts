/** Rules that go round: what they start makes them fire again. */
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resetRuleBreaker, ruleBreakers } from "../../src/engine/rule-breakers.ts";
import { ingest } from "../../src/engine/ingest.ts";
import { eventually } from "../support/eventually.ts";
import { testEngine, type TestEngine, type TestEngineOptions } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

const ends = "core.st2.generic.actiontrigger";

function rule(name: string, trigger: string, more: object = {}) {
  return {
    ref: `p.${name}`,
    name,
    trigger: { type: trigger, parameters: {} },
    action: { ref: "core.noop", parameters: {} },
    ...more,
  };
}

const noop = { "core.noop": { runner: "noop" } };
/** `begins` fires on what comes from outside, `round` on every end, also of what it started itself. */
const round = { actions: noop, rules: [rule("begins", "x"), rule("round", ends)] };

let database: TestDatabase;
const engines: TestEngine[] = [];
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function open(options: TestEngineOptions): TestEngine {
  const engine = testEngine(database.url, options);
  engines.push(engine);
  return engine;
}

const outside = { trigger: "x", source: "test", payload: { n: 1 } };

async function count(name: string, status: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from enforcement where rule = ${`p.${name}`} and status = ${status}`.execute(
    database.db,
  );
  return rows[0]?.count ?? 0;
}

async function reasons(name: string): Promise<readonly string[]> {
  const { rows } = await sql<{ reason: string }>`
    select failure_reason as reason from enforcement where rule = ${`p.${name}`} and status = 'failed' order by enforced_at, id`.execute(
    database.db,
  );
  return rows.map(({ reason }) => reason);
}

async function refused(name: string, times: number): Promise<readonly string[]> {
  return eventually(`${times} refusals of ${name}`, async () => {
    const found = await reasons(name);
    return found.length >= times && found;
  });
}

async function pending(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from trigger_instance where status = 'pending'`.execute(
    database.db,
  );
  return rows[0]?.count ?? 0;
}

test("a rule that its own action fires goes round until the chain is too long; what is refused is told, and its event is kept", async () => {
  const { core } = open({ content: round, loops: { depth: 10, firings: 0 } });
  await ingest(core, [outside]);
  const [reason] = await refused("round", 1);
  expect(reason).toBe(
    "Not fired, to stop a loop: 10 rules fired one because of the other until this event came about, the last of them p.round",
  );
  expect(await count("round", "succeeded")).toBe(9);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from trigger_instance where trigger = ${ends} and status = 'processed'`.execute(
    database.db,
  );
  expect(rows[0]?.count).toBe(10);
});

test("a rule that goes round too often is held off what it leads to in all processes, fires on what comes from outside, and can be reset", async () => {
  const loops = { depth: 0, firings: 5 };
  const content = { ...round, rules: [...round.rules, rule("hears", "core.raicho.rule.held")] };
  const [one, other] = [
    open({ content, loops }),
    open({ content, loops: { ...loops, firings: 1_000 }, name: "other" }),
  ];
  await ingest(one.core, [outside]);
  const [first] = await refused("round", 1);
  expect(first).toBe(
    "Not fired, to stop a loop: rule p.round fired 6 times within 60 s because of what it had started; it is held off what it leads to for 600 s or until it is reset",
  );
  const [breaker] = await eventually("the breaker", async () => {
    const found = await ruleBreakers(one.core, { all: false });
    return found.length === 1 && found;
  });
  expect(breaker).toMatchObject({ rule: "p.round", firings: 6, seconds: 60, reset_at: null });
  expect(Date.parse(breaker?.until ?? "")).toBeGreaterThan(Date.now() + 500_000);
  await eventually("the telling", async () => (await count("hears", "succeeded")) === 1);
  // `hears` ended, too: an end from outside of the circle.
  await refused("round", 2);
  const before = await count("round", "succeeded");
  await other.core.breaker.refresh();
  await ingest(other.core, [outside]);
  const told = await refused("round", 3);
  expect(told[2]).toContain(
    "went round and is held off what it leads to until its breaker is reset",
  );
  expect(await count("round", "succeeded")).toBe(before + 1);
  expect(await count("begins", "succeeded")).toBe(2);

  await resetRuleBreaker(other.core, breaker?.id ?? "", "sato");
  await one.core.breaker.refresh();
  await ingest(one.core, [outside]);
  await refused("round", 4);
  expect(await count("round", "succeeded")).toBeGreaterThan(before + 2);
  expect((await ruleBreakers(one.core, { all: true })).map((each) => each.reset_by)).toContain(
    "sato",
  );
  await expect(resetRuleBreaker(one.core, breaker?.id ?? "", "sato")).rejects.toThrow(
    "There is no open breaker",
  );
  await expect(resetRuleBreaker(one.core, "x", "sato")).rejects.toThrow("There is no open breaker");
});

test("its time over, a rule may fire again; one that still goes round is held off anew", async () => {
  const { core } = open({ content: round, loops: { depth: 0, firings: 5, hold: 2 } });
  await ingest(core, [outside]);
  await refused("round", 1);
  await eventually("its end", async () => {
    await core.breaker.refresh();
    return (
      (await ruleBreakers(core, { all: true })).length === 1 &&
      (await ruleBreakers(core, { all: false })).length === 0
    );
  });
  await ingest(core, [outside]);
  await refused("round", 2);
  const all = await eventually("another breaker", async () => {
    const found = await ruleBreakers(core, { all: true });
    return found.length === 2 && found;
  });
  expect(all.map((each) => each.rule)).toEqual(["p.round", "p.round"]);
});

test("rules that fire each other do not multiply", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const content = {
    actions: noop,
    rules: [rule("begins", "x"), ...names.map((name) => rule(name, ends))],
  };
  const { core } = open({ content, loops: { firings: 3 } });
  await ingest(core, [outside]);
  await Promise.all(names.map((name) => refused(name, 1)));
  await eventually("quiet", async () => {
    const [open_, before] = [await pending(), await count("a", "succeeded")];
    return open_ === 0 && before === (await count("a", "succeeded")) && core.pump.depth() === 0;
  });
  const fired = await Promise.all(names.map((name) => count(name, "succeeded")));
  await ingest(core, [outside]);
  const now = await eventually("one more firing of each", async () => {
    const times = await Promise.all(names.map((name) => count(name, "succeeded")));
    return times.every((each, n) => each > (fired[n] ?? 0)) && times;
  });
  expect(now).toEqual(fired.map((times) => times + 1));
});

test("a rule without a circle is never held off, however often it fires", async () => {
  const { core } = open({
    content: { actions: noop, rules: [rule("begins", "x")] },
    loops: { firings: 3 },
  });
  await ingest(
    core,
    Array.from({ length: 500 }, () => outside),
  );
  expect(await count("begins", "succeeded")).toBe(500);
  expect(await count("begins", "failed")).toBe(0);
});

test("a chain of twenty rules, each fired by the end of the one before, runs to its end", async () => {
  const steps = Array.from({ length: 20 }, (_, n) => n);
  const { core } = open({
    content: {
      actions: Object.fromEntries(steps.map((n) => [`p.a${n}`, { runner: "noop" }])),
      rules: [
        rule("begins", "x", { action: { ref: "p.a0", parameters: {} } }),
        ...steps.slice(1).map((n) =>
          rule(`r${n}`, ends, {
            criteria: { "trigger.action_ref": { type: "equals", pattern: `p.a${n - 1}` } },
            action: { ref: `p.a${n}`, parameters: {} },
          }),
        ),
      ],
    },
  });
  await ingest(core, [outside]);
  await eventually("the last", async () => (await count("r19", "succeeded")) === 1);
  for (const n of steps.slice(1)) expect(await count(`r${n}`, "succeeded")).toBe(1);
  expect(await ruleBreakers(core, { all: true })).toEqual([]);
});
