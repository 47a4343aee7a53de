import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localShellScriptRunner } from "../../src/runners/local-shell.ts";
import { pythonRunner } from "../../src/runners/python.ts";
import type { Runner } from "../../src/runners/runner.ts";
import { needs } from "../support/needs.ts";
import { runCall } from "../support/run-call.ts";
import { spawnDirectly as spawn } from "../support/spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "raicho-versions-"));
const packPath = join(folder, "repository", "weather");
const script = join(packPath, "actions", "say.sh");
const action = join(packPath, "actions", "say.py");
const git = (...args: string[]): string => {
  const words = ["-C", packPath, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args];
  return execFileSync("git", words, { stdio: "pipe" }).toString().trim();
};

/** The pack says this word in both languages; its Python takes it from a module in lib. */
function write(word: string): void {
  mkdirSync(join(packPath, "actions", "lib"), { recursive: true });
  writeFileSync(script, `#!/bin/sh\necho "${word} $#"\n`);
  writeFileSync(join(packPath, "actions", "lib", "words.py"), `WORD = "${word}"\n`);
  writeFileSync(
    action,
    "import words\nfrom st2common.runners.base_action import Action\n\n\nclass Say(Action):\n    def run(self, **given):\n        return [words.WORD, sorted(given)]\n",
  );
}

const trees = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith("raicho-worktree-"));

const say = async (runner: Runner, entryPath: string, version?: string): Promise<unknown> => {
  const parameters = version === undefined ? {} : { content_version: version };
  const at = { pack: "weather", packPath, entryPath };
  return (await runner.run(runCall(parameters, { action: at }))).result;
};

describe.skipIf(!needs("git") || !needs("python3"))("content_version", () => {
  let python: Runner;
  let first = "";
  const shell = localShellScriptRunner({ spawn });
  beforeAll(() => {
    python = pythonRunner();
    write("old");
    git("init", "-q", "-b", "main", ".");
    writeFileSync(join(packPath, ".git", "hooks", "post-checkout"), "#!/bin/sh\nexit 3\n", {
      mode: 0o755,
    });
    git("add", ".");
    git("commit", "-q", "-m", "one");
    git("tag", "v1.0.0");
    first = git("rev-parse", "HEAD");
    git("branch", "stable");
    write("new");
    git("commit", "-q", "-a", "-m", "two");
  });
  afterAll(async () => {
    await python.close?.();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the files of that revision run, and nothing of it stays", async () => {
    const before = trees();
    for (const version of ["v1.0.0", "1.0.0", first, first.slice(0, 8), "stable"]) {
      expect(await say(shell, script, version)).toMatchObject({ stdout: "old 0" });
      expect(await say(python, action, version)).toMatchObject({ result: ["old", []] });
    }
    expect(await say(shell, script)).toMatchObject({ stdout: "new 0" });
    expect(await say(python, action)).toMatchObject({ result: ["new", []] });
    expect(trees()).toEqual(before);
    expect(git("worktree", "list").split("\n")).toHaveLength(1);
  });

  test("several at once do not meet", async () => {
    const versions = ["main", "stable", "main", "stable"];
    const said = await Promise.all(versions.map((version) => say(shell, script, version)));
    expect(said.map((result) => (result as { stdout: string }).stdout)).toEqual(
      versions.map((version) => (version === "main" ? "new 0" : "old 0")),
    );
  });

  test("what is no revision and what is no repository are said", async () => {
    await expect(say(shell, script, "nope")).rejects.toThrow(
      'Failed to create git worktree for pack "weather": Invalid content_version "nope" provided.',
    );
    await expect(say(python, action, "--help")).rejects.toThrow('content_version "--help"');
    const plain = { packPath: folder, entryPath: script, pack: "weather" };
    await expect(shell.run(runCall({ content_version: "v1" }, { action: plain }))).rejects.toThrow(
      "is not a git repository. To utilize this functionality",
    );
  });
});
