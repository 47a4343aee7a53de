import { afterAll, beforeAll, expect, test } from "vitest";
import { heartbeat } from "../../src/engine/hear.ts";
import { request } from "../../src/engine/request.ts";
import { testEngine, testRunner } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const soon = { timeout: 30_000 };
const instances = async (trigger: string) =>
  (
    await database.db
      .selectFrom("trigger_instance")
      .select(["payload", "trace_tag", "status"])
      .where("trigger", "=", trigger)
      .orderBy("occurred_at")
      .orderBy("id")
      .execute()
  ).map(({ payload, status, ...rest }): Record<string, unknown> => ({
    ...rest,
    matched: status,
    ...(payload as Record<string, unknown>),
  }));
const notified = () => instances("core.st2.generic.notifytrigger");

const runner = testRunner(({ parameters }) =>
  Promise.resolve(
    parameters["n"] === 13
      ? { status: "failed", result: { n: 13 } }
      : { status: "succeeded", result: { n: parameters["n"] } },
  ),
);
const notify = {
  "on-success": {
    routes: ["chat", "mail"],
    message: "{{ action_parameters.n }} gave {{ action_results.n }} for {{ action_context.user }}",
    data: { secret: "{{ action_parameters.password }}" },
  },
  "on-failure": { routes: ["pager"] },
  "on-complete": { routes: ["log"], message: "{{ nobody.knows }}" },
};
const parameters = { n: {}, password: { type: "string", secret: true } } as const;
const content = {
  actions: {
    "test.told": { runner: "test", parameters, notify },
    "test.quiet": { runner: "test", parameters },
  },
  workflows: {
    "test.flow": `
version: 1.0
input: [notify]
tasks:
  a: { action: test.told, input: { n: 1 }, next: [{ do: b }] }
  b: { action: test.told, input: { n: 2 }, next: [{ do: c }] }
  c: { action: core.noop }
`,
  },
  rules: [
    {
      trigger: { type: "core.st2.generic.actiontrigger", parameters: {} },
      criteria: { "trigger.action_ref": { type: "eq", pattern: "test.told" } },
    },
  ],
};

test("an end is told to every route, as StackStorm tells it, with secrets masked", async () => {
  await using engine = testEngine(database.url, { content, runners: [runner] });
  await heartbeat(engine.core, "worker");
  const id = await request(engine.core, {
    action: "test.told",
    parameters: { n: 7, password: "hush" },
    context: { user: "mia", trace_context: { trace_tag: "t1" } },
  });
  await engine.ended(id);
  const all = await notified();
  expect(all.map(({ route }) => route)).toEqual(["log", "chat", "mail"]);
  expect(all[1]).toMatchObject({
    execution_id: id,
    status: "succeeded",
    action_ref: "test.told",
    runner_ref: "test",
    channel: "chat",
    route: "chat",
    message: "7 gave 7 for mia",
    data: { secret: "********", result: '{"n":7}' },
    trace_tag: "t1",
    start_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{6}Z$/) as string,
    end_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{6}Z$/) as string,
  });
  // What cannot be rendered stays as it is written.
  expect(all[0]).toMatchObject({ message: "{{ nobody.knows }}" });
  const [action] = await instances("core.st2.generic.actiontrigger");
  expect(action).toMatchObject({
    execution_id: id,
    action_name: "told",
    parameters: { n: 7, password: "********" },
    start_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d [\d:.]+\+00:00$/) as string,
    result: { n: 7 },
  });
  await expect
    .poll(async () => (await instances("core.st2.generic.actiontrigger"))[0]?.["matched"], soon)
    .toBe("processed");
});

test("a failure, and an execution's own notification instead of the action's", async () => {
  await using engine = testEngine(database.url, { content, runners: [runner] });
  await heartbeat(engine.core, "worker");
  const before = (await notified()).length;
  const own = { "on-complete": { routes: ["mine"] } };
  for (const [action, context] of [
    ["test.told", {}],
    ["test.quiet", { notify: own }],
  ] as const)
    await engine.ended(
      await request(engine.core, { action, parameters: { n: 13 }, context: { ...context } }),
    );
  expect((await notified()).slice(before).map(({ route, message }) => [route, message])).toEqual([
    ["log", "{{ nobody.knows }}"],
    ["pager", "Action test.told failed."],
    ["mine", "Action test.quiet completed."],
  ]);
});

test("tasks of a workflow notify only where its parameter names them", async () => {
  await using engine = testEngine(database.url, { content, runners: [runner] });
  await heartbeat(engine.core, "worker");
  const before = (await notified()).length;
  const own = { "on-success": { routes: ["team"], message: "{{ action_results.n }}" } };
  const id = await request(engine.core, {
    action: "test.flow",
    parameters: { notify: ["b", "c"] },
    context: { notify: own },
  });
  await engine.ended(id);
  await expect.poll(async () => (await notified()).length - before, soon).toBe(3);
  const actions = (await notified()).slice(before).map(({ action_ref }) => String(action_ref));
  expect(new Set(actions)).toEqual(new Set(["core.noop", "test.flow", "test.told"]));
});
