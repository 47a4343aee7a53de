import { execFileSync } from "node:child_process";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { pythonRunner } from "../../src/runners/python.ts";
import type { RunCall } from "../../src/runners/runner.ts";
import { needs } from "../support/needs.ts";
import { pythonPack } from "../support/python-pack.ts";
import { runCall } from "../support/run-call.ts";

const pack = pythonPack();
const { action, file } = pack;
const runner = pythonRunner({ outputLimit: 50_000, graceMs: 500 });
afterAll(async () => {
  await runner.close?.();
  pack.remove();
});

const call = (body: string, parameters = {}, more: Parameters<typeof runCall>[1] = {}) =>
  runCall(parameters, { ...more, ...action(body) });
const run = async (...given: Parameters<typeof call>) => runner.run(call(...given));

/** Runs this text as the action's file. */
const plain = async (text: string, more: Partial<RunCall> = {}) => {
  const entryPath = file("actions/plain.py", text);
  const own = { pack: "weather", packPath: pack.path, entryPath };
  return runner.run({ ...runCall(), ...more, action: { ...runCall().action, ...own } });
};

const twice = (n: number): string => `import twice
class A(object):
    def __init__(self, config=None, action_service=None): pass
    def run(self):
        return [${n}, twice.value]
`;

describe.skipIf(!needs("python3"))("a pack's code", () => {
  test("classes need no base; the first by name that can run is taken", async () => {
    const text = `class Zebra(object):
    def __init__(self, config):
        self.config = config
    def run(self):
        return ['zebra', self.config, self.action_service is not None]
class Ant(object):
    pass
`;
    expect((await plain(text, { config: { k: 1 } })).result).toMatchObject({
      result: ["zebra", { k: 1 }, true],
    });
  });

  test("a helper class without a run of its own and imported classes are passed over", async () => {
    const text = `from st2common.runners.base_action import Action
class ABase(Action):
    pass
class Real(ABase):
    def run(self):
        return self.logger.name
`;
    expect((await plain(text)).result).toMatchObject({ result: "actions.python.Real" });
  });

  test("modules of actions/lib, of lib and beside the action are found; the pack's win over libraries", async () => {
    file("actions/lib/colours.py", "name = 'red'\n");
    file("actions/lib/deep/__init__.py", "");
    file("actions/lib/deep/down.py", "import colours\nname = 'deep ' + colours.name\n");
    file("lib/common.py", "name = 'common'\n");
    file("actions/beside.py", "name = 'beside'\n");
    const text = `import colours, common, beside, json
from deep.down import name
class A(object):
    def __init__(self, config=None, action_service=None): pass
    def run(self):
        return [colours.name, common.name, beside.name, name, json.dumps(1)]
`;
    expect((await plain(text)).result).toMatchObject({
      result: ["red", "common", "beside", "deep red", "1"],
    });
  });

  test("a changed file counts at once", async () => {
    file("actions/lib/twice.py", "value = 10\n");
    expect((await plain(twice(1))).result).toMatchObject({ result: [1, 10] });
    file("actions/lib/twice.py", "value = 200\n");
    expect((await plain(twice(2))).result).toMatchObject({ result: [2, 200] });
  });

  test.each([
    ["no such file", undefined, /Failed to load action class from file ".*gone\.py"/],
    ["a syntax error", "class A(:\n", /Failed to load action class from file .*SyntaxError/s],
    ["an import that fails", "import does_not_exist\n", /No module named 'does_not_exist'/],
    ["no class", "x = 1\n", /Found no classes in plugin file ".*" matching requirements/],
  ])("%s is said", async (_, text, words) => {
    const entryPath = text === undefined ? "/gone.py" : file("actions/broken.py", text);
    const outcome = await runner.run(
      runCall({}, { action: { pack: "weather", packPath: pack.path, entryPath } }),
    );
    expect(outcome).toMatchObject({ status: "failed", result: { exit_code: 1, result: "None" } });
    expect((outcome.result as { stderr: string }).stderr).toMatch(words);
  });

  test("no entry point is an error", async () => {
    await expect(runner.run(runCall())).rejects.toThrow(
      'Action "core.test" is missing entry_point attribute',
    );
  });

  test("a missing key of the configuration is explained", async () => {
    const outcome = await run("return self.config['token']", {}, { config: { url: "x" } });
    expect((outcome.result as { stderr: string }).stderr).toContain(
      'ValueError: \nConfig for pack "weather" is missing key "token".',
    );
    expect((await run("return self.config.get('token')")).result).toMatchObject({ result: null });
  });

  test("loggers write to stderr from the wished level on", async () => {
    const body =
      "self.logger.debug('low')\nself.logger.error('high %s', 1)\nself.logger.audit('top')";
    const lines = ["Test: ERROR    high 1", "Test: AUDIT    top"].map(
      (l) => `actions.python.${l}\n`,
    );
    expect((await run(body, { log_level: "INFO" })).result).toMatchObject({
      stderr: lines.join(""),
    });
    expect((await run(body)).result).toMatchObject({
      stderr: ["actions.python.Test: DEBUG    low\n", ...lines].join(""),
    });
  });

  test("sensors can be imported and used by name", async () => {
    const text = `from st2reactor.sensor.base import Sensor, PollingSensor
from st2common.exceptions.action import InvalidActionParameterException
from st2common.util import isotime
from st2client.models import KeyValuePair
from st2client.models.action import Execution
from st2client.client import Client
class S(PollingSensor):
    def setup(self): pass
    def cleanup(self): pass
    def add_trigger(self, trigger): pass
    update_trigger = remove_trigger = add_trigger
    def poll(self): pass
class A(object):
    def __init__(self, config=None, action_service=None): pass
    def run(self):
        s = S('service', {'a': 1}, poll_interval=3)
        return [s.get_poll_interval(), s.sensor_service, s._config, isotime.format(isotime.parse('2026-01-02T03:04:05+09:00'))]
`;
    expect((await plain(text)).result).toMatchObject({
      result: [3, "service", { a: 1 }, "2026-01-01T18:04:05.000000+00:00"],
    });
  });
});

