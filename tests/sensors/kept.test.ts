/** Sensors that the process keeps: what is told to stop stops, whenever it is told. */
import { expect, test } from "vitest";
import type { Sensor } from "../../src/sensors/sensor.ts";
import { keepSensor } from "../../src/wiring/sensors.ts";
import { testEngine } from "../support/engine.ts";
import { testDatabase } from "../support/postgres.ts";

test("one that is told to stop while it starts is stopped when it has started", async () => {
  await using database = await testDatabase();
  await using engine = testEngine(database.url, { content: {} });
  const starting = Promise.withResolvers<undefined>();
  const said: string[] = [];
  const sensor: Sensor = {
    name: "slow",
    failed: new Promise<never>(() => undefined),
    start: async () => {
      said.push("start");
      await starting.promise;
      said.push("started");
    },
    stop: () => {
      said.push("stop");
      return Promise.resolve();
    },
  };
  const kept = keepSensor(engine.core, () => sensor);
  const stopped = kept.stop();
  starting.resolve(undefined);
  await stopped;
  expect(said).toEqual(["start", "stop", "started", "stop"]);
});
