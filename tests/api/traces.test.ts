/** What led to what, through the door and on the command line. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ingest } from "../../src/engine/ingest.ts";
import { testDoor, type TestDoor } from "../support/door.ts";
import { eventually } from "../support/eventually.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { runCli } from "../cli/run.ts";

let database: TestDatabase;
let engine: TestEngine;
let door: TestDoor;

const flow = `
version: 1.0
tasks:
  one: { action: test.step, next: [{ do: two }] }
  two: { action: test.inner }
`;
const inner = `
version: 1.0
tasks:
  deep: { action: test.deep }
`;

const listens = (action: string) => ({
  "trigger.action_ref": { type: "equals", pattern: action },
});

beforeAll(async () => {
  database = await testDatabase();
  const runner = testRunner(({ action }) =>
    Promise.resolve(
      action.ref === "test.bad"
        ? { status: "failed", result: {} }
        : { status: "succeeded", result: {} },
    ),
  );
  const step = { runner: "test" };
  const told = { type: "core.st2.generic.actiontrigger", parameters: {} };
  engine = testEngine(database.url, {
    runners: [runner],
    content: {
      actions: {
        "test.step": step,
        "test.deep": step,
        "test.after": step,
        "test.bad": step,
        "test.noted": { ...step, notify: { "on-complete": { routes: ["chat"] } } },
      },
      workflows: { "test.flow": flow, "test.inner": inner },
      rules: [
        { ref: "test.begin", action: { ref: "test.flow", parameters: {} } },
        {
          ref: "test.follow",
          trigger: told,
          criteria: listens("test.deep"),
          action: { ref: "test.after", parameters: {} },
        },
        {
          ref: "test.chat",
          trigger: { type: "core.st2.generic.notifytrigger", parameters: {} },
          action: { ref: "core.noop", parameters: {} },
        },
      ],
    },
  });
  door = testDoor(engine.core);
});

afterAll(async () => {
  door.close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Part {
  readonly object_id: string;
  readonly ref: string;
  readonly caused_by: { readonly type?: string; readonly id?: string };
}
interface Trace {
  readonly id: string;
  readonly trace_tag: string;
  readonly action_executions: readonly Part[];
  readonly rules: readonly Part[];
  readonly trigger_instances: readonly Part[];
}

const soon = { timeout: 60_000 };

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${door.url}/v1${path}`);
  expect(`${response.status} ${path}`).toBe(`200 ${path}`);
  return (await response.json()) as Answer;
}

async function run(body: object): Promise<{ readonly id: string; readonly context: unknown }> {
  const response = await fetch(`${door.url}/v1/executions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as { id: string; context: unknown };
}

/** The trace, once everything that has to follow is in it and has ended. */
const complete = (path: string, executions: readonly string[]): Promise<Trace> =>
  eventually(
    `a trace with ${executions.join(", ")}`,
    async () => {
      const found = await get<Trace | Trace[]>(path);
      const trace = Array.isArray(found) ? found[0] : found;
      const refs = trace?.action_executions.map(({ ref }) => ref).toSorted();
      return JSON.stringify(refs) === JSON.stringify(executions.toSorted()) ? trace : undefined;
    },
    { seconds: 30 },
  );

async function happened(tag?: string): Promise<string> {
  const event = { trigger: "test.event", payload: { n: 1 }, source: "test" };
  const [id] = await ingest(engine.core, [tag === undefined ? event : { ...event, traceTag: tag }]);
  return id ?? "";
}

const cli = (...words: string[]) =>
  runCli(["trace", ...words], { environment: { HOME: "/nonexistent", RAICHO_URL: door.url } });

