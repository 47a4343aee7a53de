/** Sensors that look, rest, and look again until they are stopped. */
import type { Sensor, SensorContext } from "./sensor.ts";

/** What the loop of a sensor goes by. */
export interface Pace {
  /** Ends the loop: asked before each look. */
  readonly stopped: boolean;
  /** Milliseconds that only a stop shortens. */
  rest(ms: number): Promise<void>;
  /** Milliseconds that a ring shortens, too. One that came since the last wait ends this one at once. */
  untilRung(ms: number): Promise<void>;
}

export interface LoopingSensor extends Sensor {
  /** Rings: look now. Cheap, may be called often. */
  wake(): void;
}

/** A sensor that is this loop. When the loop throws, the sensor has failed and is restarted by whoever runs it. */
export function loopingSensor(
  name: string,
  loop: (context: SensorContext, pace: Pace) => Promise<void>,
): LoopingSensor {
  const failure = Promise.withResolvers<never>();
  // Nobody may be listening yet when it fails.
  failure.promise.catch(() => undefined);
  const clock = new Clock();
  let running: Promise<void> | undefined;
  return {
    name,
    failed: failure.promise,
    start: (context) => {
      running = loop(context, clock).catch((error: unknown) => failure.reject(error));
      return Promise.resolve();
    },
    stop: async () => {
      clock.stop();
      await running;
    },
    wake: () => clock.ring(),
  };
}

/** One wait at a time, and nothing left behind by those that are over: a sensor waits for years. */
class Clock implements Pace {
  stopped = false;
  #rung = false;
  #end: (() => void) | undefined;
  #endWhenRung: (() => void) | undefined;

  rest(ms: number): Promise<void> {
    return this.#wait(ms, false);
  }

  async untilRung(ms: number): Promise<void> {
    if (!this.#rung) await this.#wait(ms, true);
    this.#rung = false;
  }

  ring(): void {
    this.#rung = true;
    this.#endWhenRung?.();
  }

  stop(): void {
    this.stopped = true;
    this.#end?.();
  }

  async #wait(ms: number, hears: boolean): Promise<void> {
    if (this.stopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#end = resolve;
    this.#endWhenRung = hears ? resolve : undefined;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#end = undefined;
    this.#endWhenRung = undefined;
  }
}
