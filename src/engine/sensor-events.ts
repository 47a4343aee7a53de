/** What Python sensors dispatch, on its way into the ledger. */
import { passing } from "../model/crash-points.ts";
import type { NewEvent } from "../model/events.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import type { Dispatch, DispatchedEvent } from "../sensors/python/protocol.ts";
import type { Db } from "../store/schema.ts";
import { readCursor } from "../store/sensors.ts";
import type { Core } from "./core.ts";
import { ingest } from "./ingest.ts";
import { payloadFault } from "./trigger-payload.ts";

/** A trigger as rules know it. */
export interface ResolvedTrigger {
  readonly type: string;
  readonly parameters: JsonObject;
}

export interface SensorEventOptions {
  /** What a sensor means by a reference or a dictionary; undefined = there is no such trigger. */
  resolve(trigger: unknown): ResolvedTrigger | undefined;
  /** Events that do not fit their trigger type are left out; else they are only told of. */
  readonly validate: boolean;
}

function checkpointName(sensor: string): string {
  return `python:${sensor}`;
}

/** The checkpoint that a sensor stored last; undefined when there is none. */
export async function checkpointOf(db: Db, sensor: string): Promise<unknown> {
  const stored = await readCursor(db, checkpointName(sensor));
  return isObject(stored) ? (stored["checkpoint"] ?? undefined) : undefined;
}

/** Stores the events and the checkpoint as one unit; resolves when it is committed, with a sentence for every event that is not part of it.
 * Rejects when nothing was stored. */
export async function takeDispatch(
  core: Core,
  sensor: string,
  { events, checkpoint }: Dispatch,
  options: SensorEventOptions,
): Promise<readonly string[]> {
  const dropped: string[] = [];
  const sound = events.flatMap((event): NewEvent[] => {
    const { event: made, fault } = eventOf(core, sensor, event, options);
    if (fault !== undefined) dropped.push(sentence(event, fault, options.validate));
    return made === undefined ? [] : [made];
  });
  const cursor = checkpoint && {
    name: checkpointName(sensor),
    value: { checkpoint: checkpoint.value },
  };
  if (sound.length > 0 || cursor !== undefined) {
    passing("dispatch.before-commit");
    await ingest(core, sound, { cursor });
    passing("dispatch.after-commit");
  }
  return dropped;
}

function eventOf(
  core: Core,
  sensor: string,
  { trigger, payload, traceTag, trace, dedupeKey }: DispatchedEvent,
  options: SensorEventOptions,
): { readonly event: NewEvent | undefined; readonly fault: string | undefined } {
  const named = typeof trigger === "string" ? { type: trigger, parameters: {} } : undefined;
  const found = options.resolve(trigger) ?? named;
  if (found === undefined)
    return { event: undefined, fault: "it names no trigger that any rule listens to" };
  const fault = payloadFault(core.definitions().content, found.type, payload)?.message;
  if (fault !== undefined && options.validate) return { event: undefined, fault };
  const event: NewEvent = {
    trigger: found.type,
    ...(Object.keys(found.parameters).length === 0 ? {} : { parameters: found.parameters }),
    payload,
    source: `sensor:${sensor}`,
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    ...(traceTag === undefined ? {} : { traceTag }),
    ...(trace === undefined ? {} : { trace }),
  };
  return { event, fault };
}

const shownPayload = 2_000;

function sentence({ trigger, payload }: DispatchedEvent, fault: string, left: boolean): string {
  const name = typeof trigger === "string" ? trigger : JSON.stringify(trigger);
  const shown = (JSON.stringify(payload) ?? "null").slice(0, shownPayload);
  return left
    ? `Trigger payload validation failed and validation is enabled, not dispatching a trigger "${name}" (${shown}): ${fault}`
    : `Failed to validate payload (${shown}) for trigger "${name}": ${fault}`;
}
