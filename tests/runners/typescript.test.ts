import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import type { Runner } from "../../src/runners/runner.ts";
import { typescriptRunner } from "../../src/runners/typescript.ts";
import { runCall } from "../support/run-call.ts";
import { familyInTypescript } from "../support/families.ts";
import { packHead as head, temporaryPack } from "../support/temporary-pack.ts";
import { describeRunner, secretValue } from "../contracts/runner.ts";

const { path: pack, file, action, remove } = temporaryPack();
afterAll(remove);

let runner: Runner;
beforeEach(() => {
  runner = typescriptRunner({ graceMs: 500 });
});
afterEach(() => runner.close?.());

describeRunner(
  () => typescriptRunner({ outputLimit: 50_000, resultLimit: 50_000, graceMs: 1_000 }),
  {
    succeeds: { parameters: { name: "web01" }, action: action("({ name }) => ({ name })") },
    fails: { parameters: {}, action: action('() => { throw new ActionFailed("no") }') },
    hangs: {
      parameters: {},
      action: action('async (_, { sleep }) => { console.log("started"); await sleep(600_000); }'),
    },
    floods: {
      parameters: {},
      action: action(
        '() => { for (let i = 0; i < 10_000; i++) console.log("x".repeat(100)); return "y".repeat(1e6); }',
      ),
    },
    family: { parameters: {}, action: action(familyInTypescript) },
    gigabyte: {
      parameters: {},
      action: action(
        '() => { const x = "x".repeat(1e6); for (let i = 0; i < 1_000; i++) console.log(x); }',
      ),
    },
    bytes: {
      parameters: {},
      action: action(
        "() => { process.stdout.write(Buffer.from([0x5b, 0xff, 0xfe, 0xc3, 0x5d])); }",
      ),
    },
    secret: {
      parameters: { words: [secretValue] },
      action: {
        ...action(
          "({ words }) => { process.stdout.write(words[0].slice(0, 6)); console.log(words[0].slice(6)); return words; }",
        ),
        parameters: { words: { type: "array", items: { type: "string", secret: true } } },
      },
    },
    worker: "typescript",
  },
);

test("hands over everything that the contract promises", async () => {
  const body = `(parameters: Record<string, unknown>, { fetch, log, sleep, signal, ...rest }) =>
    ({ parameters, ...rest, fetch: typeof fetch, signal: signal.aborted })`;
  const call = runCall(
    { a: [1, null], b: "{{ x }}" },
    { attempt: 3, config: { url: "u" }, action: action(body) },
  );
  expect(await runner.run(call)).toEqual({
    status: "succeeded",
    result: {
      parameters: { a: [1, null], b: "{{ x }}" },
      config: { url: "u" },
      executionId: call.executionId,
      idempotencyKey: call.idempotencyKey,
      attempt: 3,
      action: { ref: "core.test", pack: "core", packPath: pack },
      context: { user: "stanley" },
      environment: { ST2_ACTION_PACK_NAME: "core" },
      fetch: "function",
      signal: false,
    },
  });
});

const error = (text: string) => ({ error: expect.stringContaining(text) as string });
test.each([
  ["() => undefined", { status: "succeeded", result: null }],
  ["async () => 5", { status: "succeeded", result: 5 }],
  ["() => { throw new ActionFailed({ a: 1 }) }", { status: "failed", result: { a: 1 } }],
  ['() => { throw new ActionFailed("no") }', { status: "failed", result: { error: "no" } }],
  [
    '() => { throw new Error("outer", { cause: new Error("inner") }) }',
    { status: "failed", result: error("outer: inner") },
  ],
  ['() => { throw "text" }', { status: "failed", result: error("'text'") }],
  [
    "() => { const o: any = {}; o.o = o; return o; }",
    { status: "failed", result: error("circular") },
  ],
  ["() => () => 1", { status: "failed", result: error("The action's result is not JSON") }],
  ["() => 1n", { status: "failed", result: error("BigInt") }],
])("%s ends as it should", async (body, outcome) => {
  expect(await runner.run(runCall({}, { action: action(body) }))).toMatchObject(outcome);
});

