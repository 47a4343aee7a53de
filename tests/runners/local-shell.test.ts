import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { localShellCommandRunner, localShellScriptRunner } from "../../src/runners/local-shell.ts";
import { quote } from "../../src/runners/shell-arguments.ts";
import { describeRunner } from "../contracts/runner.ts";
import { needs } from "../support/needs.ts";
import { runCall } from "../support/run-call.ts";
import { spawnDirectly as spawn } from "../support/spawn.ts";
import { busySeconds } from "../support/eventually.ts";

const folder = mkdtempSync(join(tmpdir(), "raicho-shell-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  return path;
};

const reason = "needs the real spawner: local-shell-spawner.test.ts";
const elsewhere = {
  family: reason,
  gigabyte: reason,
  bytes: reason,
  secret: reason,
  worker: reason,
};
const command = () => localShellCommandRunner({ spawn, outputLimit: 50_000 });
const scripts = () => localShellScriptRunner({ spawn, outputLimit: 50_000 });

describe("local-shell-cmd", () => {
  describeRunner(command, {
    succeeds: { parameters: { cmd: "echo ok" } },
    fails: { parameters: { cmd: "exit 3" } },
    hangs: { parameters: { cmd: "echo started; sleep 600" } },
    floods: { parameters: { cmd: "head -c 3000000 /dev/zero | tr '\\0' x" } },
    skip: elsewhere,
  });

  test.each([
    ["echo hello", "succeeded", { return_code: 0, stdout: "hello", stderr: "" }],
    ["echo hello; echo; echo", "succeeded", { stdout: "hello\n\n" }],
    ["printf 'a\\r\\n'", "succeeded", { stdout: "a" }],
    ["echo 123", "succeeded", { stdout: 123 }],
    [`echo '{"a": [1, null]}'`, "succeeded", { stdout: { a: [1, null] } }],
    ["echo '[]' >&2", "succeeded", { stderr: [] }],
    ["exit 1", "failed", { failed: true, succeeded: false, return_code: 1 }],
    ["exit 127", "failed", { return_code: 127 }],
    ["kill -9 $$", "timeout", { return_code: -9 }],
    ["kill -15 $$", "abandoned", { return_code: -15 }],
    ["kill -2 $$", "failed", { return_code: -1 }],
    ['echo "$GREETING $ST2_ACTION_PACK_NAME"', "succeeded", { stdout: "hi core" }],
    ["pwd", "succeeded", { stdout: "/" }],
  ])("%s", async (cmd, status, result) => {
    const parameters = { cmd, env: { GREETING: "hi" }, cwd: "/" };
    const outcome = await command().run(runCall(parameters));
    expect(outcome).toMatchObject({ status, result });
  });

  test("has exactly StackStorm's result keys", async () => {
    const { result } = await command().run(runCall({ cmd: "true" }));
    expect(Object.keys(result as object)).toEqual([
      "failed",
      "succeeded",
      "return_code",
      "stdout",
      "stderr",
    ]);
  });

  test("a timeout answers as StackStorm does", async () => {
    const timeout = busySeconds(1);
    const outcome = await command().run(runCall({ cmd: "echo before; sleep 60", timeout }));
    expect(outcome).toEqual({
      status: "timeout",
      result: {
        failed: true,
        succeeded: false,
        return_code: -9,
        stdout: "before",
        stderr: "",
        error: `Action failed to complete in ${timeout} seconds`,
      },
    });
  });

  test("nothing of a timed out command stays behind, not even what ignores the polite signal", async () => {
    const mark = `6${process.pid}7`;
    const cmd = `trap '' TERM; sh -c "trap '' TERM; sleep ${mark}" & sleep ${mark}`;
    const runner = localShellCommandRunner({ spawn, graceMs: 200 });
    expect((await runner.run(runCall({ cmd, timeout: 1 }))).status).toBe("timeout");
    expect(() => execFileSync("pgrep", ["-f", `^sleep ${mark}`])).toThrow("pgrep");
  });

  test("says what was cut", async () => {
    const cmd = "head -c 60000 /dev/zero | tr '\\0' x";
    const { result } = await command().run(runCall({ cmd }));
    expect(result).toMatchObject({ truncated: true, stdout: "x".repeat(50_000) });
  });

  test("characters split over chunks arrive whole", async () => {
    const cmd = "printf '\\343\\201'; sleep 0.2; printf '\\202'";
    const call = runCall({ cmd });
    expect((await command().run(call)).result).toMatchObject({ stdout: "あ" });
    expect(call.said.stdout).toBe("あ");
  });

  test("sees nothing of the server's environment", async () => {
    process.env["DATABASE_URL"] = "postgres://secret";
    try {
      const { result } = await command().run(runCall({ cmd: "env" }));
      expect(JSON.stringify(result)).not.toContain("DATABASE_URL");
    } finally {
      delete process.env["DATABASE_URL"];
    }
  });

  test("a working directory that is not there is named", async () => {
    const call = runCall({ cmd: "true", cwd: "/not/there" });
    await expect(command().run(call)).rejects.toThrow('cwd "/not/there" is not a directory');
  });

  test("an entry point is refused", async () => {
    const call = runCall({ cmd: "true" }, { action: { entryPath: "/x" } });
    await expect(command().run(call)).rejects.toThrow("entry_point is only valid");
  });
});

describe("local-shell-script", () => {
  const show = script("show.sh", 'for word in "$@"; do echo "[$word]"; done');
  describeRunner(scripts, {
    succeeds: { parameters: {}, action: { entryPath: show } },
    fails: { parameters: {}, action: { entryPath: script("fail.sh", "exit 4") } },
    hangs: { parameters: {}, action: { entryPath: script("hang.sh", "echo started; sleep 600") } },
    floods: { parameters: {}, action: { entryPath: script("flood.sh", "yes | head -c 2000000") } },
    skip: elsewhere,
  });

  test("named arguments first, then the positional ones in their order", async () => {
    const parameters = {
      last: ["a", 1, true],
      first: false,
      flag: true,
      off: false,
      empty: "",
      none: null,
      k: "v w",
      o: { a: 1 },
    };
    const schemas = { last: { position: 1 }, first: { position: 0 } };
    const call = runCall(
      { ...parameters, timeout: 10, sudo: false },
      { action: { entryPath: show, parameters: schemas } },
    );
    expect((await scripts().run(call)).result).toMatchObject({
      stdout: '[--flag]\n[--k=v w]\n[--o={"a":1}]\n[0]\n[a,1,1]',
    });
  });

  test("the operator in front of names can be changed", async () => {
    const call = runCall({ k: "v", kwarg_op: "-" }, { action: { entryPath: show } });
    expect((await scripts().run(call)).result).toMatchObject({ stdout: "[-k=v]" });
  });

  test("a script without the executable bit is made executable", async () => {
    const path = script("plain.sh", "echo ran");
    chmodSync(path, 0o644);
    const call = runCall({}, { action: { entryPath: path } });
    expect((await scripts().run(call)).result).toMatchObject({ stdout: "ran" });
  });

  test("a missing script is named", async () => {
    const call = runCall({}, { action: { entryPath: join(folder, "gone.sh") } });
    await expect(scripts().run(call)).rejects.toThrow("gone.sh cannot be read");
  });
});

test("every text survives quoting byte for byte", () => {
  const words = fc.sample(
    fc.array(
      fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
      { maxLength: 20 },
    ),
    50,
  );
  for (const list of [
    ...words,
    ["$(id)", "`id`", "a\nb", ";ls", "-n", "'", '"', "\\", "*", "~", "!x"],
  ]) {
    const line = `for word in ${list.map((word) => quote(word)).join(" ")}; do printf '%s\\0' "$word"; done`;
    const seen = execFileSync("/bin/sh", ["-c", list.length === 0 ? "true" : line]).toString();
    expect(seen).toBe(list.map((word) => `${word}\0`).join(""));
  }
});

test("a sudo password is given to nobody but sudo", async () => {
  const parameters = { cmd: "cat", sudo_password: "s3cret", sudo: false };
  expect((await command().run(runCall(parameters))).result).toMatchObject({ stdout: "" });
});

test("scripts are told of debug, which is no argument of theirs", async () => {
  const entryPath = join(folder, "debug.sh");
  writeFileSync(entryPath, '#!/bin/sh\necho "$ST2_ACTION_DEBUG $#"\n', { mode: 0o755 });
  const debugged = await scripts().run(runCall({ debug: true }, { action: { entryPath } }));
  expect(debugged.result).toMatchObject({ stdout: "True 0" });
  const usual = await scripts().run(runCall({}, { action: { entryPath } }));
  expect(usual.result).toMatchObject({ stdout: "False 0" });
});

describe("sudo", () => {
  /** In place of sudo: says how it was called, and what it reads. */
  const path = mkdtempSync(join(tmpdir(), "raicho-sudo-"));
  const fake = "#!/bin/sh\nprintf '[%s]' \"$@\"; cat\n";
  writeFileSync(join(path, "sudo"), fake, { mode: 0o755 });
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  const baseEnvironment = { PATH: `${path}:${process.env["PATH"]}` };
  const sudo = { cmd: "id 'x'", sudo: true };
  const quoted = `bash][-c][id 'x']`;

  test.each([
    [sudo, undefined, `[-E][--][${quoted}`],
    [{ ...sudo, sudo_password: "s3cret" }, undefined, `[-S][-p][][-E][--][${quoted}s3cret`],
    [{ ...sudo, sudo: false }, "stanley", `[-E][-H][-u][stanley][--][${quoted}`],
    [sudo, "stanley", `[-E][--][${quoted}`],
    [
      { ...sudo, sudo: false, sudo_password: "s3cret" },
      "stanley",
      `[-S][-p][][-E][-H][-u][stanley][--][${quoted}s3cret`,
    ],
  ])("%j as %s", async (parameters, systemUser, said) => {
    const runner = localShellCommandRunner({ spawn, baseEnvironment, systemUser });
    expect((await runner.run(runCall(parameters))).result).toMatchObject({ stdout: said });
  });

  test("the own user needs none", async () => {
    const systemUser = userInfo().username;
    const runner = localShellCommandRunner({ spawn, baseEnvironment, systemUser });
    const outcome = await runner.run(runCall({ cmd: "echo plain" }));
    expect(outcome.result).toMatchObject({ stdout: "plain" });
  });

  test.skipIf(process.getuid?.() !== 0 || !needs("sudo"))(
    "another user with its own home",
    async () => {
      const runner = localShellCommandRunner({ spawn, systemUser: "nobody" });
      const cmd = 'echo "$(id -un) $HOME $GREETING $ST2_ACTION_PACK_NAME"';
      const outcome = await runner.run(runCall({ cmd, env: { GREETING: "it's" } }));
      expect(outcome.result).toMatchObject({ stdout: "nobody /nonexistent it's core" });
    },
  );
});
