/** What actions give back, held to what they declare. */
import { afterAll, beforeAll, expect, test } from "vitest";
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

const soon = { timeout: 60_000 };
const message = "Error validating output. See error output for more details.";
const runner = testRunner(({ parameters }) =>
  Promise.resolve({ status: "succeeded", result: parameters["result"] }),
);
const checkedOutput = {
  type: "object",
  properties: { n: { type: "integer", required: true }, key: { type: "string", secret: true } },
  additionalProperties: false,
};
const declared = { runner: "test", parameters: { result: {} }, checkedOutput };
const actions = {
  "test.declared": declared,
  "test.flow": { runner: "orquesta", parameters: { n: {} }, checkedOutput },
};
const workflows = {
  "test.flow": `
version: 1.0
input: [n]
output: [{ n: <% ctx(n) %> }]
tasks:
  a: { action: core.noop }
`,
  "test.parent": `
version: 1.0
input: [result]
output: [{ ended: <% ctx(ended) %> }]
vars: [{ ended: nothing }]
tasks:
  a:
    action: test.declared
    input: { result: <% ctx(result) %> }
    next: [{ when: <% failed() %>, publish: [{ ended: <% result().message %> }], do: noop }]
`,
};

async function run(
  action: string,
  parameters: Record<string, unknown>,
  { validate = true, keyed = false } = {},
) {
  await using engine = testEngine(database.url, {
    content: { actions, workflows },
    runners: [{ ...runner, outputKey: keyed ? "own" : undefined, outputSchema: {} }],
    validateOutput: validate,
  });
  const id = await request(engine.core, { action, parameters, context: {} });
  return await engine.ended(id);
}

test("what fits succeeds", soon, async () => {
  expect(await run("test.declared", { result: { n: 1 } })).toEqual({
    status: "succeeded",
    result: { n: 1 },
  });
});

test(
  "what does not fit fails, in the words of Python's jsonschema and without secrets",
  soon,
  async () => {
    const { status, result } = await run("test.declared", {
      result: { n: "x", key: "hidden words" },
    });
    expect({ status, result }).toMatchObject({ status: "failed", result: { message } });
    const { error } = result as { error: string };
    expect(error).toMatch(/^'x' is not of type 'integer'\n\nFailed validating 'type' in schema/);
    expect(JSON.stringify(result)).not.toContain("hidden words");
  },
);

test("of a runner's result only the action's own value is held to the schema", soon, async () => {
  const right = { own: { n: 1 }, stdout: "" };
  expect(await run("test.declared", { result: right }, { keyed: true })).toEqual({
    status: "succeeded",
    result: right,
  });
  expect(await run("test.declared", { result: { stdout: "" } }, { keyed: true })).toEqual({
    status: "failed",
    result: { error: "'own'", message },
  });
});

test("nothing is checked where the site does not ask for it", soon, async () => {
  expect(await run("test.declared", { result: 5 }, { validate: false })).toEqual({
    status: "succeeded",
    result: 5,
  });
});

test("the output of a workflow, and what its tasks gave back", soon, async () => {
  expect(await run("test.flow", { n: 7 })).toMatchObject({ status: "succeeded" });
  expect(await run("test.flow", { n: "seven" })).toMatchObject({
    status: "failed",
    result: { message },
  });
  expect(await run("test.parent", { result: [] })).toMatchObject({
    status: "succeeded",
    result: { output: { ended: message } },
  });
});
