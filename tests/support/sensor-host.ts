/** A program that hosts the sensor of the file it is given, until it is killed. Says a word when the sensor runs. */
import { dirname } from "node:path";
import { pythonPath, sensorHost } from "../../src/runners/python-environment.ts";
import { SensorProcess } from "../../src/sensors/python/process.ts";

const entry = process.argv[2] ?? "";
const directory = dirname(dirname(entry));
const sensor = new SensorProcess({
  host: sensorHost,
  assignment: {
    ref: "killed.Watch",
    pack: "killed",
    className: "Watch",
    entry,
    directory,
    paths: [],
    pollInterval: null,
    triggerTypes: [],
    config: {},
    logLevel: "INFO",
    cache: undefined,
    missingLibraries: undefined,
    program: "python3",
    environment: {
      PATH: process.env["PATH"] ?? "",
      PYTHONPATH: pythonPath({ entryPath: entry, packPath: directory }),
    },
    secrets: [],
  },
  checkpoint: undefined,
  triggers: [],
  take: () => Promise.resolve([]),
  onReady: () => void process.stdout.write("running\n"),
  say: () => undefined,
  graceMs: 1_000,
});
await sensor.ended;
