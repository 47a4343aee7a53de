/** A sensor that looks from time to time. A look that fails is said once and tried again; what was raised before stays. */
import { setTimeout as delay } from "node:timers/promises";
import { passing } from "../model/crash-points.ts";
import type { Sensor, SensorContext } from "../sensors/sensor.ts";
import type { Look } from "./request-polling.ts";

export interface PollingOptions {
  readonly name: string;
  /** Seconds until the next look. */
  readonly seconds: () => Promise<number>;
  readonly look: (signal: AbortSignal) => Promise<Look | undefined>;
}

/** What was found, and how far the look came, are one unit. */
async function take(context: SensorContext, { events, cursor }: Look): Promise<void> {
  if (events.length > 0) passing("poll.before-emit");
  await context.emit(events, cursor);
  if (events.length > 0) passing("poll.after-emit");
}

export function pollingSensor({ name, seconds, look }: PollingOptions): Sensor {
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> = Promise.resolve();
  let failing = false;
  const once = async (context: SensorContext): Promise<void> => {
    try {
      const found = await look(signal);
      if (found !== undefined) await take(context, found);
      if (failing) context.log("info", `${name}: works again`);
      failing = false;
    } catch (error) {
      if (!failing && !signal.aborted)
        context.log("warn", `${name}: the look failed; it is tried again`, {
          reason: error instanceof Error ? error.message : String(error),
        });
      failing = true;
    }
  };
  const loop = async (context: SensorContext): Promise<void> => {
    while (!signal.aborted) {
      await once(context);
      const pause = await seconds().catch(() => 30);
      await delay(pause * 1_000, undefined, { signal }).catch(() => undefined);
    }
  };
  return {
    name,
    failed: Promise.withResolvers<never>().promise,
    start: (context) => {
      running = loop(context);
      return Promise.resolve();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
