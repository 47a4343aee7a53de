/** Chat commands through the door. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDoor } from "../../src/api/app.ts";
import type { AliasDefinition } from "../../src/model/definitions.ts";
import { doorOf, emptyInventory, listenAt } from "../support/door.ts";
import { testEngine, testRunner, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let engine: TestEngine;
let url: string;
let close: () => void;

const aliases: readonly (Partial<AliasDefinition> & { readonly name: string })[] = [
  {
    name: "say",
    formats: ["say {{ message }} to {{ hosts }}"],
    ack: {
      format: "acked {{ execution.id }} for {{ execution.context.api_user }}",
      extra: { slack: { color: "{{ 'red' }}", fields: ["{{ actionalias.name }}"] } },
    },
    immutable_parameters: { by: "{{ api_user }} in {{ source_channel }}", level: 3 },
  },
  {
    name: "issues",
    formats: [
      {
        display: "mention issues",
        representation: [String.raw`(?:^|\s|,)(?P<message>[A-Z]+-[0-9]+)(?=$|\s|,)`],
        match_multiple: true,
      },
    ],
    ack: { format: "{{ nobody.knows }}" },
  },
  { name: "quiet", formats: ["hush {{ message }}"], ack: { enabled: false, format: "no" } },
  { name: "first", formats: ["twice {{ message }}"] },
  { name: "second", formats: [{ display: "twice", representation: "twice {{ message }}" }] },
  { name: "off", formats: ["off {{ message }}"], enabled: false },
];

beforeAll(async () => {
  database = await testDatabase();
  const parameters = { message: {}, hosts: { type: "array" }, by: {}, level: {} } as const;
  const runner = testRunner(() => Promise.resolve({ status: "succeeded", result: {} }));
  engine = testEngine(database.url, {
    runners: [runner],
    content: { actions: { "test.say": { runner: "test", parameters } } },
  });
  const known = engine.core.definitions().content.aliases;
  if (known instanceof Map)
    for (const alias of aliases)
      known.set(`test.${alias.name}`, {
        pack: "test",
        ref: `test.${alias.name}`,
        description: "",
        enabled: true,
        action_ref: "test.say",
        source: { file: "aliases/x.yaml", line: 1, column: 1 },
        ...alias,
      });
  const { server, url: at } = listenAt(makeDoor(doorOf(engine.core), emptyInventory));
  url = at;
  close = () => server.close().closeAllConnections();
});

afterAll(async () => {
  close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Ran {
  readonly message?: string;
  readonly extra?: unknown;
  readonly execution: { readonly id: string; readonly parameters: unknown };
}

async function chat(command: string): Promise<{ status: number; results: Ran[]; fault: string }> {
  const response = await fetch(`${url}/v1/aliasexecution/match_and_execute`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ command, user: "bob", source_channel: "#ops" }),
  });
  const { results = [], faultstring = "" } = (await response.json()) as {
    results?: Ran[];
    faultstring?: string;
  };
  return { status: response.status, results, fault: faultstring };
}

describe("a command in a chat", () => {
  test("runs the action with what was said and what is fixed, and is acknowledged", async () => {
    const { status, results } = await chat('say "hello there" to a, b');
    expect(status).toBe(201);
    expect(results).toHaveLength(1);
    expect(results[0]?.execution.parameters).toStrictEqual({
      message: "hello there",
      hosts: ["a", "b"],
      by: "bob in #ops",
      level: 3,
    });
    expect(results[0]?.message).toBe(`acked ${results[0]?.execution.id} for bob`);
    expect(results[0]?.extra).toStrictEqual({ slack: { color: "red", fields: ["say"] } });
  });

  test("may mean several executions; an acknowledgement that fails says so", async () => {
    const { results } = await chat("please see OPS-1 and DB-22");
    expect(results.map(({ execution }) => execution.parameters)).toMatchObject([
      { message: "OPS-1" },
      { message: "DB-22" },
    ]);
    expect(results[0]?.message).toMatch(/^Cannot render "format" in field "ack" for alias\. /);
  });

  test("is not acknowledged where the alias says so", async () => {
    const { results } = await chat("hush now");
    expect(results[0]?.message).toBeUndefined();
  });

  test.each([
    ["twice x", "Command 'twice x' matched more than 1 pattern"],
    ["off x", "Command 'off x' matched no patterns"],
    ["say x to y level=9", "Immutable arguments cannot be overriden: level"],
  ])("%s is refused", async (command, said) => {
    const { status, fault } = await chat(command);
    expect([status, fault]).toStrictEqual([400, said]);
  });
});