test("JavaScript, ESM and shared files of the pack work", async () => {
  file("lib.ts", "export const shared = (name: string): string => `shared ${name}`;");
  const ts = file(
    "uses.ts",
    `${head}import { shared } from "./lib.ts";\nexport const action = defineAction(() => shared("ts"));`,
  );
  const mjs = file(
    "b.mjs",
    'import { defineAction } from "raicho/pack"; export const action = defineAction(() => "mjs");',
  );
  const js = file(
    "c.js",
    'import { defineAction } from "raicho/pack"; export const action = defineAction(() => "js");',
  );
  for (const [entryPath, result] of [
    [ts, "shared ts"],
    [mjs, "mjs"],
    [js, "js"],
  ] as const)
    expect(await runner.run(runCall({}, { action: { packPath: pack, entryPath } }))).toEqual({
      status: "succeeded",
      result,
    });
});

test("packs installed below node_modules work too", async () => {
  const below = join(pack, "node_modules", "raicho", "packs", "p");
  mkdirSync(below, { recursive: true });
  const entryPath = join(below, "a.ts");
  writeFileSync(
    entryPath,
    `${head}export const action = defineAction((p: { n: number }) => p.n as number);`,
  );
  const call = runCall({ n: 7 }, { action: { packPath: below, entryPath } });
  expect(await runner.run(call)).toEqual({ status: "succeeded", result: 7 });
});

test("a file without an action says what to write", async () => {
  const entryPath = file("none.ts", "export const other = 1;");
  const outcome = await runner.run(runCall({}, { action: { packPath: pack, entryPath } }));
  expect(outcome).toMatchObject({
    status: "failed",
    result: {
      error: expect.stringContaining(
        "none.ts exports no action: write `export const action",
      ) as string,
    },
  });
});

test("a syntax error names the file", async () => {
  const entryPath = file("bad.ts", "export const = 1;");
  const outcome = await runner.run(runCall({}, { action: { packPath: pack, entryPath } }));
  expect(outcome.status).toBe("failed");
  expect(JSON.stringify(outcome.result)).toContain("bad.ts");
});

test("output goes to its own call, also when many run at once, never into the result", async () => {
  const own = action(`async ({ n }, { sleep, log }) => {
    console.log("out", n); await sleep(20); console.error("err", n); process.stdout.write("raw " + n + "\\n"); log.info("note", { n }); return n; }`);
  const calls = [1, 2, 3, 4].map((n) => runCall({ n }, { action: own }));
  const outcomes = await Promise.all(calls.map((call) => runner.run(call)));
  expect(outcomes.map(({ result }) => result)).toEqual([1, 2, 3, 4]);
  expect(calls.map(({ said }) => said)).toEqual(
    [1, 2, 3, 4].map((n) => ({
      stdout: `out ${n}\nraw ${n}\n`,
      stderr: `err ${n}\nINFO note { n: ${n} }\n`,
    })),
  );
});

test("calls of one pack share a warm process", async () => {
  const own = action("() => process.pid");
  const first = await runner.run(runCall({}, { action: own }));
  const second = await runner.run(runCall({}, { action: own }));
  expect(second.result).toBe(first.result);
  expect(first.result).not.toBe(process.pid);
});

test("a change of the action or of a file it imports is taken up by the next call; running calls finish on the old code", async () => {
  const lib = file("version.ts", 'export const version = "old";');
  const entryPath = file(
    "versioned.ts",
    `${head}import { version } from "./version.ts";
    export const action = defineAction(async ({ ms }: { ms: number }, { sleep }) => { console.log("started"); await sleep(ms); return version; });`,
  );
  const own = { packPath: pack, entryPath };
  const slow = runCall({ ms: 700 }, { action: own });
  const running = runner.run(slow);
  await slow.saying("started");
  writeFileSync(lib, 'export const version = "new";');
  utimesSync(lib, 1, 2);
  expect((await runner.run(runCall({ ms: 0 }, { action: own }))).result).toBe("new");
  expect((await running).result).toBe("old");
});

test("the context's fetch ends after its time", async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const call = runCall(
    { url: `http://127.0.0.1:${port}/` },
    { action: action("({ url }, { fetch }) => fetch(url, { timeoutMs: 100 })") },
  );
  expect(await runner.run(call)).toMatchObject({
    status: "failed",
    result: { error: expect.stringContaining("timeout") as string },
  });
  server.closeAllConnections();
  server.close();
});

test("sees no secrets of the server", async () => {
  process.env["DATABASE_URL"] = "postgres://secret";
  try {
    const outcome = await runner.run(
      runCall({}, { action: action("() => Object.keys(process.env)") }),
    );
    expect(outcome.result).toContain("PATH");
    expect(outcome.result).not.toContain("DATABASE_URL");
    expect(outcome.result).not.toContain("NODE_CHANNEL_FD");
  } finally {
    delete process.env["DATABASE_URL"];
  }
});
