/** Files of packs through the door: those of the pack, and nothing that lies beside them. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PackDefinition } from "../../src/model/definitions.ts";
import { testDoor, type TestDoor } from "../support/door.ts";
import { testEngine, type TestEngine } from "../support/engine.ts";
import { testDatabase, type TestDatabase } from "../support/postgres.ts";

const place = mkdtempSync(join(tmpdir(), "raicho-pack-files-"));
let database: TestDatabase;
let engine: TestEngine;
let door: TestDoor;

function write(name: string): void {
  mkdirSync(dirname(join(place, name)), { recursive: true });
  writeFileSync(join(place, name), name);
}

function packAt(ref: string, path: string): PackDefinition {
  return {
    ref,
    name: ref,
    description: "",
    version: "1.0.0",
    author: "",
    email: "",
    keywords: [],
    dependencies: [],
    path,
    bundled: false,
    configSchema: {},
    config: {},
  };
}

beforeAll(async () => {
  for (const name of [
    "rules/r.yaml",
    "workflows/w.yaml",
    "actions/a.py",
    ".raicho/master.key",
    ".env",
    "notes.txt",
    "packs/shop/pack.yaml",
    "packs/shop/etc/readme.md",
  ])
    write(name);
  symlinkSync(join(place, ".raicho/master.key"), join(place, "rules/link.yaml"));
  symlinkSync(join(place, ".env"), join(place, "packs/shop/link"));
  database = await testDatabase();
  engine = testEngine(database.url);
  const { packs } = engine.core.definitions().content;
  if (packs instanceof Map) {
    packs.set("default", packAt("default", place));
    packs.set("shop", packAt("shop", join(place, "packs/shop")));
  }
  door = testDoor(engine.core);
});

afterAll(async () => {
  door.close();
  await engine[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

const get = (path: string): Promise<Response> => fetch(`${door.url}/v1/packs/${path}`);

test("a pack lists its files and gives them", async () => {
  const { files } = (await (await get("shop")).json()) as { files: string[] };
  expect(files).toEqual(["etc/readme.md", "pack.yaml"]);
  expect(await (await get("views/file/shop/etc/readme.md")).text()).toBe(
    "packs/shop/etc/readme.md",
  );
  expect((await get("views/file/shop/link")).status).toBe(404);
  expect((await get("views/file/shop/etc/readme.md/")).status).toBe(200);
});

test("of the directory where the site lies only its content is told and given", async () => {
  const { files } = (await (await get("default")).json()) as { files: string[] };
  expect(files).toEqual(["actions/a.py", "rules/r.yaml", "workflows/w.yaml"]);
  const contents = (await (await get("views/files/default")).json()) as { file_path: string }[];
  expect(contents.map(({ file_path }) => file_path)).toEqual(files);
  for (const hidden of [
    ".raicho/master.key",
    ".env",
    "notes.txt",
    "rules/link.yaml",
    "rules/..%2F.env",
  ])
    expect([hidden, (await get(`views/file/default/${hidden}`)).status]).toEqual([hidden, 404]);
  expect(await (await get("views/file/default/rules/r.yaml")).text()).toBe("rules/r.yaml");
});
