import { describe, expect, test, vi } from "vitest";
import { loopingSensor, type Pace } from "../../src/sensors/looping-sensor.ts";
import type { SensorContext } from "../../src/sensors/sensor.ts";

const context: SensorContext = {
  emit: () => Promise.resolve(),
  cursor: () => Promise.resolve(undefined),
  log: () => undefined,
  now: () => new Date(0),
};

/** A loop that waits so each time, and how often it has looked. */
function looking(wait: (pace: Pace) => Promise<void>) {
  const looks = vi.fn<() => void>();
  const sensor = loopingSensor("looking", async (_, pace) => {
    while (!pace.stopped) {
      looks();
      await wait(pace);
    }
  });
  return { sensor, looks };
}

describe("a sensor that looks and rests", () => {
  test("a ring ends a wait, and one that comes while it looks is not lost", async () => {
    const { sensor, looks } = looking((pace) => pace.untilRung(3_600_000));
    sensor.wake();
    await sensor.start(context);
    await vi.waitFor(() => expect(looks).toHaveBeenCalledTimes(2));
    sensor.wake();
    await vi.waitFor(() => expect(looks).toHaveBeenCalledTimes(3));
    await sensor.stop();
  });

  test("a rest hears only the stop", async () => {
    const { sensor, looks } = looking((pace) => pace.rest(3_600_000));
    await sensor.start(context);
    sensor.wake();
    await vi.waitFor(() => expect(looks).toHaveBeenCalledTimes(1));
    await sensor.stop();
    expect(looks).toHaveBeenCalledTimes(1);
  });

  test("time ends both", async () => {
    const { sensor, looks } = looking(async (pace) => {
      await pace.rest(1);
      await pace.untilRung(1);
    });
    await sensor.start(context);
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3));
    await sensor.stop();
  });

  test("what the loop throws is the sensor's failure", async () => {
    const sensor = loopingSensor("failing", () => Promise.reject(new Error("away")));
    await sensor.start(context);
    await expect(sensor.failed).rejects.toThrow("away");
    await sensor.stop();
  });
});
