import type { NewEvent, SensorCursor } from "../model/events.ts";

/** What a sensor may use. Nothing else: no database, no engine. */
export interface SensorContext {
  /** Resolves when the events and the cursor are committed; rejects when they are not (then nothing of them is). */
  emit(events: readonly NewEvent[], cursor?: SensorCursor): Promise<void>;
  /** The committed cursor of that name, or undefined. */
  cursor(name: string): Promise<unknown>;
  /** One line for the operator; no secrets. */
  log(
    level: "info" | "warn" | "error",
    message: string,
    details?: Readonly<Record<string, unknown>>,
  ): void;
  now(): Date;
}

/** Watches one source. `start` resolves when it is listening; a crash after that is reported through `failed`. */
export interface Sensor {
  readonly name: string;
  start(context: SensorContext): Promise<void>;
  stop(): Promise<void>;
  /** Rejects when the sensor can no longer work and has to be restarted; never resolves. */
  readonly failed: Promise<never>;
}
