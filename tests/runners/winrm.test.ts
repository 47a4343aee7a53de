import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { powershellArguments } from "../../src/runners/powershell-arguments.ts";
import { pythonRunner } from "../../src/runners/python.ts";
import type { Runner } from "../../src/runners/runner.ts";
import { winrmRunners } from "../../src/runners/winrm.ts";
import { describeRunner, givesAway, secretValue } from "../contracts/runner.ts";
import { runCall } from "../support/run-call.ts";
import { startWinrmServer, type WinrmServer } from "../support/winrm-server.ts";
import { busySeconds } from "../support/eventually.ts";

const folder = mkdtempSync(join(tmpdir(), "raicho-winrm-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An interpreter that has pywinrm. */
const python = ["python3", "/usr/bin/python3"].find((program) => {
  try {
    execFileSync(program, ["-c", "import winrm"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
if (python === undefined && process.env["CI"] === "true")
  throw new Error("pywinrm is not installed: install the Debian packages named in .ci/run");
if (python === undefined) process.stderr.write("skipped: pywinrm is not installed\n");

function make(name: string, basics: () => object, program = python): Runner {
  const host = pythonRunner({ python: program ?? "python3", outputLimit: 50_000, graceMs: 1_500 });
  const found = winrmRunners(host).find((runner) => runner.name === name);
  if (!found) throw new Error(`no runner ${name}`);
  return {
    ...found,
    run: (call) => {
      const action = { ...call.action, packPath: folder };
      return found.run({ ...call, action, parameters: { ...basics(), ...call.parameters } });
    },
    close: async () => host.close?.(),
  };
}

describe.skipIf(python === undefined)("over WinRM", () => {
  let server: WinrmServer;
  let basics = {};
  beforeAll(async () => {
    server = await startWinrmServer("operator:s3cret");
    const { port } = server;
    const login = { username: "operator", password: "s3cret", transport: "plaintext" };
    basics = { host: "127.0.0.1", port, scheme: "http", ...login };
  });
  afterAll(() => server.stop());

  const use = async (name: string, work: (runner: Runner) => Promise<void>): Promise<void> => {
    const runner = make(name, () => basics);
    try {
      await work(runner);
    } finally {
      await runner.close?.();
    }
  };

  describe.each(["winrm-cmd", "winrm-ps-cmd"])("%s", (name) => {
    describeRunner(() => make(name, () => basics), {
      succeeds: { parameters: { cmd: "echo ok" } },
      fails: { parameters: { cmd: "exit 3" } },
      hangs: { parameters: { cmd: "echo started; sleep 600" } },
      floods: { parameters: { cmd: "head -c 3000000 /dev/zero | tr '\\0' x" } },
      bytes: { parameters: { cmd: "printf '[\\377\\376\\303]'" } },
      secret: givesAway(`printf 'tr0ub'; sleep 0.1; echo '${secretValue.slice(5)}'`),
      skip: {
        gigabyte: "SOAP takes minutes for it; what floods is bounded by the same code",
        family: "its processes are on the other machine; see below",
        worker: "its processes are on the other machine; see below",
      },
    });
  });

  test.each([
    ["echo hello", "succeeded", { return_code: 0, stdout: "hello\n", stderr: "" }],
    ["echo '{\"a\": 1}'; echo oh >&2", "succeeded", { stdout: { a: 1 }, stderr: "oh\n" }],
    ["exit 3", "failed", { failed: true, succeeded: false, return_code: 3 }],
    ['pwd; echo "$A-$B"', "succeeded", { stdout: '/usr\n1<&>-it\'s "2"\n' }],
  ])("winrm-cmd: %s", async (cmd, status, result) => {
    await use("winrm-cmd", async (runner) => {
      const env = { A: "1<&>", B: 'it\'s "2"' };
      const outcome = await runner.run(runCall({ cmd, cwd: "/usr", env }));
      expect(outcome).toMatchObject({ status, result });
      expect(Object.keys(outcome.result as object)).toEqual(
        "failed succeeded return_code stdout stderr".split(" "),
      );
    });
  });

  test("a timeout and a cancel end the command on the other side, and no shell stays open", async () => {
    await use("winrm-cmd", async (runner) => {
      await runner.run(runCall({ cmd: "echo warm" }));
      const before = server.terminated();
      const timeout = busySeconds(4);
      const late = await runner.run(runCall({ cmd: "echo before; sleep 600", timeout }));
      expect(late).toMatchObject({
        status: "timeout",
        result: {
          failed: true,
          return_code: -1,
          stdout: "before\n",
          error: expect.stringContaining(`${timeout} seconds`) as string,
        },
      });
      const controller = new AbortController();
      const call = runCall({ cmd: "echo started; sleep 600" }, { signal: controller.signal });
      const outcome = runner.run(call);
      await call.saying("started");
      controller.abort(new Error("enough"));
      expect((await outcome).status).toBe("canceled");
      expect([server.terminated() - before, server.openShells()]).toEqual([2, 0]);
    });
  });

  test("output is told while the command runs", async () => {
    await use("winrm-cmd", async (runner) => {
      const mark = join(folder, "go");
      const call = runCall({
        cmd: `echo first; while [ ! -e '${mark}' ]; do sleep 0.05; done; echo last`,
      });
      const outcome = runner.run(call);
      await call.saying("first\n");
      expect(call.said.stdout).not.toContain("last");
      writeFileSync(mark, "");
      expect((await outcome).result).toMatchObject({ stdout: "first\nlast\n" });
    });
  });

  test("PowerShell's errors are plain text, its progress is left out", async () => {
    const objects =
      '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">';
    const said = `#< CLIXML\r\n${objects}<Obj S="progress"><S>Loading</S></Obj><S S="Error">no such _x001B_item_x000D__x000A_</S><S S="Error">at line 1_x000D__x000A_</S></Objs>`;
    await use("winrm-ps-cmd", async (runner) => {
      const outcome = await runner.run(runCall({ cmd: `printf '%s' '${said}' >&2; exit 1` }));
      expect(outcome.result).toMatchObject({
        return_code: 1,
        stderr: "no such \u001Bitem\nat line 1",
      });
    });
  });

  test("a script gets its arguments; one that is longer than a line is copied and removed", async () => {
    await use("winrm-ps-script", async (runner) => {
      const entryPath = join(folder, "script.ps1");
      writeFileSync(entryPath, "echo short");
      const parameters = { n: { type: "integer", position: 0 }, who: { type: "string" } } as const;
      const action = { entryPath, parameters };
      const given = { who: "it’s $me", n: 4 };
      expect((await runner.run(runCall(given, { action }))).result).toMatchObject({
        stdout: "short\n",
      });
      expect(server.lines.at(-1)).toBe("& {echo short\n} -who:'it’’s $me' 4");
      const text = `# ${"ü".repeat(4_000)}\n`;
      writeFileSync(entryPath, `${text}echo long; exit 5`);
      expect(await runner.run(runCall(given, { action }))).toMatchObject({
        status: "failed",
        result: { return_code: 5, stdout: "long\n" },
      });
      const [called = "", removed = ""] = server.lines.slice(-2);
      expect(called).toMatch(/^& \(Join-Path \$env:TEMP 'raicho-\w+\.ps1'\) -who:'it’’s \$me' 4$/);
      expect(removed).toMatch(/^Remove-Item /);
      const shown = runner.run(runCall({}, { action: { entryPath: join(folder, "gone.ps1") } }));
      await expect(shown).rejects.toThrow("gone.ps1 cannot be read");
    });
  });

  test("a wrong password and a machine that is not there are said", async () => {
    await use("winrm-cmd", async (runner) => {
      expect(await runner.run(runCall({ cmd: "id", password: "wrong" }))).toMatchObject({
        status: "failed",
        result: {
          error: expect.stringMatching(/InvalidCredentialsError|credentials/) as string,
          traceback: expect.any(String) as string,
        },
      });
      expect(await runner.run(runCall({ cmd: "id", port: 1 }))).toMatchObject({
        status: "failed",
        result: {
          error: expect.stringContaining("http://127.0.0.1:1/wsman (ConnectionError)") as string,
        },
      });
      await expect(runner.run(runCall({ cmd: "id", username: "" }))).rejects.toThrow(
        'Parameter "username" is missing',
      );
      await expect(runner.run(runCall({ cmd: "" }))).rejects.toThrow('Parameter "cmd" is missing');
    });
  });
});

test("without pywinrm the error says what to install", async () => {
  const bare = join(folder, "bare-python");
  writeFileSync(bare, '#!/bin/sh\nexec python3 -S "$@"\n', { mode: 0o755 });
  const login = { host: "h", username: "u", password: "p" };
  const runner = make("winrm-cmd", () => login, bare);
  try {
    expect(await runner.run(runCall({ cmd: "id" }))).toMatchObject({
      status: "failed",
      result: {
        error: expect.stringMatching(/pywinrm cannot be imported by .*python3-winrm/) as string,
      },
    });
  } finally {
    await runner.close?.();
  }
});

test.each([
  [{ name: "a'b" }, ["-name:'a''b'"]],
  [{ on: true, off: false, none: null }, ["-on:$true", "-off:$false"]],
  [{ list: [1, "x", [null]] }, ["-list:@(1, 'x', @($null))"]],
  [{ map: { "a b": 1, c: { d: "‘" } } }, ["-map:@{'a b' = 1; 'c' = @{'d' = '‘‘'}}"]],
  [{ text: '`$x "y"\n;' }, ["-text:'`$x \"y\"\n;'"]],
])("%j in PowerShell's words", (parameters, words) => {
  expect(powershellArguments(parameters, {}, { keywordOperator: "-" })).toEqual(words);
});