describe.skipIf(!needs("python3"))("interpreters", () => {
  test("libraries are imported once and shared; a changed library brings a new server", async () => {
    const site = pythonPack("venv");
    const own = pythonPack("lib_user");
    const venv = join(site.path, "lib_user");
    execFileSync("python3", ["-m", "venv", "--without-pip", venv]);
    const [libraries = ""] = execFileSync(join(venv, "bin", "python"), [
      "-c",
      "import sysconfig; print(sysconfig.get_path('purelib'))",
    ])
      .toString()
      .split("\n");
    const library = join(libraries, "counted.py");
    writeFileSync(library, "import os\nwhere = os.getpid()\nversion = 1\n");
    const venvs = pythonRunner({ virtualenvs: site.path });
    const made = own.action(
      "import os, sys\nreturn [counted.where != os.getpid(), counted.where, counted.version, sys.prefix, os.environ['PATH']]",
      "import counted",
    );
    const once = async () =>
      ((await venvs.run(runCall({}, made))).result as { result: unknown[] }).result;
    const first = await once();
    const second = await once();
    expect(first.slice(0, 4)).toEqual([true, first[1], 1, venv]);
    expect(first[4]).toMatch(new RegExp(`^${venv}/bin:`));
    expect(second[1]).toBe(first[1]);
    writeFileSync(library, "import os\nwhere = os.getpid()\nversion = 22\n");
    utimesSync(library, 1, 1);
    const third = await once();
    expect(third[2]).toBe(22);
    expect(third[1]).not.toBe(first[1]);
    await venvs.close?.();
    site.remove();
    own.remove();
  });

  test("a library that starts a thread or ends the process is left to the actions", async () => {
    const site = pythonPack("venv");
    const own = pythonPack("odd");
    const venv = join(site.path, "odd");
    execFileSync("python3", ["-m", "venv", "--without-pip", venv]);
    mkdirSync(venv, { recursive: true });
    const libraries = execFileSync(join(venv, "bin", "python"), [
      "-c",
      "import sysconfig; print(sysconfig.get_path('purelib'), end='')",
    ]).toString();
    writeFileSync(
      join(libraries, "threaded.py"),
      "import os, threading, time\nwhere = os.getpid()\nthreading.Thread(target=time.sleep, args=(999,), daemon=True).start()\n",
    );
    writeFileSync(
      join(libraries, "deadly.py"),
      "import os\nif os.getppid() == int(os.environ.get('WORKER', os.getppid())): os._exit(5)\n",
    );
    const venvs = pythonRunner({ virtualenvs: site.path });
    const threaded = own.action(
      "import os\nreturn threaded.where == os.getpid()",
      "import threaded",
    );
    const deadly = own.action("return 'alive'", "import deadly");
    expect((await venvs.run(runCall({}, threaded))).result).toMatchObject({ result: true });
    const wish = { env: { WORKER: "0" } };
    expect((await venvs.run(runCall(wish, deadly))).result).toMatchObject({ result: "alive" });
    await venvs.close?.();
    site.remove();
    own.remove();
  });

  test("variables of the interpreter itself get a fresh one", async () => {
    const outcome = await run("import sys\nreturn [sys.flags.optimize, __debug__]", {
      env: { PYTHONOPTIMIZE: "1" },
    });
    expect(outcome.result).toMatchObject({ result: [1, false] });
  });

  test("libraries that are missing are explained where a virtual environment is", async () => {
    const own = pythonPack("needy");
    own.file("requirements.txt", "boto9000\n");
    const venvs = pythonRunner({ virtualenvs: "/var/lib/venvs" });
    const outcome = await venvs.run(runCall({}, own.action("return 1", "import boto9000")));
    const fine = await venvs.run(runCall({}, own.action("return 1")));
    await venvs.close?.();
    own.remove();
    const hint =
      "The pack has a requirements.txt but no virtual environment. Make one: raicho pack setup-virtualenv needy";
    expect(outcome).toMatchObject({ status: "failed", result: { error: hint } });
    expect((outcome.result as { stderr: string }).stderr).toContain(hint);
    expect(fine).toMatchObject({ status: "succeeded" });
  });

  test("an interpreter that is not there is named", async () => {
    const none = pythonRunner({ python: "/no/such/python" });
    await expect(none.run(call("return 1"))).rejects.toThrow(
      "Python could not be started: spawn /no/such/python ENOENT",
    );
    await none.close?.();
  });
});
