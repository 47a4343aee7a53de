/** What is published, installed elsewhere: built, packed, unpacked below another directory's node_modules, and started. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const repository = resolve(import.meta.dirname, "..");
const place = mkdtempSync(join(tmpdir(), "raicho-package-"));
const site = join(place, "site");
const installed = join(site, "node_modules", "raicho");

/** What the package is made of, so that nothing else of a developer's checkout can help it. */
const parts = [
  "src",
  "bin",
  "scripts",
  "packs",
  "rules",
  "workflows",
  "docs",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
];

/** Its packages beside it, as npm puts them, without fetching them again. */
function linkPackages(): void {
  const source = join(repository, "node_modules");
  const target = join(site, "node_modules");
  for (const name of readdirSync(source).filter((entry) => !entry.startsWith(".")))
    symlinkSync(join(source, name), join(target, name));
}

beforeAll(async () => {
  const copy = join(place, "copy");
  mkdirSync(copy, { recursive: true });
  mkdirSync(installed, { recursive: true });
  for (const name of parts)
    cpSync(join(repository, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.endsWith("__pycache__"),
    });
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
  const { stdout } = await run("npm", ["pack", "--silent"], { cwd: copy });
  await run("tar", ["xzf", join(copy, stdout.trim()), "--strip-components=1", "-C", installed]);
  linkPackages();
}, 120_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

test("holds the program and its content, and nothing of its making", () => {
  expect(readdirSync(installed).toSorted()).toEqual(
    [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bin",
      "dist",
      "docs",
      "package.json",
      "packs",
      "rules",
      "workflows",
    ].toSorted(),
  );
});

test("says its version", async () => {
  const { stdout } = await run(process.execPath, [join(installed, "bin/raicho.js"), "version"]);
  expect(stdout).toMatch(/^raicho \d+\.\d+\.\d+ on Node v\d+/);
});

test("its shipped content has no problem there either", async () => {
  const { stdout } = await run(process.execPath, [join(installed, "bin/raicho.js"), "lint"], {
    cwd: site,
  });
  expect(stdout).toBe("no problems\n");
});

describe("started in an empty directory", () => {
  let program: ReturnType<typeof spawn>;
  let url = "";

  beforeAll(async () => {
    program = spawn(process.execPath, [join(installed, "bin/raicho.js"), "start"], {
      cwd: site,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, RAICHO_PORT: "0", RAICHO_SMTP_PORT: "0", RAICHO_AUTH: "off" },
    });
    url = await new Promise<string>((found, failed) => {
      let words = "";
      program.once("exit", (code) => failed(new Error(`ended with ${code}: ${words}`)));
      program.stdout?.on("data", (chunk: Buffer) => {
        words += chunk.toString();
        const line = /raicho ready (http:\S+) smtp \S+\n/.exec(words);
        if (line?.[1] !== undefined) found(line[1]);
      });
    });
  });
  afterAll(async () => {
    program.kill("SIGTERM");
    if (program.exitCode === null) await once(program, "exit");
  });

  test("an action written in TypeScript runs from below node_modules", async () => {
    const answer = await fetch(`${url}/v1/executions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ action: "core.uuid", parameters: {} }),
    });
    const { id } = (await answer.json()) as { id: string };
    const ended = new Set(["succeeded", "failed", "timeout", "abandoned"]);
    let seen: { status: string; result?: unknown } = { status: "" };
    while (!ended.has(seen.status)) {
      seen = (await (await fetch(`${url}/v1/executions/${id}`)).json()) as typeof seen;
    }
    expect(seen).toMatchObject({
      status: "succeeded",
      result: { result: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
  });
});
