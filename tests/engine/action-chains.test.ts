/** Action-chains on the ledger. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isObject } from "../../src/model/json.ts";
import { testEngine, testRunner } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { act, children, content, run, tasksOf } from "./chains.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

describe("an action-chain", () => {
  test("runs its nodes one after the other and publishes", async () => {
    const chain = `
vars: {greeting: "hello {{ host }}", plain: [1, 2]}
chain:
  - {name: a, ref: test.act, parameters: {text: "{{ greeting }}", list: "{{ plain }}"}, publish: {said: "{{ a.stdout }}"}, on-success: b}
  - {name: b, ref: core.noop, on-success: c}
  - {name: c, ref: test.act, params: {text: "{{ said }}!", object: {k: "{{ b.return_code }}", keep: 1}, number: "{{ plain | length }}"}}
`;
    await using engine = testEngine(database.url, {
      content: content(chain),
      runners: [testRunner(act)],
    });
    const id = await run(engine, { host: "web1" });
    const { status, result } = await engine.ended(id);
    expect(status).toBe("succeeded");
    const tasks = tasksOf(result);
    const rows = await children(database, id);
    expect(tasks.map(({ name, state }) => [name, state])).toEqual([
      ["a", "succeeded"],
      ["b", "succeeded"],
      ["c", "succeeded"],
    ]);
    expect(tasks.map(({ execution_id }) => execution_id)).toEqual(rows.map((row) => row.id));
    expect(tasks[2]?.result).toEqual({
      stdout: "hello web1!",
      given: { text: "hello web1!", object: { k: "0", keep: 1 }, number: 2 },
    });
    expect(Object.keys(tasks[0] ?? {})).toEqual([
      "id",
      "name",
      "execution_id",
      "liveaction_id",
      "workflow",
      "created_at",
      "updated_at",
      "state",
      "result",
    ]);
    expect(isObject(result) && result["published"]).toEqual({ said: "hello web1" });
    expect(rows[0]?.context).toMatchObject({
      user: "admin",
      chain: { name: "a", ref: "test.act", on_success: "b", params: null },
      parent: { execution_id: id },
    });
  });

  test("goes on after a failure, and ends as its last node did", async () => {
    const chain = `
chain:
  - {name: a, ref: test.act, parameters: {text: fail}, on-success: b, on-failure: c}
  - {name: b, ref: test.act}
  - {name: c, ref: test.act, parameters: {text: "{{ a.stdout }}"}}
`;
    await using engine = testEngine(database.url, {
      content: content(chain),
      runners: [testRunner(act)],
    });
    const { status, result } = await engine.ended(await run(engine));
    expect(status).toBe("failed");
    expect(tasksOf(result).map(({ name, state }) => [name, state])).toEqual([
      ["a", "failed"],
      ["c", "failed"],
    ]);
  });

  test.for([
    [
      "a reference that nobody knows",
      "chain: [{name: a, ref: no.such, parameters: {}}]",
      'Failed to run task "a". Action with reference "no.such" doesn\'t exist.. Task :: a - Action with ref no.such not registered.',
    ],
    [
      "parameters that cannot be rendered",
      'chain: [{name: a, ref: test.act, parameters: {text: "{{ missing }}"}, on-failure: b}, {name: b, ref: core.noop}]',
      'Failed to run task "a". Parameter rendering failed.. Failed rendering value for action parameter "text" in task "a" (template string={{ missing }}): \'missing\' is undefined',
    ],
    [
      "a publish that cannot be rendered",
      'chain: [{name: a, ref: core.noop, publish: {p: "{{ missing }}"}, on-success: b}, {name: b, ref: core.noop}]',
      'Failed rendering value for publish parameter "p" in task "a" (template string={{ missing }}): \'missing\' is undefined',
    ],
    [
      "vars that cannot be rendered",
      'chain: [{name: a, ref: core.noop}]\nvars: {v: "{{ missing }}"}',
      "Failed initializing ``vars`` in chain.. 'missing' is undefined",
    ],
    [
      "a parameter of the wrong type",
      "chain: [{name: a, ref: test.act, parameters: {list: stringnotanarray}}]",
      'Failed to cast value "stringnotanarray" (type: str) for parameter "list" of type "array": ',
    ],
    [
      "a next node whose name is a template",
      'chain: [{name: a, ref: core.noop, on-success: "{{ x }}"}]',
      'Failed to get next node "a".. Unable to find node with name "{{ x }}".',
    ],
    [
      "a definition with a fault",
      "chain: [{name: a, ref: core.noop, on-success: bb}]",
      'Unable to find node with name "bb" referenced in "on-success" in task "a".',
    ],
  ] as const)("fails as a whole with %s", async ([, chain, message]) => {
    await using engine = testEngine(database.url, {
      content: content(chain),
      runners: [testRunner(act)],
    });
    const { status, result } = await engine.ended(await run(engine));
    expect(status).toBe("failed");
    const error = isObject(result) ? result["error"] : undefined;
    expect(String(error).slice(0, message.length)).toBe(message);
  });

  test("takes an action that refuses its parameters for a failed node", async () => {
    const chain = `
chain:
  - {name: a, ref: test.act, parameters: {odd: 1}, on-failure: b}
  - {name: b, ref: test.act, parameters: {text: "{{ a.error }}"}}
`;
    await using engine = testEngine(database.url, {
      content: content(chain),
      runners: [testRunner(act)],
    });
    const { status, result } = await engine.ended(await run(engine));
    expect(status).toBe("succeeded");
    const [a, b] = tasksOf(result);
    expect(a).toMatchObject({ name: "a", state: "failed", execution_id: null });
    expect(JSON.stringify(b?.result)).toContain('Failed running task \\"a\\".');
  });

  test("hides what was published when asked to", async () => {
    const chain = 'chain: [{name: a, ref: core.noop, publish: {p: "1"}}]';
    await using engine = testEngine(database.url, { content: content(chain) });
    const { result } = await engine.ended(await run(engine, { display_published: false }));
    expect(isObject(result) && "published" in result).toBe(false);
  });

  test("goes round in circles until it is led out", async () => {
    const chain = `
vars: {n: 0}
chain:
  - {name: a, ref: core.noop, publish: {n: "{{ n | int + 1 }}"}, on-success: b}
  - {name: b, ref: test.act, parameters: {text: "{{ 'fail' if n | int > 250 else 'on' }}"}, on-success: a, on-failure: c}
  - {name: c, ref: core.noop}
default: a
`;
    await using engine = testEngine(database.url, {
      content: content(chain),
      runners: [testRunner(act)],
    });
    const { status, result } = await engine.ended(await run(engine));
    expect(status).toBe("succeeded");
    expect(tasksOf(result)).toHaveLength(503);
    expect(isObject(result) && result["published"]).toEqual({ n: "251" });
  });
});
