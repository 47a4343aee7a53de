/** Command lines against a door over a real ledger. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitCodes } from "../../src/cli/cli.ts";
import { testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { runCli, type CliOptions, type CliResult } from "./run.ts";

let database: TestDatabase;
let engine: TestEngine;
let door: TestDoor;

const flow = `
version: 1.0
input: [text]
tasks:
  one:
    action: test.echo text=<% ctx().text %>
    next:
      - when: <% succeeded() %>
        do: two
  two:
    action: core.noop
`;

beforeAll(async () => {
  database = await testDatabase();
  const runner = testRunner(async ({ action, parameters }) =>
    action.ref === "test.fail"
      ? { status: "failed", result: { error: "no" } }
      : { status: "succeeded", result: { echoed: parameters["text"], count: parameters["count"] } },
  );
  const parameters = { text: { type: "string" }, count: { type: "integer" } } as const;
  engine = testEngine(database.url, {
    runners: [runner],
    content: {
      actions: { "test.echo": { runner: "test", parameters }, "test.fail": { runner: "test" } },
      workflows: { "test.flow": flow },
    },
  });
  door = testDoor(engine.core);
});

afterAll(async () => {
  door.close();
  await engine[Symbol.asyncDispose]();
  await database.close();
});

function run(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runCli(words, {
    ...options,
    environment: { HOME: "/nonexistent", RAICHO_URL: door.url, ...options.environment },
  });
}

test("an action runs with its values as its schema says, and its end is shown", async () => {
  const { code, out } = await run(["run", "test.echo", "text=監視", "count=3", "-j"]);
  expect(code).toBe(exitCodes.ok);
  expect(JSON.parse(out)).toMatchObject({
    status: "succeeded",
    result: { echoed: "監視", count: 3 },
  });
});

test("the exit code tells how the execution ended", async () => {
  const { code, out } = await run(["run", "test.fail"]);
  expect(code).toBe(exitCodes.executionFailed);
  expect(out).toMatch(/^status: +failed$/m);
});

test("a workflow is shown with its tasks", async () => {
  const { code, out } = await run(["run", "test.flow", "text=a"]);
  expect(code).toBe(exitCodes.ok);
  expect(out).toMatch(/├ ✓ one {2}test\.echo {2}succeeded {2}[0-9a-f]{24}\n└ ✓ two {2}core\.noop/);
});

test("the history is listed in four formats", async () => {
  await run(["run", "test.echo", "text=x"]);
  const lines = await run(["execution", "list", "-o", "jsonl", "-a", "id,status", "-n", "2"]);
  const rows = lines.out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual({ id: expect.stringMatching(/^[0-9a-f]{24}$/), status: "succeeded" });
  const table = await run(["execution", "list", "--action", "test.echo"]);
  expect(table.out).toMatch(/^ID {24}ACTION\.REF +CONTEXT\.USER +STATUS/);
  expect(table.out).not.toContain("core.noop");
  const yaml = await run(["execution", "get", "last", "-y", "-a", "action.ref,status"]);
  expect(yaml.out).toBe("action.ref: test.echo\nstatus: succeeded\n");
  const part = await run(["execution", "get", "last", "-k", "echoed"]);
  expect(part.out).toBe("x\n");
});

test("an execution runs again with other values", async () => {
  await run(["run", "test.echo", "text=x", "count=1"]);
  const { out, code } = await run(["execution", "re-run", "last", "text=y", "-j"]);
  expect(code).toBe(exitCodes.ok);
  expect(JSON.parse(out)).toMatchObject({ parameters: { text: "y", count: 1 } });
});

test("names that do not exist are told with the nearest that does", async () => {
  expect(await run(["run", "test.ehco"])).toMatchObject({
    code: exitCodes.notFound,
    notes: 'raicho: there is no action "test.ehco"; did you mean "test.echo"?\n',
  });
  expect(await run(["action", "get", "test.ehco"])).toMatchObject({ code: exitCodes.notFound });
  const wrong = await run(["exection", "list"]);
  expect(wrong.code).toBe(exitCodes.usage);
  expect(wrong.notes).toContain("Did you mean execution?");
});

test("keys are set, listed and deleted", async () => {
  expect((await run(["key", "set", "colour", "青", "-l", "100"])).code).toBe(exitCodes.ok);
  expect((await run(["key", "get", "colour", "-j", "-a", "value"])).out).toBe(
    '{\n  "value": "青"\n}\n',
  );
  const loaded = await run(["key", "load", "-c", "-"], {
    terminal: {
      readInput: () =>
        Promise.resolve("- name: colour.a\n  value: {x: 1}\n- name: colour.b\n  value: b\n"),
    },
  });
  expect(loaded.code).toBe(exitCodes.ok);
  expect((await run(["key", "delete_by_prefix", "-p", "colour."])).out).toContain("2 keys deleted");
  expect((await run(["key", "delete", "colour"])).code).toBe(exitCodes.ok);
  expect((await run(["key", "get", "colour"])).code).toBe(exitCodes.notFound);
});

test("without a server, and with one that is none, it is said what is wrong", async () => {
  const nobody = await run(["whoami"], { environment: { RAICHO_URL: "http://127.0.0.1:1" } });
  expect(nobody.code).toBe(exitCodes.unreachable);
  expect(nobody.notes).toContain("http://127.0.0.1:1 cannot be reached: nothing listens there");
  const odd = await run(["whoami"], { environment: { RAICHO_URL: "nonsense" } });
  expect(odd.code).toBe(exitCodes.usage);
});

test("every command and every one of its verbs explains itself", async () => {
  const { out } = await run(["help"]);
  const names = [...out.matchAll(/^ {2}([a-z][a-z-]+)(?:\|\S+)? .* {2}\S/gm)].map(
    ([, name = ""]) => name,
  );
  expect(names.length).toBeGreaterThan(25);
  for (const name of names.filter((each) => each !== "raicho")) {
    const help = await run([name, "--help"]);
    expect(help).toMatchObject({ code: exitCodes.ok, notes: "" });
    expect(help.out).toContain(`Usage: raicho ${name}`);
  }
});
