/** Questions to people: who may answer, with what, and until when. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { User } from "../../src/engine/auth.ts";
import { sweep } from "../../src/engine/sweep.ts";
import { testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let engine: TestEngine;
let door: TestDoor;

const answers = [
  { resource: undefined, permissions: ["inquiry_respond", "inquiry_view"] as const },
];
const users = new Map<string, User>(
  [
    { name: "admin", roles: ["admin"] },
    { name: "aya", roles: ["ops"], grants: answers },
    { name: "ben", roles: ["ops", "night"], grants: answers },
    { name: "chie", roles: ["night"], grants: answers },
  ].map((user) => [user.name, user]),
);

beforeAll(async () => {
  database = await testDatabase();
  engine = testEngine(database.url, {
    content: {
      actions: { "core.ask": { runner: "inquirer" } },
      workflows: {
        "test.flow": `
version: 1.0
input: [ttl]
output: [{ said: <% ctx(said) %> }]
tasks:
  ask:
    action: core.ask
    input: { ttl: <% ctx(ttl) %>, route: night }
    next:
      - when: <% succeeded() %>
        publish: [{ said: <% result().response %> }]
      - when: <% failed() %>
        publish: [{ said: nothing }]
        do: noop
`,
      },
    },
  });
  door = testDoor(engine.core, users);
});

afterAll(async () => {
  door.close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function ask(
  user: string,
  [method, path]: readonly [method: string, path: string],
  body?: object,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const response = await fetch(`${door.url}/v1${path}`, {
    method,
    headers: { "content-type": "application/json", "x-auth-token": user },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function run(action: string, parameters: object): Promise<string> {
  const { status, body } = await ask("admin", ["POST", "/executions"], { action, parameters });
  expect(status).toBe(201);
  return String(body["id"]);
}

async function pending(parameters: object): Promise<string> {
  const id = await run("core.ask", parameters);
  await engine.ended(id, "pending");
  return id;
}

const answer = (user: string, id: string, response: unknown = { continue: true }) =>
  ask(user, ["PUT", `/inquiries/${id}`], { response });

const soon = { timeout: 60_000 };

test.each([
  [{}, ["admin", "aya", "ben", "chie"]],
  [{ users: ["aya"] }, ["aya"]],
  [{ roles: ["night"] }, ["ben", "chie"]],
  [{ users: ["aya", "ben"], roles: ["night"] }, ["ben"]],
  [{ users: ["nobody"] }, []],
])("%j may be answered by %j", soon, async (parameters, allowed) => {
  for (const user of users.keys()) {
    const id = await pending(parameters);
    const { status, body } = await answer(user, id);
    const refused = `User "${user}" does not have permission to respond to inquiry "${id}".`;
    expect([status, body["faultstring"]]).toEqual(
      allowed.includes(user) ? [200, undefined] : [403, refused],
    );
  }
});

test("an answer has to fit, and is given once", soon, async () => {
  const schema = {
    type: "object",
    properties: {
      count: { type: "integer", required: true, minimum: 1 },
      pin: { type: "string", secret: true },
    },
    additionalProperties: false,
  };
  const id = await pending({ schema, route: "night", ttl: 5, users: ["aya"] });
  expect((await ask("aya", ["GET", `/inquiries/${id}`])).body).toEqual({
    id,
    route: "night",
    ttl: 5,
    users: ["aya"],
    roles: [],
    schema,
  });
  for (const [response, words] of [
    [{}, "'count' is a required property"],
    [{ count: "1" }, "'1' is not of type 'integer'"],
    [{ count: 0 }, "0 is less than the minimum of 1"],
    [{ count: 1, more: 2 }, "Additional properties are not allowed ('more' was unexpected)"],
    [7, "7 is not of type 'object'"],
    [[1], "[1] is not of type 'object'"],
  ] as const) {
    const { status, body } = await answer("aya", id, response);
    expect(status).toBe(400);
    expect(body["faultstring"]).toContain(words);
  }
  expect(await ask("aya", ["PUT", `/inquiries/${id}`], {})).toMatchObject({ status: 400 });
  expect(await answer("aya", id, { count: 2, pin: "4711-4711" })).toMatchObject({ status: 200 });
  const { body } = await ask("admin", ["GET", `/executions/${id}`]);
  expect(body).toMatchObject({
    status: "succeeded",
    result: { response: { count: 2, pin: "********" } },
  });
  expect(await answer("aya", id, { count: 2 })).toMatchObject({
    status: 400,
    body: { faultstring: `Inquiry "${id}" has already been responded to.` },
  });
  expect(await ask("aya", ["GET", `/inquiries/${id}`])).toMatchObject({ status: 400 });
});

async function makeOlder(id: string, minutes: number): Promise<void> {
  const then = new Date(Date.now() - minutes * 60_000);
  await database.db
    .updateTable("execution")
    .set({ started_at: then, created_at: then })
    .where("id", "=", id)
    .execute();
}

test("a time to live ends a question, and none of zero does", soon, async () => {
  const [short, forever, long] = [
    await pending({ ttl: 1 }),
    await pending({ ttl: 0 }),
    await pending({ ttl: 2_000 }),
  ];
  for (const id of [short, forever, long]) await makeOlder(id, 1_500);
  await sweep(engine.core);
  await engine.ended(short, "timeout");
  expect(await answer("admin", short)).toMatchObject({
    status: 400,
    body: { faultstring: `Inquiry "${short}" timed out and cannot be responded to.` },
  });
  for (const id of [forever, long])
    expect(await answer("admin", id)).toMatchObject({ status: 200 });
});

async function leaveUnanswered(id: string): Promise<void> {
  await makeOlder(id, 10);
  await sweep(engine.core);
}

test(
  "a workflow rests for an answer and goes on with it, or with nothing in time",
  soon,
  async () => {
    for (const [response, said] of [
      [{ continue: false }, { continue: false }],
      [undefined, "nothing"],
    ] as const) {
      const flow = await run("test.flow", { ttl: 3 });
      await engine.ended(flow, "paused");
      const rows = await database.db
        .selectFrom("execution")
        .select("id")
        .where("parent", "=", flow)
        .where("status", "=", "pending")
        .execute();
      const id = rows[0]?.id ?? "";
      await (response === undefined ? leaveUnanswered(id) : answer("admin", id, response));
      expect(await engine.ended(flow)).toMatchObject({
        status: "succeeded",
        result: { output: { said } },
      });
      const told = await database.db
        .selectFrom("trigger_instance")
        .select(["payload", "trace"])
        .where("trigger", "=", "core.st2.generic.inquiry")
        .where("trace", "=", flow)
        .execute();
      expect(told).toEqual([{ payload: { id, route: "night" }, trace: flow }]);
    }
  },
);
