import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Inventory } from "../../src/engine/inventory.ts";
import { inventoryRunner } from "../../src/engine/inventory-runner.ts";
import { causeOfEvent } from "../../src/inventory/cause.ts";
import { isObject } from "../../src/model/json.ts";
import { describeRunner } from "../contracts/runner.ts";
import { runCall } from "../support/run-call.ts";
import { site, testInventory, type TestInventory } from "./inventory-site.ts";

let world: TestInventory;
beforeAll(async () => {
  world = await testInventory();
  await world.upsert(...site);
});
afterAll(() => world[Symbol.asyncDispose]());

/** The contract asks for the runner before the database is there. */
const late = new Proxy({} as Inventory, {
  get: (_, name) => {
    const value: unknown = Reflect.get(world.inventory, name);
    return typeof value === "function" ? value.bind(world.inventory) : value;
  },
});
const here = () => Promise.resolve(world.inventory);
describeRunner(() => inventoryRunner(() => Promise.resolve(late)), {
  succeeds: { parameters: { operation: "find_host", host: "web012" } },
  fails: { parameters: { operation: "get", type: "Device", name: "no-such-host" } },
  skip: {
    hangs: "ends in milliseconds by itself",
    floods: "bounded by the page size",
    family: "it starts nothing",
    gigabyte: "bounded by the page size",
    bytes: "the ledger holds text only",
    worker: "it starts nothing",
    secret: "its parameters hold no secrets",
  },
});

const run = (
  operation: string,
  parameters: Record<string, unknown>,
  context: Record<string, unknown> = { user: "rule-user" },
) =>
  inventoryRunner(here).run(
    runCall({ operation, ...parameters }, { context, executionId: "64f000000000000000000001" }),
  );

describe("the inventory's actions", () => {
  test("write with the execution's user, reason, ticket and chain of causes", async () => {
    const cause = causeOfEvent(
      {
        payload: {
          entry: { id: "e1" },
          changeset: { id: "0190a1b2-0000-7000-8000-000000000001" },
          origin: { depth: 0 },
        },
      },
      "default.r1",
    );
    const patched = await run(
      "patch",
      {
        type: "Device",
        name: "web012",
        attributes: { status: "failed" },
        reason: "disk",
        ticket: "OPS-7",
      },
      { user: "rule-user", inventory_cause: { ...cause } },
    );
    expect(patched).toMatchObject({ status: "succeeded", result: { result: "updated" } });
    const history = await run("history", { type: "Device", name: "web012", limit: 1 });
    expect(history.result).toMatchObject({
      revisions: [
        {
          actor: "rule-user",
          reason: "disk",
          ticket: "OPS-7",
          cause: {
            kind: "workflow",
            execution: "64f000000000000000000001",
            rule_chain: ["default.r1@e1"],
          },
        },
      ],
    });
  });
  test("run again after a lost worker, they find their work done", async () => {
    const item = { type: "Device", set: { hostname: "again1" } };
    expect(await run("upsert", item)).toMatchObject({
      result: { result: "created", entry: { name: "again1" } },
    });
    expect(await run("upsert", item)).toMatchObject({
      status: "succeeded",
      result: { result: "unchanged" },
    });
  });
  test("read and search", async () => {
    expect(
      await run("get", { type: "Rack", key: { room: { site: "TYO7", name: "1F" }, name: "A-07" } }),
    ).toMatchObject({ result: { name: "A-07", references: { room: { name: "1F" } } } });
    expect(await run("search", { type: "Device", where: { service: "shop" } })).toMatchObject({
      result: { entries: [{ name: "web012" }] },
    });
    expect(await run("find_owner", { host: "web012" })).toMatchObject({
      result: { kind: "team", leader: { jira_account: "a-1" } },
    });
    expect(await run("find_host", { host: "nowhere" })).toMatchObject({
      status: "succeeded",
      result: { found: false },
    });
  });
  test("delete and restore", async () => {
    const created = await run("upsert", { type: "Role", set: { code: "tmp" } });
    const id =
      isObject(created.result) && isObject(created.result["entry"])
        ? created.result["entry"]["id"]
        : undefined;
    expect(await run("delete", { type: "Role", name: "tmp" })).toMatchObject({
      result: { result: "deleted" },
    });
    expect(await run("restore", { id })).toMatchObject({ result: { result: "restored" } });
  });
  test("fail with a message, a code and details", async () => {
    expect(
      await run("upsert", { type: "Device", set: { hostname: "x1", positon: 1 } }),
    ).toMatchObject({
      status: "failed",
      result: {
        error: "The Device is not valid: Device has no attribute positon; did you mean position?",
        result: "invalid",
      },
    });
    expect(await run("get", {})).toMatchObject({
      status: "failed",
      result: { error: "which entry? Give id, or type with name or key" },
    });
    expect(await run("explode", {})).toMatchObject({
      status: "failed",
      result: { error: expect.stringContaining('operation is "explode"') },
    });
    expect(await run("find_host", { host: 7 })).toMatchObject({
      status: "failed",
      result: { error: "host is 7; expected text" },
    });
  });
});

test("every operation has an action file, and every file an operation", () => {
  const actions = globSync("packs/inventory/actions/*.yaml").map((file) => {
    const action: unknown = parse(readFileSync(file, "utf8"));
    return [basename(file, ".yaml"), action] as const;
  });
  for (const [name, action] of actions)
    expect(action).toMatchObject({
      name,
      runner_type: "inventory",
      parameters: { operation: { default: name, immutable: true } },
    });
  const { operation } = inventoryRunner(here).parameters;
  expect(new Set(actions.map(([name]) => name))).toEqual(new Set(operation?.enum));
  expect(actions).toHaveLength(operation?.enum?.length ?? 0);
});
