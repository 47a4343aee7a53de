/** What people see of secrets, over HTTP: of output, results and errors, of actions and of workflows. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { findExecution } from "../../src/store/executions.ts";
import { testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { plainRequest } from "../support/raicho.ts";

const word = "correct horse 7";
const mask = "********";
const relay = (status: string) => `
version: 1.0
tasks:
  first:
    action: test.${status}
    input:
      word: ${word}
    next:
      - publish: got=<% result() %>
        do: second
  second:
    action: test.plain
    input:
      text: <% ctx().got.said %>
output:
  - got: <% ctx().got %>
`;

let database: TestDatabase;
let engine: TestEngine;
let door: TestDoor;
const given: unknown[] = [];

beforeAll(async () => {
  database = await testDatabase();
  const runner = testRunner(async (call) => {
    const { action, parameters } = call;
    if (action.ref === "test.throws") throw new Error(`no ${String(parameters["word"])}`);
    if (action.ref === "test.plain") given.push(parameters["text"]);
    const said = typeof parameters["word"] === "string" ? parameters["word"] : "";
    call.emit("stdout", `x ${said.slice(0, 5)}`);
    call.emit("stderr", "between");
    call.emit("stdout", `${said.slice(5)} y\n`);
    const status = action.ref === "test.fails" ? "failed" : "succeeded";
    return { status, result: { said: `is ${said}`, list: [{ [said]: 1 }] } };
  });
  const parameters = { word: { type: "string", secret: true } } as const;
  engine = testEngine(database.url, {
    runners: [runner],
    content: {
      actions: {
        "test.says": { runner: "test", parameters },
        "test.fails": { runner: "test", parameters },
        "test.throws": { runner: "test", parameters },
        "test.plain": { runner: "test", parameters: { text: { type: "string" } } },
      },
      workflows: { "test.relay": relay("says"), "test.broken": relay("fails") },
    },
  });
  door = testDoor(engine.core);
});

afterAll(async () => {
  door.close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function get(path: string): Promise<unknown> {
  return (await plainRequest(`${door.url}/v1/executions${path}`)).body;
}

async function run(action: string, parameters: object = {}): Promise<string> {
  const body = { action, parameters };
  const answer = await plainRequest(`${door.url}/v1/executions`, { method: "POST", body });
  const { id } = answer.body as { id: string };
  await engine.ended(id);
  return id;
}

test("output and result are shown without them, and whole to an administrator who asks", async () => {
  const id = await run("test.says", { word });
  expect(await get(`/${id}`)).toMatchObject({
    result: { said: `is ${mask}`, list: [{ [mask]: 1 }] },
  });
  expect(await get(`/${id}?show_secrets=true`)).toMatchObject({ result: { said: `is ${word}` } });
  expect(String(await get(`/${id}/output?output_type=stdout`))).toContain(`x ${mask} y`);
  for (const path of [`?action=test.says`, `/${id}/result`, `/${id}/attribute/result`])
    expect(JSON.stringify(await get(path))).not.toContain(word);
});

test("errors are shown without them", async () => {
  const id = await run("test.throws", { word });
  expect(await get(`/${id}`)).toMatchObject({ status: "failed", result: { error: `no ${mask}` } });
});

test("workflows work with them, and show what came of it without them", async () => {
  const id = await run("test.relay");
  expect(given).toContain(`is ${word}`);
  expect(await get(`/${id}`)).toMatchObject({
    result: { output: { got: { said: `is ${mask}` } } },
  });
  const broken = JSON.stringify(await get(`/${await run("test.broken")}`));
  expect(broken).toContain(mask);
  expect(broken).not.toContain(word);
});

test("nothing is kept twice where there are none", async () => {
  const id = await run("test.plain", { text: "open" });
  expect((await findExecution(database.db, id))?.shown).toBeNull();
});
