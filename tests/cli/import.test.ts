/** What one server holds is taken over by another, through the API alone. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testDoor } from "../support/door.ts";
import { testEngine } from "../support/engine.ts";
import { testDatabase } from "../support/postgres.ts";
import { runCli, type CliResult } from "./run.ts";

async function server(): Promise<string> {
  const database = await testDatabase();
  const engine = testEngine(database.url, {});
  const door = testDoor(engine.core);
  onTestFinished(async () => {
    door.close();
    await engine[Symbol.asyncDispose]();
    await database.close();
  });
  return door.url;
}

const workingDirectory = mkdtempSync(join(tmpdir(), "raicho-import-"));

function run(url: string, ...words: string[]): Promise<CliResult> {
  return runCli(words, {
    workingDirectory,
    environment: { HOME: workingDirectory, RAICHO_URL: url },
  });
}

/** `name fate` of every key in the report. */
function fates({ out }: CliResult): readonly string[] {
  const { items } = JSON.parse(out) as { items: { kind: string; name: string; fate: string }[] };
  return items.filter(({ kind }) => kind === "key").map(({ name, fate }) => `${name} ${fate}`);
}

test("keys come over, a rehearsal changes nothing, and a second time nothing is left to do", async () => {
  const [there, here] = [await server(), await server()];
  await run(there, "key", "set", "colour", "青");
  await run(there, "key", "set", "differs", "a");
  await run(here, "key", "set", "differs", "b");
  const words = [
    "import",
    "stackstorm",
    there,
    "--only",
    "keys,configs,rules,policies,packs",
    "-j",
  ];
  expect(fates(await run(here, ...words, "--dry-run"))).toEqual([
    "colour would be taken over",
    "differs exists",
  ]);
  expect((await run(here, "key", "get", "colour")).code).not.toBe(0);
  expect(fates(await run(here, ...words))).toEqual(["colour taken over", "differs exists"]);
  expect(fates(await run(here, ...words))).toEqual(["colour is the same", "differs exists"]);
  expect(fates(await run(here, ...words, "--replace"))).toEqual([
    "colour is the same",
    "differs taken over",
  ]);
  expect((await run(here, "key", "get", "differs", "-j", "-a", "value")).out).toContain('"a"');
});
