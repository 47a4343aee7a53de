/** Action-chains that are paused, canceled, answered, or lose their process. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { heartbeat } from "../../src/engine/hear.ts";
import { answerInquiry, cancel, steer } from "../../src/engine/request.ts";
import { isObject } from "../../src/model/json.ts";
import { findExecution } from "../../src/store/executions.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { act, children, content, run, tasksOf } from "./chains.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const gates = new Map<string, { open(): void; opened: Promise<void> }>();
function gate(name: string) {
  const known = gates.get(name);
  if (known !== undefined) return known;
  const { promise, resolve } = Promise.withResolvers<void>();
  const made = { open: resolve, opened: promise };
  gates.set(name, made);
  return made;
}

const waiting = testRunner(async (call) => {
  const { text } = call.parameters;
  if (typeof text === "string" && text.startsWith("gate")) await gate(text).opened;
  return act(call);
});

/** Resolves when the chain has a child in that status. */
async function child(parent: string, status: string): Promise<string> {
  for (;;) {
    const found = (await children(database, parent)).find((row) => row.status === status);
    if (found !== undefined) return found.id;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Resolves when the conductor took an operator's wish in. */
async function heard(id: string, status: string): Promise<void> {
  for (;;) {
    const rows = await database.db
      .selectFrom("journal")
      .select("entries")
      .where("execution_id", "=", id)
      .execute();
    if (JSON.stringify(rows).includes(status)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Heartbeats, which find what a bell did not bring. */
function beating({ core }: TestEngine): Disposable {
  const timer = setInterval(() => void heartbeat(core, "test").catch(() => undefined), 500);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

describe("operators", () => {
  const chain = `
chain:
  - {name: a, ref: test.act, parameters: {text: "{{ host }}"}, publish: {p: "{{ a.stdout }}"}, on-success: b}
  - {name: b, ref: test.act, parameters: {text: "{{ p }} again"}}
`;

  test("pause it: what runs ends, the next node waits for resume", async () => {
    await using engine = testEngine(database.url, { content: content(chain), runners: [waiting] });
    using _ = beating(engine);
    const id = await run(engine, { host: "gate1" });
    await child(id, "running");
    expect((await steer(engine.core, id, "pausing", "admin")).status).toBe("pausing");
    await heard(id, "pausing");
    gate("gate1").open();
    const paused = await engine.ended(id, "paused");
    expect(tasksOf(paused.result).map(({ name }) => name)).toEqual(["a"]);
    await steer(engine.core, id, "resuming", "admin");
    gate("gate1 again").open();
    const { status, result } = await engine.ended(id);
    expect(status).toBe("succeeded");
    expect(tasksOf(result).map(({ name }) => name)).toEqual(["a", "b"]);
    expect(isObject(result) && result["published"]).toEqual({ p: "gate1" });
  });

  test("cancel it: what runs finishes, nothing more starts", async () => {
    await using engine = testEngine(database.url, { content: content(chain), runners: [waiting] });
    using _ = beating(engine);
    const id = await run(engine, { host: "gate2" });
    await child(id, "running");
    expect((await cancel(engine.core, id, "admin")).status).toBe("canceling");
    await heard(id, "canceling");
    gate("gate2").open();
    const { status, result } = await engine.ended(id);
    expect(status).toBe("canceled");
    expect(tasksOf(result).map(({ name, state }) => [name, state])).toEqual([["a", "succeeded"]]);
  });

  test("answer its question: the chain rests meanwhile and goes on by itself", async () => {
    const asking = `
chain:
  - {name: a, ref: test.ask, on-success: b}
  - {name: b, ref: test.act, parameters: {text: "{{ a.response.continue }}"}}
`;
    await using engine = testEngine(database.url, { content: content(asking), runners: [waiting] });
    using _ = beating(engine);
    const id = await run(engine);
    const inquiry = await child(id, "pending");
    const paused = await engine.ended(id, "paused");
    expect(tasksOf(paused.result)).toMatchObject([{ name: "a", state: "pending" }]);
    await answerInquiry(engine.core, inquiry, { continue: true }, { name: "admin", roles: [] });
    const { status, result } = await engine.ended(id);
    expect(status).toBe("succeeded");
    expect(tasksOf(result)[1]?.result).toMatchObject({ stdout: "True" });
  });

  test("cancel what only waits", async () => {
    const asking = "chain: [{name: a, ref: test.ask}]";
    await using engine = testEngine(database.url, { content: content(asking) });
    using _ = beating(engine);
    const id = await run(engine);
    await engine.ended(id, "paused");
    await cancel(engine.core, id, "admin");
    expect((await engine.ended(id)).status).toBe("canceled");
  });

  test("pause a chain inside of a chain, and resume both", async () => {
    const outer = "chain: [{name: o, ref: test.inner, parameters: {host: gate3}}]";
    const made = content(outer, {
      "test.inner": { runner: "action-chain", parameters: { host: { type: "string" } } },
    });
    await using engine = testEngine(database.url, {
      content: { ...made, workflows: { ...made.workflows, "test.inner": chain } },
      runners: [waiting],
    });
    using _ = beating(engine);
    const id = await run(engine);
    const inner = await child(id, "running");
    await child(inner, "running");
    await steer(engine.core, id, "pausing", "admin");
    await heard(inner, "pausing");
    gate("gate3").open();
    const paused = await engine.ended(id, "paused");
    expect(tasksOf(paused.result)).toMatchObject([{ name: "o", state: "paused" }]);
    gate("gate3 again").open();
    await steer(engine.core, id, "resuming", "admin");
    const { status, result } = await engine.ended(id);
    expect(status).toBe("succeeded");
    expect(tasksOf(tasksOf(result)[0]?.result).map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

test("a chain whose process is gone goes on elsewhere with what it knew", async () => {
  const chain = `
vars: {v: "{{ host }}"}
chain:
  - {name: a, ref: core.noop, publish: {p: "{{ v }}-p"}, on-success: b}
  - {name: b, ref: test.act, parameters: {text: gate4}, on-success: c}
  - {name: c, ref: test.act, parameters: {text: "{{ p }} {{ b.stdout }}"}}
`;
  const made = content(chain);
  let id = "";
  {
    await using first = testEngine(database.url, {
      content: made,
      runners: [waiting],
      name: "one",
    });
    id = await run(first, { host: "web" });
    await child(id, "running");
    // The process is lost: its conductor forgets, the ledger gives its work back.
    first.core.conducted.clear();
  }
  await database.db.updateTable("execution").set({ owner: null }).where("id", "=", id).execute();
  const changed = "chain: [{name: other, ref: core.noop}]";
  await using second = testEngine(database.url, {
    content: { ...made, workflows: { "test.chain": changed } },
    runners: [waiting],
    name: "two",
  });
  await second.core.queue.ring([{ name: "run", execution: id, attempt: 2 }]);
  const b = await child(id, "running");
  await database.db
    .updateTable("execution")
    .set({ status: "requested", owner: null })
    .where("id", "=", b)
    .execute();
  gate("gate4").open();
  await second.core.queue.ring([{ name: "run", execution: b, attempt: 2 }]);
  const { status, result } = await second.ended(id);
  expect(status).toBe("succeeded");
  expect(tasksOf(result).map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(tasksOf(result)[2]?.result).toMatchObject({ stdout: "web-p gate4" });
  expect((await findExecution(database.db, id))?.attempt).toBe(2);
});
