import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";
import { runCli, type CliResult } from "./run.ts";

let database: TestDatabase;
let engine: TestEngine;
let door: TestDoor;
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "raicho-cli-"));
  database = await testDatabase();
  engine = testEngine(database.url);
  door = testDoor(engine.core, new Map([["t", { name: "chief", roles: ["admin"] }]]));
});

afterAll(async () => {
  door.close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

function cli(...argv: readonly string[]): Promise<CliResult> {
  return runCli(argv, {
    environment: {
      HOME: home,
      RAICHO_URL: door.url,
      RAICHO_TOKEN: "t",
      RAICHO_NEW_PASSWORD: "umbrella-and-sandals",
    },
  });
}

test("users are made, changed, disabled and removed, and the audit log tells", async () => {
  expect(await cli("user", "add", "kenji", "-r", "observer", "-j")).toMatchObject({ code: 0 });
  expect((await cli("user", "list", "-j")).out).toContain('"kenji"');
  expect((await cli("user", "roles", "kenji", "-r", "admin,observer", "-j")).out).toContain(
    '"admin"',
  );
  expect(await cli("user", "passwd", "kenji", "-j")).toMatchObject({ code: 0 });
  expect((await cli("user", "disable", "kenji", "-j")).out).toMatch(/"disabled": ?true/);
  expect((await cli("user", "enable", "kenji", "-j")).out).toMatch(/"disabled": ?false/);
  expect(await cli("user", "delete", "kenji")).toMatchObject({ code: 0 });
  const gone = await cli("user", "get", "kenji");
  expect(gone.code).not.toBe(0);
  expect(gone.notes).toContain('There is no user "kenji"');
  const audit = await cli("audit", "list", "-j", "-n", "10");
  expect(audit.out).toContain("/api/v2/users/kenji");
  expect(audit.out).not.toContain("umbrella");
  expect(await cli("audit", "verify")).toMatchObject({ code: 0 });
});

test("a password that is too easy is refused in words", async () => {
  const { code, notes } = await cli("user", "add", "kenji", "-p", "short");
  expect(code).not.toBe(0);
  expect(notes).toContain("fewer than 8");
});
