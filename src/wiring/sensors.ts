/** Keeps sensors running: one that fails is started again with backoff, forever; the others do not notice. */
import { setTimeout as delay } from "node:timers/promises";
import { ingest } from "../engine/ingest.ts";
import type { Core } from "../engine/core.ts";
import { isAway } from "../store/database.ts";
import type { Sensor, SensorContext } from "../sensors/sensor.ts";

const minBackoffMs = 1_000;
const maxBackoffMs = 300_000;
/** While the database is away nothing is wrong with the sensor: it is to be back soon after it. */
const outageBackoffMs = 2_000;
const healthyMs = 60_000;

export function sensorContext(core: Core): SensorContext {
  return {
    emit: async (events, cursor) => {
      await ingest(core, events, { cursor });
    },
    cursor: async (name) => {
      const row = await core.database.db
        .selectFrom("sensor_cursor")
        .select("value")
        .where("name", "=", name)
        .executeTakeFirst();
      return row?.value;
    },
    log: (level, message, details = {}) => core.log(level, message, details),
    now: () => core.clock.now(),
  };
}

export interface KeptSensor {
  /** Resolves when it listened for the first time; rejects when it could not start at all. */
  readonly started: Promise<void>;
  stop(): Promise<void>;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `make` gives a new sensor for every start. */
export function keepSensor(core: Core, make: () => Sensor): KeptSensor {
  const context = sensorContext(core);
  const started = Promise.withResolvers<undefined>();
  const stopping = new AbortController();
  const stopped = Promise.withResolvers<void>();
  let current: Sensor | undefined;

  const once = async (): Promise<void> => {
    const sensor = make();
    current = sensor;
    sensor.failed.catch(() => undefined);
    await sensor.start(context);
    started.resolve(undefined);
    // It was told to stop before it had begun, and must be told again.
    if (stopping.signal.aborted) return sensor.stop();
    await Promise.race([sensor.failed, stopped.promise]);
  };

  const keep = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted;) {
      const since = performance.now();
      try {
        await once();
      } catch (error) {
        started.reject(error);
        failures = performance.now() - since > healthyMs ? 1 : failures + 1;
        core.log("error", "a sensor failed and is started again", {
          sensor: current?.name,
          reason: text(error),
          failures,
        });
        await current?.stop().catch(() => undefined);
        const most = isAway(error) ? outageBackoffMs : maxBackoffMs;
        await delay(Math.min(minBackoffMs * 2 ** (failures - 1), most), undefined, {
          signal: stopping.signal,
        }).catch(() => undefined);
      }
    }
  };

  const kept = keep();
  return {
    started: started.promise,
    stop: async () => {
      stopping.abort();
      stopped.resolve();
      await current?.stop().catch(() => undefined);
      await kept;
    },
  };
}
