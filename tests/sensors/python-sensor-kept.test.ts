/** What becomes of a sensor's process and of its checkpoint: real processes, a ledger in memory. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { noneLeftWith, processesWith, sensorClass, SensorBench } from "../support/python-sensor.ts";

let bench: SensorBench;
const fresh = (): SensorBench => (bench = new SensorBench());
afterEach(() => bench.close());

describe.skipIf(!needs("python3"))("the checkpoint of a Python sensor", () => {
  test("goes with the events, and comes back after a restart", async () => {
    const { until } = bind(fresh());
    const keeper = bench.start(
      sensorClass({
        run: `
import time
place = self.sensor_service.get_checkpoint({"n": 0})
events = [{"trigger": "garden.seen", "payload": {"n": place["n"] + i}, "dedupe_key": place["n"] + i} for i in range(3)]
self.sensor_service.dispatch_all(events, checkpoint={"n": place["n"] + 3})
self.sensor_service.get_logger("c").info("at %s", self.sensor_service.get_checkpoint())
time.sleep(600)`,
      }),
    );
    await until(() => bench.said("at {'n': 3}"));
    keeper.restart();
    await until(() => bench.said("at {'n': 6}"));
    expect(bench.taken.map(({ events, checkpoint }) => [events.length, checkpoint])).toEqual([
      [3, { value: { n: 3 } }],
      [3, { value: { n: 6 } }],
    ]);
    expect(bench.events.map(({ dedupeKey }) => dedupeKey)).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  test("what was dispatched when the sensor was killed is in the ledger or comes again", async () => {
    const { until } = bind(fresh());
    const keeper = bench.start(
      sensorClass({
        run: `
n = self.sensor_service.get_checkpoint(0)
while True:
    self.sensor_service.dispatch("garden.seen", {"n": n}, dedupe_key=n, checkpoint=n + 1)
    n += 1`,
      }),
      { pace: { crashloop: 100, firstPauseMs: 1, longestPauseMs: 1 } },
    );
    for (let round = 1; round <= 5; round += 1) {
      const pid = await until(() => keeper.status.phase === "running" && keeper.status.pid);
      const before = bench.events.length;
      await until(() => bench.events.length > before + 5);
      process.kill(pid, "SIGKILL");
      await until(() => keeper.status.pid !== pid);
    }
    await keeper.stop();
    const seen = new Set(bench.events.map(({ dedupeKey }) => Number(dedupeKey)));
    expect(seen.size).toBeGreaterThan(25);
    expect([...seen].toSorted((a, b) => a - b)).toEqual([...Array(seen.size).keys()]);
  });
});

describe.skipIf(!needs("python3"))("keeping a Python sensor", () => {
  test("is for ever: each end is told, a crash loop once, and recovery too", async () => {
    const { until } = bind(fresh());
    bench.file("broken", "");
    bench.start(
      sensorClass({
        run: `
import os, sys, time
if os.path.exists("broken"): sys.exit(3)
time.sleep(600)`,
      }),
      { pace: { healthyMs: 1_500, longestPauseMs: 60 } },
    );
    const exits = (): number => bench.news.filter(({ kind }) => kind === "exited").length;
    await until(() => exits() >= 6);
    expect(bench.statuses.at(-1)?.phase).toBe("crashlooping");
    renameSync(`${bench.path}/broken`, `${bench.path}/mended`);
    await until(() => bench.news.some(({ kind }) => kind === "recovered"));
    expect(bench.statuses.at(-1)).toMatchObject({ phase: "running", failures: 0 });
    const told = bench.news.filter(({ kind }) => kind === "crashlooping");
    expect(told).toEqual([
      expect.objectContaining({
        failures: 3,
        end: expect.objectContaining({ code: 3 }) as unknown,
      }),
    ]);
    const spawned = bench.news.find((news) => news.kind === "spawned");
    expect(spawned).toMatchObject({ command: expect.stringContaining("garden.Watch") as string });
  });

  test("a sensor whose run ends is started again as well", async () => {
    const { until } = bind(fresh());
    bench.start(sensorClass({ run: "print('once')" }));
    await until(() => bench.news.filter(({ kind }) => kind === "spawned").length >= 2);
    expect(bench.news).toContainEqual({ kind: "exited", code: 0 });
  });

  test("stopping calls cleanup and leaves no process, whatever the sensor started", async () => {
    const { until } = bind(fresh());
    const keeper = bench.start(
      sensorClass({
        setup: "import subprocess\nsubprocess.Popen(['sleep', '3117.25'])",
        cleanup: "print('cleaned up')",
      }),
    );
    await until(() => keeper.status.phase === "running");
    await eventually("what it starts", () => processesWith("sleep 3117.25").length === 1);
    await keeper.stop();
    expect(bench.said("cleaned up")).toBe(true);
    expect(bench.news.at(-1)).toEqual({ kind: "exited", code: 0 });
    await noneLeftWith("sleep 3117.25");
  });

  test("a sensor that does not want to end is killed", async () => {
    const { until } = bind(fresh());
    const keeper = bench.start(
      sensorClass({
        run: `
import signal, subprocess, time
subprocess.Popen(['sleep', '3118.25'])
while True:
    try: time.sleep(600)
    except BaseException: print("no")`,
      }),
      { pace: { graceMs: 500 } },
    );
    await until(() => keeper.status.phase === "running");
    await eventually("what it starts", () => processesWith("sleep 3118.25").length === 1);
    await keeper.stop();
    expect(bench.said("no")).toBe(true);
    expect(bench.news.at(-1)).toEqual({ kind: "exited", code: -9 });
    await noneLeftWith("sleep 3118.25");
  });

  test("stopping while the database is away loses nothing that was answered for", async () => {
    const { until } = bind(fresh());
    bench.answer = () => new Promise(() => undefined);
    const keeper = bench.start(
      sensorClass({
        run: "print('going')\nself.sensor_service.dispatch('garden.seen', {}, checkpoint=1)",
      }),
      { pace: { graceMs: 300 } },
    );
    await until(() => bench.said("going"));
    await keeper.stop();
    expect([bench.taken, bench.checkpoint]).toEqual([[], undefined]);
  });

  test("a host that is killed takes everything with it", async () => {
    fresh();
    const entry = bench.file(
      "sensors/watch.py",
      sensorClass({
        setup:
          "import os, signal, subprocess\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsubprocess.Popen(['sleep', '3119.25'])",
      }),
    );
    const program = fileURLToPath(new URL("../support/sensor-host.ts", import.meta.url));
    const host = spawn(process.execPath, [program, entry], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(host.stdout, "data");
    expect(processesWith("sleep 3119.25").length).toBe(1);
    expect(processesWith("killed.Watch").length).toBe(2);
    host.kill("SIGKILL");
    await noneLeftWith("sleep 3119.25");
    await noneLeftWith("killed.Watch");
  });
});

function bind(one: SensorBench): Pick<SensorBench, "until"> {
  return { until: one.until.bind(one) };
}
