import type { JsonObject } from "./json.ts";

/** Something that happened, on its way to the ledger. `ingest` stores it once per (source, dedupeKey). */
export interface NewEvent {
  /** Trigger type, e.g. `email.smtp.message`, `core.st2.webhook`. */
  readonly trigger: string;
  /** Parameters of the concrete trigger (a webhook's url, a timer's unit …) when the type has any. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly payload: unknown;
  /** Who saw it: `smtp`, `webhook`, `inventory`, `timer` … */
  readonly source: string;
  /** Same delivery, same key. Undefined = every call is a new event. */
  readonly dedupeKey?: string;
  readonly traceTag?: string;
  /** The trace it continues; undefined = it begins one. */
  readonly trace?: string;
  /** The chain of causes that it continues, as executions carry it (`inventory_cause`). Events of the inventory say theirs in their payload. */
  readonly cause?: JsonObject;
}

/** A sensor's place in its source; committed together with the events it stands behind. */
export interface SensorCursor {
  readonly name: string;
  readonly value: unknown;
}
