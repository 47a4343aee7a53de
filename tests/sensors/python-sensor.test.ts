/** What StackStorm's sensors find when Raicho hosts them: real processes, a ledger in memory. */
import { afterEach, describe, expect, test } from "vitest";
import type { SensorTrigger } from "../../src/sensors/python/protocol.ts";
import { needs } from "../support/needs.ts";
import { sensorClass, sensorHead, SensorBench } from "../support/python-sensor.ts";

let bench: SensorBench;
const fresh = (): SensorBench => (bench = new SensorBench());
afterEach(() => bench.close());

const trigger = (id: string, parameters = {}): SensorTrigger => ({
  id,
  ref: `garden.seen.${id}`,
  type: "garden.seen",
  parameters,
});

describe.skipIf(!needs("python3"))("a Python sensor", () => {
  test("dispatches with payload, trace and whatever JSON cannot hold as text", async () => {
    const { until } = bind(fresh());
    bench.start(
      sensorClass({
        run: `
import datetime, time
self.sensor_service.dispatch(trigger="garden.seen", payload={"n": 1, "at": datetime.datetime(2026, 1, 2), 3: b"x", "set": {7}}, trace_tag="t-1")
self.sensor_service.dispatch_with_context("garden.seen", {"n": 2}, trace_context={"trace_tag": "t-2", "id_": "5c0a1b2c3d4e5f6071829304"})
self.sensor_service.dispatch({"type": "garden.seen", "parameters": {"bed": 4}})
self.sensor_service.dispatch("garden.seen", payload={"nan": float("nan")}, dedupe_key="k")
time.sleep(600)`,
      }),
    );
    await until(() => bench.events.length === 4);
    expect(bench.events).toEqual([
      {
        trigger: "garden.seen",
        payload: { n: 1, at: "2026-01-02T00:00:00", "3": "x", set: [7] },
        traceTag: "t-1",
      },
      {
        trigger: "garden.seen",
        payload: { n: 2 },
        traceTag: "t-2",
        trace: "5c0a1b2c3d4e5f6071829304",
      },
      { trigger: { type: "garden.seen", parameters: { bed: 4 } }, payload: {} },
      { trigger: "garden.seen", payload: { nan: null }, dedupeKey: "k" },
    ]);
  });

  test("goes on after a dispatch only when the ledger has it", async () => {
    const { until } = bind(fresh());
    const gate = Promise.withResolvers<readonly string[]>();
    bench.answer = () => gate.promise;
    bench.start(
      sensorClass({
        run: `
import time
self.sensor_service.get_logger("a").info("before")
self.sensor_service.dispatch("garden.seen", {})
self.sensor_service.get_logger("a").info("after")
time.sleep(600)`,
      }),
    );
    await until(() => bench.said("before"));
    await bench.until(() => bench.statuses.some(({ phase }) => phase === "running"));
    expect(bench.said("after")).toBe(false);
    gate.resolve([]);
    await until(() => bench.said("after"));
    expect(bench.lines).toContain("SensorWrapper.garden.Watch.a: after");
  });

  test("is told of triggers that are there, that come, change and go", async () => {
    const { until } = bind(fresh());
    bench.triggers = [trigger("a", { bed: 1 })];
    const keeper = bench.start(
      sensorClass({
        setup: "self.log = self.sensor_service.get_logger('t')\nself.log.info('setup')",
        run: "import time\nself.log.info('run')\ntime.sleep(600)",
        add_trigger: "self.log.info('add %s %s' % (trigger['id'], trigger['parameters']))",
        update_trigger: "self.log.info('update %s' % trigger['id'])",
        remove_trigger: "self.log.info('remove %s' % trigger['ref'])\nraise ValueError('odd')",
      }),
    );
    await until(() => bench.said("run"));
    bench.triggers = [trigger("a", { bed: 2 }), trigger("b")];
    keeper.retrigger();
    await until(() => bench.said("add b"));
    bench.triggers = [];
    keeper.retrigger();
    await until(() => bench.said("remove garden.seen.b"));
    const order = bench.lines.map((line) => line.split(": ")[1]);
    expect(order.slice(0, 5)).toEqual(["setup", "add a {'bed'", "run", "update a", "add b {}"]);
    // What one of these methods raises is told, and the sensor lives.
    await until(() => bench.said("ValueError: odd"));
    expect(keeper.status.phase).toBe("running");
  });

  test("polls every poll_interval seconds; one that the file does not name is the class's own", async () => {
    const { until } = bind(fresh());
    const text = `${sensorHead}
class Watch(PollingSensor):
    def __init__(self, sensor_service, config=None, poll_interval=30):
        super(Watch, self).__init__(sensor_service=sensor_service, config=config, poll_interval=poll_interval)
    def setup(self): self._sensor_service.get_logger("i").info("every %s %s", self._poll_interval, self._config)
    def poll(self):
        self.set_poll_interval(0.01)
        self.sensor_service.dispatch("garden.seen", {"every": self.get_poll_interval()})
    def cleanup(self): pass
    def add_trigger(self, trigger): pass
    def update_trigger(self, trigger): pass
    def remove_trigger(self, trigger): pass
`;
    const keeper = bench.start(text, { assignment: { config: { url: "u" } } });
    await until(() => bench.said("every 30 {'url': 'u'}"));
    await keeper.stop();
    bench.start(text, { assignment: { pollInterval: 7.5 } });
    await until(() => bench.said("every 7.5 {}") && bench.events.length >= 3);
    expect(bench.events[1]).toEqual({ trigger: "garden.seen", payload: { every: 0.01 } });
  });

  test("needs no base class, and is the class of that name", async () => {
    fresh();
    const duck = sensorClass({ setup: "print('quack')" })
      .replace(sensorHead, "class Other(object): pass\n")
      .replace("(Sensor):", "(object):\n    def __init__(self, sensor_service, config): pass\n");
    bench.start(duck);
    expect(await bench.until(() => bench.said("stdout: quack"))).toBe(true);
  });

  test.each([
    ["a class that is not there", "class Wacht(object): pass\n", "watch.py has: Wacht"],
    [
      "a missing method",
      `${sensorHead}class Watch(object):\n    pass\n`,
      "has no method setup, run",
    ],
    ["a mistake in the file", "def (\n", "Failed to load sensor class from file"],
    ["a library that is not there", "import no_such_library\n", "make one, says the host"],
  ])("%s ends it with a reason", async (_name, text, reason) => {
    const { until } = bind(fresh());
    bench.start(text, { assignment: { missingLibraries: "make one, says the host" } });
    await until(() => bench.news.some(({ kind }) => kind === "crashlooping"));
    const { words } = bench.statuses.findLast(({ lastEnd }) => lastEnd)?.lastEnd ?? { words: "" };
    expect(words).toContain(reason);
  });

  test("sees its token and address, and nothing of an execution or of the server", async () => {
    const { until } = bind(fresh());
    process.env["RAICHO_TEST_SECRET"] = "s3cret";
    bench.start(
      sensorClass({
        run: `
import os, sys, time
names = [name for name in os.environ if name.startswith(("ST2", "RAICHO"))]
self.sensor_service.dispatch("garden.seen", {"names": sorted(names), "argv": sys.argv, "cwd": os.getcwd(), "stdin": sys.stdin.read()})
time.sleep(600)`,
      }),
      {
        assignment: {
          environment: {
            PATH: process.env["PATH"] ?? "",
            ST2_API_URL: "http://127.0.0.1:1/v1",
            ST2_AUTH_TOKEN: "t0ken",
          },
        },
      },
    );
    await until(() => bench.events.length === 1);
    expect(bench.events[0]?.payload).toEqual({
      names: ["ST2_API_URL", "ST2_AUTH_TOKEN"],
      argv: [`${bench.path}/sensors/watch.py`],
      cwd: bench.path,
      stdin: "",
    });
  });

  test("finds modules beside it, in sensors/lib and in the pack's lib", async () => {
    fresh();
    bench.file("sensors/beside.py", "NAME = 'beside'\n");
    bench.file("sensors/lib/inner.py", "NAME = 'inner'\n");
    bench.file("lib/outer.py", "NAME = 'outer'\n");
    bench.start(
      `import beside, inner, outer\n${sensorClass({ setup: "print(beside.NAME, inner.NAME, outer.NAME)" })}`,
    );
    expect(await bench.until(() => bench.said("stdout: beside inner outer"))).toBe(true);
  });

  test("what it prints is logged by line, without secrets, and no more than the log can bear", async () => {
    const { until } = bind(fresh());
    bench.start(
      sensorClass({
        setup:
          "import sys\nprint('password hunter22')\nsys.stdout.write('x' * 5000000 + '\\n')\nfor n in range(100000): print('line', n)",
      }),
      { assignment: { secrets: ["hunter22"] } },
    );
    await until(() => bench.statuses.some(({ phase }) => phase === "running"));
    expect(bench.lines).toContain("stdout: password ********");
    expect(bench.lines.length).toBeLessThanOrEqual(1_000);
    expect(Math.max(...bench.lines.map((line) => line.length))).toBeLessThan(2_200);
  });

  test("dispatches from threads of its own, also when run returned", async () => {
    const { until } = bind(fresh());
    bench.start(
      sensorClass({
        run: `
import threading, time
def work(n):
    for m in range(20): self.sensor_service.dispatch("garden.seen", {"n": n, "m": m})
    if n == 0: time.sleep(600)
for n in range(8): threading.Thread(target=work, args=(n,)).start()`,
      }),
    );
    await until(() => bench.events.length === 160);
    expect(new Set(bench.events.map(({ payload }) => JSON.stringify(payload))).size).toBe(160);
    expect(bench.statuses.at(-1)?.phase).toBe("running");
  });

  test("an event that can never be stored is an error in the sensor, not a silence", async () => {
    const { until } = bind(fresh());
    bench.answer = () => Promise.reject(new Error("the ledger refuses it"));
    bench.start(sensorClass({ run: "self.sensor_service.dispatch('garden.seen', {})" }));
    await until(() => bench.news.some(({ kind }) => kind === "exited"));
    expect(bench.statuses.findLast(({ lastEnd }) => lastEnd)?.lastEnd?.words).toContain(
      "Refused: the ledger refuses it",
    );
  });
});

function bind(one: SensorBench): Pick<SensorBench, "until"> {
  return { until: one.until.bind(one) };
}