test(
  "an event, its rule, the workflow, its tasks, and what a rule starts at the end of one of them are one trace",
  soon,
  async () => {
    const event = await happened();
    const wanted = ["test.flow", "test.step", "test.inner", "test.deep", "test.after"];
    const trace = await complete(`/traces/${event}`, wanted);
    expect(trace.id).toBe(event);
    expect(trace.trace_tag).toBe(`trigger_instance-${event}`);
    const of = (ref: string): Part => {
      const { action_executions, rules } = trace;
      const found = [...action_executions, ...rules].find((each) => each.ref === ref);
      if (found === undefined) throw new Error(`${ref} is not in the trace`);
      return found;
    };
    const told = trace.trigger_instances.find(
      ({ caused_by }) => caused_by.id === of("test.deep").object_id,
    );
    expect(trace.trigger_instances[0]).toMatchObject({
      object_id: event,
      ref: "test.event",
      caused_by: {},
    });
    expect(told).toMatchObject({
      ref: "core.st2.generic.actiontrigger",
      caused_by: { type: "action_execution" },
    });
    expect(of("test.begin").caused_by).toEqual({ type: "trigger_instance", id: event });
    expect(of("test.follow").caused_by).toEqual({ type: "trigger_instance", id: told?.object_id });
    expect(of("test.flow").caused_by).toEqual({
      type: "rule",
      id: `${of("test.begin").object_id}:${event}`,
    });
    expect(of("test.after").caused_by).toEqual({
      type: "rule",
      id: `${of("test.follow").object_id}:${told?.object_id ?? ""}`,
    });
    expect(of("test.deep").caused_by).toEqual({
      type: "action_execution",
      id: of("test.inner").object_id,
    });
    expect(of("test.inner").caused_by).toEqual({
      type: "action_execution",
      id: of("test.flow").object_id,
    });

    for (const [name, id] of [
      ["execution", of("test.after").object_id],
      ["execution", of("test.deep").object_id],
      ["trigger_instance", told?.object_id ?? ""],
      ["rule", of("test.follow").object_id],
      ["trace_tag", `trigger_instance-${event}`],
    ] as const) {
      const found = await get<Trace[]>(`/traces?${name}=${id}`);
      expect(found.map((each) => each.id)).toContain(event);
    }
    const after = await get<{ context: unknown }>(`/executions/${of("test.after").object_id}`);
    expect(after.context).toMatchObject({
      trace_context: { id_: event, trace_tag: `trigger_instance-${event}` },
    });

    const whole = await cli("get", event);
    expect(whole.out).toMatch(/trigger_instance +test\.event/);
    expect(whole.out).toMatch(/execution +test\.after/);
    const rules = await cli("get", event, "--show-rules");
    expect(rules.out).toContain("test.follow");
    expect(rules.out).not.toContain("test.after");
    const chain = await cli("get", event, "--execution", of("test.after").object_id, "-j");
    const refs = (JSON.parse(chain.out) as Trace).action_executions.map(({ ref }) => ref);
    expect(refs.toSorted()).toEqual(["test.after", "test.deep", "test.flow", "test.inner"]);
    const firing = await cli(
      "get",
      event,
      "--show-trigger-instances",
      "--hide-noop-triggers",
      "-j",
    );
    const shown = JSON.parse(firing.out) as Trace;
    expect(shown.trigger_instances.map(({ object_id }) => object_id)).toEqual([
      event,
      told?.object_id,
    ]);
    expect(shown.action_executions).toEqual([]);
  },
);

test("an event with a tag names its trace, and each such event begins its own", soon, async () => {
  const [first, second] = [await happened("night run"), await happened("night run")];
  await complete(`/traces/${first}`, [
    "test.flow",
    "test.step",
    "test.inner",
    "test.deep",
    "test.after",
  ]);
  const found = await get<Trace[]>("/traces?trace_tag=night%20run");
  expect(found.map(({ id }) => id)).toEqual([second, first]);
  expect(found[0]?.trace_tag).toBe("night run");
});

test(
  "a run by hand begins a trace, a run with an id joins one, and so do a re-run and a notification",
  soon,
  async () => {
    const { id } = await run({
      action: "test.noted",
      context: { trace_context: { trace_tag: "mine" } },
    });
    await engine.ended(id);
    await complete(`/traces/${id}`, ["test.noted", "core.noop"]);
    const joined = await run({ action: "test.step", context: { trace_context: { id_: id } } });
    expect(joined.context).toMatchObject({ trace_context: { id_: id, trace_tag: "mine" } });
    const again = await fetch(`${door.url}/v1/executions/${id}/re_run`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(again.status).toBe(201);
    const wanted = ["test.noted", "core.noop", "test.step", "test.noted", "core.noop"];
    const trace = await complete("/traces?trace_tag=mine", wanted);
    expect(trace).toMatchObject({ id, trace_tag: "mine" });
    expect(trace.action_executions[0]?.caused_by).toEqual({});
    const plain = await run({ action: "test.step" });
    expect(await get<Trace>(`/traces/${plain.id}`)).toMatchObject({
      id: plain.id,
      rules: [],
      action_executions: [{ object_id: plain.id, caused_by: {} }],
    });
  },
);

test("a trace that is not there can be neither joined nor seen", async () => {
  const nobody = "0".repeat(24);
  const response = await fetch(`${door.url}/v1/executions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ action: "test.step", context: { trace_context: { id_: nobody } } }),
  });
  expect(response.status).toBe(400);
  expect((await fetch(`${door.url}/v1/traces/${nobody}`)).status).toBe(404);
});

test("lists are pages of everything, newest or oldest first", soon, async () => {
  const ids = [await happened(), (await run({ action: "test.step" })).id, await happened()];
  const newest = await get<Trace[]>("/traces?limit=3&include_attributes=id");
  expect(newest.map(({ id }) => id)).toEqual(ids.toReversed());
  const all = await fetch(`${door.url}/v1/traces?limit=100`);
  const everything = (await all.json()) as Trace[];
  const order = everything.map(({ id }) => id);
  expect(order).toEqual(order.toSorted().toReversed());
  expect(all.headers.get("x-total-count")).toBe(String(order.length));
  const paged: string[] = [];
  for (let offset = 0; offset < order.length; offset += 2)
    paged.push(
      ...(await get<Trace[]>(`/traces?limit=2&offset=${offset}&include_attributes=id`)).map(
        ({ id }) => id,
      ),
    );
  expect(paged).toEqual(order);
  const oldest = await get<Trace[]>("/traces?limit=2&sort_asc=True");
  expect(oldest.map(({ id }) => id)).toEqual(order.toReversed().slice(0, 2));
});
