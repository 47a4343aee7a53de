/** What templates of parameters see besides each other: the run's context and the pack's configuration. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Core } from "../../src/engine/core.ts";
import { plan } from "../../src/engine/launch.ts";
import { request } from "../../src/engine/request.ts";
import { release } from "../../src/engine/start.ts";
import { findExecution } from "../../src/store/executions.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let engine: TestEngine;

const template = (text: string) => ({ type: "string", default: text }) as const;
const actions = {
  "test.where": {
    runner: "test",
    parameters: { at: template("{{ action_context.user }}/{{ action_context.pack }}") },
  },
  "test.configured": {
    runner: "test",
    parameters: {
      url: template("{{ config_context.url }}"),
      key: template("{{ config_context.key }}"),
      mine: template("{{ config_context.nested.mine }}"),
    },
  },
  "test.plain": { runner: "test", parameters: { a: template("{{ b }}"), b: template("x") } },
};
const workflows = {
  "site.flow": `
version: 1.0
tasks:
  one: { action: test.where, next: [{ do: two }] }
  two: { action: core.noop }
`,
};

beforeAll(async () => {
  database = await testDatabase();
  const runner = testRunner(({ parameters }) =>
    Promise.resolve({ status: "succeeded", result: parameters }),
  );
  engine = testEngine(database.url, { runners: [runner], content: { actions, workflows } });
  const { packs } = engine.core.definitions().content;
  if (packs instanceof Map)
    packs.set("test", {
      ref: "test",
      name: "test",
      config: {
        url: "https://{{ st2kv.system.host }}/",
        key: "{{ st2kv.system.key }}",
        nested: { mine: "{{ st2kv.user.mine }}" },
      },
      configSchema: { key: { type: "string", secret: true } },
    });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function run(action: string): Promise<{ readonly id: string; readonly result: unknown }> {
  const core: Core = {
    ...engine.core,
    answer: (question, user) => {
      if (question.kind !== "datastore") return Promise.resolve(undefined);
      const place = question.name === "user.mine" ? `${user ?? "nobody"}'s` : question.name;
      return Promise.resolve(question.decrypt ? `open ${place}` : place);
    },
  };
  const id = await request(core, { action, parameters: {}, context: { user: "aya" } });
  return { id, result: (await engine.ended(id)).result };
}

test("the pack in the context is that of the action", async () => {
  expect((await run("test.where")).result).toEqual({ at: "aya/test" });
});

test("tasks have the pack of their own action, and the workflow's beside it", async () => {
  const { id } = await run("site.flow");
  const children = await database.db
    .selectFrom("execution")
    .select(["id", "action"])
    .where("parent", "=", id)
    .orderBy("id")
    .execute();
  const contexts = await Promise.all(
    children.map(async (child) => (await findExecution(engine.database.db, child.id))?.context),
  );
  expect(contexts).toMatchObject([
    { pack: "test", parent: { execution_id: id, pack: "site" } },
    { pack: "core", parent: { execution_id: id, pack: "site" } },
  ]);
});

test("the configuration is filled in from the datastore, in the name of who runs it", async () => {
  const { result } = await run("test.configured");
  expect(result).toEqual({ url: "https://system.host/", key: "open system.key", mine: "aya's" });
});

test("nothing is looked up for templates that do not read it", () => {
  const wish = { action: "test.plain", parameters: {}, context: {} };
  const launch = plan(engine.core, wish, (question) => {
    throw new Error(`asked for ${JSON.stringify(question)}`);
  });
  release(engine.core, [launch]);
  expect(launch.row).toMatchObject({ parameters: { a: "x", b: "x" } });
});
