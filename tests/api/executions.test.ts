/** `/executions` of a real engine, over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { plainRequest, type Answer } from "../support/raicho.ts";

const retried = `
version: 1.0
tasks:
  first:
    action: core.noop
    next:
      - when: <% succeeded() %>
        do: second
  second:
    action: test.sometimes
    next:
      - when: <% succeeded() %>
        do: third
  third:
    action: core.noop
output:
  - done: <% task(third).status %>
`;
const asking = `
version: 1.0
tasks:
  ask:
    action: test.hold
    next:
      - do: after
  after:
    action: core.noop
`;

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly parameters?: Record<string, unknown>;
  readonly context: Record<string, unknown>;
  readonly children?: readonly string[];
  readonly result?: unknown;
}

describe("executions", () => {
  let database: TestDatabase;
  let engine: TestEngine;
  let door: TestDoor;
  let works = false;
  let gate = Promise.withResolvers<void>();

  beforeAll(async () => {
    database = await testDatabase();
    const runner = testRunner(async ({ action, parameters }) => {
      if (action.ref === "test.hold") await gate.promise;
      if (action.ref === "test.sometimes" && !works)
        return { status: "failed", result: { error: "not yet" } };
      return { status: "succeeded", result: { echoed: parameters["text"] } };
    });
    engine = testEngine(database.url, {
      runners: [runner],
      content: {
        actions: {
          "test.echo": {
            runner: "test",
            parameters: {
              text: { type: "string", default: "" },
              pin: { type: "string", secret: true },
              fixed: { type: "string", default: "x", immutable: true },
            },
          },
          "test.sometimes": { runner: "test" },
          "test.hold": { runner: "test" },
        },
        workflows: { "test.retried": retried, "test.asking": asking },
      },
    });
    door = testDoor(engine.core);
  });

  afterAll(async () => {
    door.close();
    await engine[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
    plainRequest(`${door.url}/v1${path}`, { method, ...(body === undefined ? {} : { body }) });
  const run = async (action: string, parameters: unknown = {}): Promise<Shown> => {
    const { status, body } = await ask("POST", "/executions", { action, parameters });
    expect(status).toBe(201);
    return body as Shown;
  };
  const list = async (query: string): Promise<readonly Shown[]> =>
    (await ask("GET", `/executions?${query}`)).body as readonly Shown[];

  test("show what was given, without secrets, defaults and what nobody may give", async () => {
    const { id } = await run("test.echo", { text: "hi", pin: "1234" });
    await engine.ended(id);
    const { body } = await ask("GET", `/executions/${id}`);
    expect(body).toMatchObject({
      status: "succeeded",
      parameters: { text: "hi", pin: "********" },
      result: { echoed: "hi" },
      context: { user: "admin", pack: "test" },
    });
    expect((body as Shown).parameters).not.toHaveProperty("fixed");
    const { body: open } = await ask("GET", `/executions/${id}?show_secrets=true`);
    expect(open).toMatchObject({ parameters: { pin: "1234" } });
  });

  test("are filtered, paged and counted", async () => {
    for (const text of ["a", "b", "c"]) await engine.ended((await run("test.echo", { text })).id);
    const { headers, body } = await ask("GET", "/executions?action=test.echo&limit=2&offset=1");
    expect(headers.get("x-limit")).toBe("2");
    expect(Number(headers.get("x-total-count"))).toBeGreaterThanOrEqual(3);
    expect((body as readonly Shown[]).map(({ parameters }) => parameters?.["text"])).toStrictEqual([
      "b",
      "a",
    ]);
    expect(await list("status=failed&action=test.echo")).toStrictEqual([]);
    expect(await list("runner=test&user=nobody")).toStrictEqual([]);
    const since = "2020-01-01T00:00:00.000000Z";
    expect(await list(`timestamp_lt=${since}`)).toStrictEqual([]);
    const [oldest] = await list(`timestamp_gt=${since}&limit=1&include_attributes=id`);
    const [newest] = await list("limit=1&include_attributes=status");
    expect(Object.keys(oldest ?? {})).toStrictEqual(["id"]);
    expect(newest).toStrictEqual({ id: newest?.id, status: "succeeded" });
    expect((oldest?.id ?? "") < (newest?.id ?? "")).toBe(true);
    const [first, second] = await list("limit=2&sort_asc=true&include_attributes=id");
    expect(await list(`id=${first?.id},${second?.id}&include_attributes=id`)).toHaveLength(2);
  });

  test.each([
    ["limit=0", 'Limit, "0" specified, must be a positive number or -1 for full result set.'],
    ["limit=-5", 'Limit, "-5" specified, must be a positive number.'],
    ["offset=2147483648", 'Offset "2147483648" specified is more than 32-bit int'],
    ["timestamp_gt=zzz", "Datetime value does not match expected format."],
    ["include_attributes=zzz", "Invalid or unsupported include attribute specified: zzz"],
    ["exclude_attributes=action", "Invalid or unsupported exclude attribute specified: action"],
    [
      "include_attributes=id&exclude_attributes=id",
      "exclude_fields and include_fields arguments are mutually exclusive. You need to provide either one or another, but not both.",
    ],
    [
      "id=zzz",
      "'zzz' is not a valid ObjectId, it must be a 12-byte input or a 24-character hex string",
    ],
  ])("a list with %s is refused", async (query, faultstring) => {
    expect(await ask("GET", `/executions?${query}`)).toMatchObject({
      status: 400,
      body: { faultstring },
    });
  });

  test("run again, with other parameters or none of the old ones", async () => {
    const { id } = await run("test.echo", { text: "old", pin: "1" });
    await engine.ended(id);
    const again = await ask("POST", `/executions/${id}/re_run`, { parameters: { text: "new" } });
    expect(again).toMatchObject({
      status: 201,
      body: { parameters: { text: "new", pin: "********" }, context: { "re-run": { ref: id } } },
    });
    const bare = await ask("POST", `/executions/${id}/re_run?no_merge=true`, {});
    expect(bare.status).toBe(201);
    expect(bare.body).not.toHaveProperty("parameters");
    const tasks = await ask("POST", `/executions/${id}/re_run`, { tasks: ["t"] });
    expect(tasks.body).toStrictEqual({
      faultstring: "Task option is only supported for Orquesta workflows.",
    });
  });

  test("of workflows run their failed task again and go on from there", async () => {
    works = false;
    const { id } = await run("test.retried");
    expect(await engine.ended(id)).toMatchObject({ status: "failed" });
    const wrong = await ask("POST", `/executions/${id}/re_run`, { tasks: ["nope"] });
    expect(wrong.status).toBe(400);
    expect(wrong.body).toMatchObject({ faultstring: expect.stringContaining("nope") as string });
    const reset = { tasks: ["second"], reset: ["first"] };
    expect(await ask("POST", `/executions/${id}/re_run`, reset)).toMatchObject({
      status: 400,
      body: { faultstring: "List of tasks to reset does not match the tasks to rerun." },
    });
    works = true;
    const { status, body } = await ask("POST", `/executions/${id}/re_run`, { tasks: ["second"] });
    expect(status).toBe(201);
    const { id: again } = body as Shown;
    expect(again).not.toBe(id);
    expect(await engine.ended(again)).toMatchObject({
      status: "succeeded",
      result: { output: { done: "succeeded" } },
    });
    const { body: children } = await ask("GET", `/executions/${again}/children`);
    const tasks = (children as readonly Shown[]).map(({ context }) => context["orquesta"]);
    expect(tasks).toMatchObject([{ task_name: "second" }, { task_name: "third" }]);
    expect((await ask("GET", `/executions/${id}`)).body).toMatchObject({ status: "failed" });
  });

  test("are paused, resumed and canceled where that can be", async () => {
    gate = Promise.withResolvers<void>();
    const { id: held } = await run("test.hold");
    expect(await ask("PUT", `/executions/${held}`, { status: "pausing" })).toMatchObject({
      status: 400,
      body: {
        faultstring: expect.stringContaining(
          'because it is not supported by the "test" runner.',
        ) as string,
      },
    });
    const { id } = await run("test.asking");
    await engine.ended(id, "running");
    const paused = await ask("PUT", `/executions/${id}`, { status: "pausing" });
    expect(paused).toMatchObject({ status: 200, body: { id } });
    const early = await ask("PUT", `/executions/${id}`, { status: "married" });
    expect(early.body).toMatchObject({
      faultstring: expect.stringContaining("'married' is not one of ['requested'") as string,
    });
    await eventually("the conductor has heard of it", async () => {
      const steps = await database.db
        .selectFrom("journal")
        .select("entries")
        .where("execution_id", "=", id)
        .execute();
      return steps.some(({ entries }) => entries.includes("paus")) ? true : undefined;
    });
    gate.resolve();
    await engine.ended(id, "paused");
    expect((await ask("PUT", `/executions/${id}`, { status: "resuming" })).status).toBe(200);
    expect(await engine.ended(id)).toMatchObject({ status: "succeeded" });
    expect(await ask("DELETE", `/executions/${id}`)).toMatchObject({
      status: 200,
      body: { faultstring: "Action cannot be canceled. State = succeeded." },
    });
    expect(await ask("PUT", `/executions/${id}`, { status: "running" })).toMatchObject({
      status: 400,
      body: { faultstring: "Execution is already in completed state." },
    });
  });

  test("are ended from outside", async () => {
    gate = Promise.withResolvers<void>();
    const { id } = await run("test.hold");
    const settled = await ask("PUT", `/executions/${id}`, {
      status: "succeeded",
      result: { by: "hand" },
    });
    expect(settled).toMatchObject({ status: 200, body: { status: "succeeded" } });
    gate.resolve();
    expect(await engine.ended(id)).toMatchObject({ result: { by: "hand" } });
  });

  test("a body that does not call itself JSON is refused", async () => {
    const response = await fetch(`${door.url}/v1/executions`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: '{"action":"test.echo"}',
    });
    expect(response.status).toBe(400);
  });
});
