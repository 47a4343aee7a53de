/** What a sensor's process and its host tell each other, one JSON object a line; the other half is `runners/python/raicho_host/sensor_channel.py`. */
import { isObject, type JsonObject } from "../../model/json.ts";

/** What a sensor's process is to be. */
export interface SensorAssignment {
  /** `<pack>.<class>`. */
  readonly ref: string;
  readonly pack: string;
  readonly className: string;
  /** The sensor's file, absolute. */
  readonly entry: string;
  /** Where it runs: the pack's directory. */
  readonly directory: string;
  /** The pack's own directories of modules, first on `sys.path`. */
  readonly paths: readonly string[];
  /** Seconds; null = as the class says. */
  readonly pollInterval: number | null;
  readonly triggerTypes: readonly string[];
  readonly config: JsonObject;
  /** From which level on the sensor's loggers are passed on. */
  readonly logLevel: "DEBUG" | "INFO" | "WARNING" | "ERROR";
  /** Where compiled files of the pack are kept; without it they are not. */
  readonly cache: string | undefined;
  /** What to say when a library cannot be imported. */
  readonly missingLibraries: string | undefined;
  /** The interpreter, and its whole environment. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Texts that must not stand in the log. */
  readonly secrets: readonly string[];
}

/** A trigger as StackStorm's sensors get it: `id`, `ref`, `type`, `parameters` … */
export type SensorTrigger = JsonObject & { readonly id: string };

export interface DispatchedEvent {
  /** A reference, or the dictionary of a trigger. */
  readonly trigger: unknown;
  readonly payload: unknown;
  readonly traceTag?: string;
  /** Id of the trace that it continues. */
  readonly trace?: string;
  readonly dedupeKey?: string;
}

/** What is to be stored together or not at all. */
export interface Dispatch {
  readonly events: readonly DispatchedEvent[];
  /** Absent = it stays. */
  readonly checkpoint?: { readonly value: unknown };
}

export type FromSensor =
  | { readonly kind: "ready" }
  | {
      readonly kind: "log";
      readonly level: string;
      readonly logger: string;
      readonly message: string;
    }
  | { readonly kind: "dispatch"; readonly id: number; readonly dispatch: Dispatch };

export type ToSensor =
  | { readonly kind: "add" | "update" | "remove"; readonly trigger: SensorTrigger }
  | { readonly kind: "answer"; readonly id: number; readonly dropped?: readonly string[] }
  | { readonly kind: "answer"; readonly id: number; readonly error: string }
  | { readonly kind: "answer"; readonly id: number; readonly stopping: true };

/** Reads one line. Undefined when it is none of these: then nothing that comes this way can be trusted. */
export function readLine(line: string): FromSensor | undefined {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(message)) return undefined;
  switch (message["kind"]) {
    case "ready":
      return { kind: "ready" };
    case "log":
      return {
        kind: "log",
        level: String(message["level"]),
        logger: String(message["logger"]),
        message: String(message["message"]),
      };
    case "dispatch":
      return dispatchOf(message);
    default:
      return undefined;
  }
}

function dispatchOf(message: JsonObject): FromSensor | undefined {
  const { id, events } = message;
  if (typeof id !== "number" || !Array.isArray(events)) return undefined;
  const dispatch: Dispatch = {
    events: events.filter(isObject).map(({ trigger, payload, traceTag, trace, dedupeKey }) => ({
      trigger,
      payload,
      ...(typeof traceTag === "string" ? { traceTag } : {}),
      ...(typeof trace === "string" && /^[0-9a-f]{24}$/.test(trace) ? { trace } : {}),
      ...(typeof dedupeKey === "string" ? { dedupeKey } : {}),
    })),
    ...("checkpoint" in message ? { checkpoint: { value: message["checkpoint"] } } : {}),
  };
  return { kind: "dispatch", id, dispatch };
}
