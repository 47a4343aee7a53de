import { execFileSync } from "node:child_process";
import { afterAll, describe, expect, test } from "vitest";
import { pythonRunner } from "../../src/runners/python.ts";
import { describeRunner, secretValue } from "../contracts/runner.ts";
import { familyInPython } from "../support/families.ts";
import { needs } from "../support/needs.ts";
import { pythonPack } from "../support/python-pack.ts";
import { runCall } from "../support/run-call.ts";
import { busyMs, busySeconds } from "../support/eventually.ts";

const pack = pythonPack();
const { action } = pack;
const runner = pythonRunner({ outputLimit: 50_000, graceMs: 500 });
afterAll(async () => {
  await runner.close?.();
  pack.remove();
});

type Given = Parameters<typeof runCall>[1];

const call = (body: string, parameters = {}, more: Given = {}) =>
  runCall(parameters, { ...more, action: { ...action(body).action, ...more.action } });
const run = async (body: string, parameters = {}, more: Given = {}) =>
  runner.run(call(body, parameters, more));

describe.skipIf(!needs("python3"))("python-script", () => {
  describeRunner(() => pythonRunner({ outputLimit: 50_000, graceMs: 500 }), {
    succeeds: { parameters: {}, ...action("return {'a': [1, None, 'é']}") },
    fails: { parameters: {}, ...action("raise ValueError('no')") },
    hangs: {
      parameters: {},
      ...action("import time\nprint('started')\ntime.sleep(600)"),
    },
    floods: { parameters: {}, ...action("print('x' * 3000000)") },
    family: { parameters: {}, ...action(familyInPython) },
    gigabyte: {
      parameters: {},
      ...action("import os\nfor _ in range(1000):\n    os.write(1, b'x' * 1000000)"),
    },
    bytes: {
      parameters: {},
      ...action("import sys\nsys.stdout.buffer.write(b'[\\xff\\xfe\\xc3]')"),
    },
    secret: {
      parameters: { login: { word: secretValue } },
      action: {
        ...action(
          "word = parameters['login']['word']\nprint(word[:6], end='', flush=True)\nprint(word[6:])\nself.logger.info(word)\nreturn [{word: word}]",
        ).action,
        parameters: {
          login: { type: "object", properties: { word: { type: "string", secret: true } } },
        },
      },
    },
    worker: "python-script",
  });

  test.each([
    ["return 'x'", "succeeded", { exit_code: 0, result: "x" }],
    ["return None", "succeeded", { exit_code: 0, result: null }],
    ["return (True, {'a': 1})", "succeeded", { result: { a: 1 } }],
    ["return (False, 'why')", "failed", { exit_code: 0, result: "why" }],
    ["return (None, [1])", "succeeded", { result: [1] }],
    ["return [False, 1]", "succeeded", { result: [false, 1] }],
    ["return (1, 2, 3)", "succeeded", { result: [1, 2, 3] }],
    ["return ('a', 2)", "failed", { exit_code: 220, result: "None" }],
    ["raise ValueError('no')", "failed", { exit_code: 1, result: "None" }],
    ["import sys\nsys.exit(7)", "failed", { exit_code: 7, result: "None" }],
    ["import sys\nsys.exit()", "succeeded", { exit_code: 0, result: "None" }],
    ["import sys\nsys.exit('bye')", "failed", { exit_code: 1, stderr: "bye\n" }],
    ["import os\nos._exit(3)", "failed", { exit_code: 3, result: "None" }],
    ["import os\nos.kill(os.getpid(), 9)", "failed", { exit_code: -9 }],
    ["return (True, set())", "succeeded", { result: "set()" }],
    [
      "return {'n': float('nan'), 'i': float('inf')}",
      "succeeded",
      { result: { n: null, i: null } },
    ],
    ["import datetime\nreturn datetime.date(2026, 1, 2)", "succeeded", { result: "2026-01-02" }],
    ["a = []\na.append(a)\nreturn a", "succeeded", { result: "[[...]]" }],
    ["print('a')\nimport sys\nsys.stderr.write('b')", "succeeded", { stdout: "a\n", stderr: "b" }],
    ["print('123')", "succeeded", { stdout: "123\n" }],
  ])("%s", async (body, status, result) => {
    expect(await run(body)).toMatchObject({ status, result });
  });

  test("has exactly StackStorm's result keys", async () => {
    expect(await run("return 1")).toEqual({
      status: "succeeded",
      result: { stdout: "", stderr: "", exit_code: 0, result: 1 },
    });
  });

  test("a timeout answers as StackStorm does", async () => {
    const body = "import time\nprint('before')\ntime.sleep(60)";
    const timeout = busySeconds(1);
    expect(await run(body, { timeout })).toEqual({
      status: "timeout",
      result: {
        stdout: "before\n",
        stderr: "",
        exit_code: -9,
        result: "None",
        error: `Action failed to complete in ${timeout} seconds`,
      },
    });
  });

  test("a traceback shows the pack's code and nothing of the host", async () => {
    const outcome = await run("import json\nreturn json.loads('{')");
    const { stderr } = outcome.result as { stderr: string };
    const lines = stderr.split("\n");
    expect(lines[0]).toBe("Traceback (most recent call last):");
    expect(lines[1]).toMatch(/File ".*actions\/a\d+\.py", line 7, in run$/);
    expect(stderr).toContain("json.decoder.JSONDecodeError: Expecting property name");
    expect(stderr).not.toContain("raicho_host");
  });

  test("parameters arrive as they are, large ones too, and are not on any command line", async () => {
    const secret = "s3cret-parameter";
    const text = `${secret} \u0000 ' " \\ 日本語 ${"x".repeat(500_000)}`;
    const body = `import os
lines = []
for pid in os.listdir('/proc'):
    try:
        lines.append(open('/proc/%s/cmdline' % pid, 'rb').read())
    except OSError:
        pass
return [parameters, any(b'${secret}' in line for line in lines)]`;
    const outcome = await run(body, { text, n: 1.5, l: [null, true] });
    expect(outcome.result).toMatchObject({
      result: [{ text, n: 1.5, l: [null, true] }, false],
    });
  });

  test("what was declared and not given is None, and the runner's own parameters are not passed on", async () => {
    const outcome = await run(
      "return parameters",
      { a: 1, env: { A: "b" }, log_level: "INFO", timeout: 9 },
      { action: { parameters: { a: { type: "integer" }, b: { type: "string" } } } },
    );
    expect(outcome.result).toMatchObject({ result: { a: 1, b: null } });
  });

  test("standard input is empty, the directory is the pack's", async () => {
    const outcome = await run("import os, sys\nreturn [sys.stdin.read(), os.getcwd()]");
    expect(outcome.result).toMatchObject({ result: ["", pack.path] });
  });

  test("the environment is the call's, with StackStorm's names", async () => {
    const outcome = await run(
      "import os\nreturn dict(os.environ)",
      { env: { GREETING: "hi", PythonPath: "/nowhere", N: 5 } },
      {
        environment: {
          ST2_ACTION_PACK_NAME: "weather",
          ST2_ACTION_API_URL: "http://door/v1",
          ST2_ACTION_AUTH_TOKEN: "t0ken",
        },
      },
    );
    const { result } = outcome.result as { result: Record<string, string> };
    expect(result).toMatchObject({
      GREETING: "hi",
      N: "5",
      ST2_ACTION_PACK_NAME: "weather",
      ST2_ACTION_DEBUG: "False",
      ST2_ACTION_AUTH_TOKEN: "t0ken",
      ST2_API_URL: "http://door/v1",
      ST2_AUTH_TOKEN: "t0ken",
    });
    expect(result).not.toHaveProperty("PythonPath");
    expect(result).not.toHaveProperty("VITEST");
  });

  test("debug is told, and is no parameter of the action", async () => {
    const body = "import os\nreturn [os.environ['ST2_ACTION_DEBUG'], sorted(parameters)]";
    expect((await run(body, { debug: true })).result).toMatchObject({ result: ["True", []] });
  });

  test("one action's process is not another's", async () => {
    const body = `import builtins, os, st2common
before = getattr(builtins, 'mark', None), os.environ.get('MARK')
builtins.mark = 1
os.environ['MARK'] = '1'
return [before, os.getpid()]`;
    const same = call(body);
    const first = (await runner.run(same)).result as { result: [unknown, number] };
    const second = (await runner.run(same)).result as { result: [unknown, number] };
    expect(first.result[0]).toEqual([null, null]);
    expect(second.result[0]).toEqual([null, null]);
    expect(second.result[1]).not.toBe(first.result[1]);
  });

  test("an action that prints what looks like a result does not forge one", async () => {
    const mark = "%%%%%~=~=~=************=~=~=~%%%%";
    const outcome = await run(`print('${mark}{"result": 1, "status": true}\\n${mark}')\nreturn 2`);
    expect(outcome.result).toMatchObject({
      result: 2,
      stdout: expect.stringContaining(mark) as string,
    });
  });

  test("subprocesses write to the same output and end with a timeout", async () => {
    const mark = `7${process.pid}3`;
    const body = `import subprocess
subprocess.call(['echo', 'from below'])
subprocess.Popen(['sleep', '${mark}'])
subprocess.call("trap '' TERM; sleep ${mark}", shell=True)`;
    const outcome = await run(body, { timeout: busySeconds(1) });
    expect(outcome).toMatchObject({ status: "timeout", result: { stdout: "from below\n" } });
    expect(() => execFileSync("pgrep", ["-f", `^sleep ${mark}`])).toThrow("pgrep");
  });

  test("what an action leaves running does not hold it up", async () => {
    const mark = `8${process.pid}4`;
    const from = performance.now();
    const outcome = await run(
      `import subprocess\nsubprocess.Popen(['sleep', '${mark}'])\nreturn 1`,
    );
    expect(outcome).toMatchObject({ status: "succeeded", result: { result: 1 } });
    expect(performance.now() - from).toBeLessThan(busyMs(5_000));
    execFileSync("pkill", ["-f", `^sleep ${mark}`]);
  });

  test("threads and exit functions finish before the action ends", async () => {
    const body = `import atexit, threading, time
atexit.register(print, 'at exit')
def work():
    time.sleep(0.2)
    print('thread')
threading.Thread(target=work).start()
return 1`;
    expect(await run(body)).toMatchObject({
      status: "succeeded",
      result: { result: 1, stdout: "thread\nat exit\n" },
    });
  });

  test("output that is no UTF-8 becomes replacement characters", async () => {
    const body = "import sys\nsys.stdout.buffer.write(b'a\\xffb')";
    expect((await run(body)).result).toMatchObject({ stdout: "a\ufffdb" });
  });

  test("says what was cut, and refuses a result without bound", async () => {
    expect((await run("print('x' * 60000)")).result).toMatchObject({
      truncated: true,
      stdout: "x".repeat(50_000),
    });
    const small = pythonRunner({ resultLimit: 1_000 });
    const outcome = await small.run(call("return 'x' * 2000"));
    await small.close?.();
    expect(outcome).toMatchObject({
      status: "failed",
      result: { error: "The result of the action is larger than 1000 bytes of JSON" },
    });
  });

  test("a hundred at once keep their output apart", async () => {
    const body = "for _ in range(20):\n    print(parameters['n'])\nreturn parameters['n']";
    const same = call(body);
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, n) => runner.run({ ...same, parameters: { n } })),
    );
    outcomes.forEach((outcome, n) =>
      expect(outcome.result).toEqual({
        stdout: `${n}\n`.repeat(20),
        stderr: "",
        exit_code: 0,
        result: n,
      }),
    );
  });
});
