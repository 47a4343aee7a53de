/** Rules that ask whether an entry fulfils a query: the answer, and rules that match by it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { saveFilter } from "../../src/engine/inventory-filter-saving.ts";
import { judgeEntry } from "../../src/engine/inventory-judge.ts";
import type { Criterion, RuleDefinition } from "../../src/model/definitions.ts";
import { decide } from "../../src/processes/ask.ts";
import { compileRules } from "../../src/rules/index.ts";
import { match } from "../../src/rules/match.ts";
import { rule } from "../rules/rules.ts";
import { answer, author, site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
let id = "";
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
  ({ id } = await world.inventory.find("Device", "web012"));
  await world.inventory.patch(id, { status: "failed" }, { author });
  await world.inventory.patch(id, { status: "active" }, { author });
  await saveFilter(
    world.inventory,
    { name: "broken", body: { type: "Device", where: { status: "failed" }, shared: true } },
    { actor: "sato", reason: undefined, maySharing: true },
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const holds = (entry: unknown, query: unknown) => judgeEntry(world.inventory, { entry, query });
const filter = { where: { $filter: "broken" } };
const yes = { holds: true };
const no = { holds: false };

test("own attributes count as the change left them", async () => {
  expect(await holds({ id, version: 2 }, filter)).toEqual(yes);
  expect(await holds({ id, version: 3 }, filter)).toEqual(no);
  expect(await holds({ id }, filter)).toEqual(no);
  expect(await holds({ id, version: 2 }, { type: "Rack", where: {} })).toEqual(no);
});

test("what follows references counts as it is now, and nothing of what is deleted", async () => {
  const site7 = { type: "Device", where: { "rack.room.site": "TYO7" } };
  expect(await holds({ id, version: 2 }, site7)).toEqual(yes);
  const { entry } = await world.inventory.create(
    "Device",
    { hostname: "gone1", status: "failed" },
    author,
  );
  await world.inventory.remove(entry.id, { author });
  expect(await holds({ id: entry.id, version: 1 }, filter)).toEqual(yes);
  expect(await holds({ id: entry.id, version: 1 }, site7)).toEqual(no);
});

test("machines are meant by their names, and nothing by what is no entry", async () => {
  const device = { type: "Device", where: {} };
  expect(await holds("web012", device)).toEqual(yes);
  for (const odd of ["nowhere", "", 7, null, {}, { id: "x" }])
    expect(await holds(odd, device)).toEqual(no);
});

test("what cannot be asked is an error with its reason", async () => {
  expect(await holds({ id, version: 1 }, { where: { $filter: "borken" } })).toEqual({
    error: 'there is no filter "borken"; did you mean broken?',
  });
  expect(await holds({ id, version: 1 }, { type: "Device", where: { hostnam: 1 } })).toMatchObject({
    error: expect.stringContaining("did you mean hostname?"),
  });
});

const updated = (name: string, criteria: RuleDefinition["criteria"]): RuleDefinition =>
  rule({ name, trigger: { type: "inventory.entry.updated", parameters: {} }, criteria });
const criteria = (entry: Criterion, op = "updated") => ({
  "trigger.op": { type: "eq", pattern: op },
  "trigger.entry": entry,
});

test("rules match by it, and only those are asked about whose other criteria hold", async () => {
  const rules = compileRules([
    updated("in", criteria({ type: "in_filter", pattern: "broken" })),
    updated("out", criteria({ type: "nin_filter", pattern: "broken" })),
    updated(
      "asks",
      criteria({ type: "fulfils", pattern: { type: "Device", where: { hostname: "web012" } } }),
    ),
    updated("odd", criteria({ type: "in_group", pattern: "nowhere" })),
    updated("never", criteria({ type: "in_filter", pattern: "other" }, "created")),
  ]);
  const asked: unknown[] = [];
  const event = {
    trigger: "inventory.entry.updated",
    parameters: {},
    payload: { op: "updated", entry: { id, name: "web012", version: 2 } },
  };
  const { matches, failures } = await decide(
    (ask) => match(rules, event, ask),
    (question) => {
      asked.push(question);
      return question.kind === "inventory"
        ? judgeEntry(world.inventory, question)
        : answer(question);
    },
  );
  expect(matches.map((one) => one.rule.ref)).toEqual(["p.in", "p.asks"]);
  expect(failures.map((one) => one.rule.ref)).toEqual(["p.odd"]);
  expect(failures[0]?.reason).toContain("group");
  // Both rules on the filter share one answer.
  expect(asked).toHaveLength(3);
});
