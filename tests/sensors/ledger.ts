import { EventEmitter, once } from "node:events";
import type { NewEvent, SensorCursor } from "../../src/model/events.ts";
import type { SensorContext } from "../../src/sensors/sensor.ts";

/** What the engine promises to sensors, in memory: unique by (source, dedupeKey), cursor and events together or not at all. */
export class MemoryLedger extends EventEmitter {
  readonly events: NewEvent[] = [];
  readonly cursors = new Map<string, unknown>();
  readonly lines: string[] = [];
  /** How often `emit` was called, duplicates and refusals too. */
  calls = 0;
  /** When set, `emit` rejects with it and stores nothing. */
  down: Error | undefined;
  /** When set, `emit` waits for it before it commits. */
  gate: Promise<void> | undefined;
  #now: Date | undefined;
  readonly #keys = new Set<string>();

  setNow(now: string): void {
    this.#now = new Date(now);
  }

  /** Resolves when `count` events are stored. */
  async stored(count: number): Promise<readonly NewEvent[]> {
    while (this.events.length < count) await once(this, "stored");
    return this.events;
  }

  context(): SensorContext {
    return {
      emit: (events, cursor) => this.#emit(events, cursor),
      cursor: (name) => Promise.resolve(this.cursors.get(name)),
      log: (level, message) => {
        this.lines.push(`${level} ${message}`);
        this.emit("line", message);
      },
      now: () => this.#now ?? new Date(),
    };
  }

  async #emit(events: readonly NewEvent[], cursor?: SensorCursor): Promise<void> {
    this.calls += 1;
    await this.gate;
    if (this.down !== undefined) {
      this.emit("refused");
      throw this.down;
    }
    for (const event of events) {
      const key = `${event.source}\n${event.dedupeKey ?? `new ${this.#keys.size}`}`;
      if (this.#keys.has(key)) continue;
      this.#keys.add(key);
      this.events.push(structuredClone(event));
    }
    if (cursor !== undefined) this.cursors.set(cursor.name, structuredClone(cursor.value));
    this.emit("stored");
  }
}

/** The payload of an event as a plain record. */
export function payloadOf(event: NewEvent | undefined): Record<string, unknown> {
  return (event?.payload ?? {}) as Record<string, unknown>;
}
