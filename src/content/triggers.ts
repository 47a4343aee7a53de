/** `triggers/*.yaml` and `sensors/*.yaml` (which bring trigger types of their own). */
import type { SourcePosition, TriggerTypeDefinition } from "../model/definitions.ts";
import { isObject } from "../model/json.ts";
import type { JsonObject } from "../model/json.ts";
import { nearest, type SourceFile } from "./problems.ts";
import {
  findEntryPoint,
  flagOf,
  listOf,
  objectOf,
  positionOf,
  put,
  shaped,
  textOf,
} from "./reading.ts";
import type { PackReading } from "./reading.ts";
import { namedTriggerShape, sensorShape, triggerShape } from "./schemas/definitions.ts";

export function readTrigger(source: SourceFile, reading: PackReading): void {
  const document = shaped(source, triggerShape, reading);
  if (document === undefined) return;
  const type = triggerType(document, positionOf(source), reading);
  put(reading.draft.triggerTypes, type.ref, type, reading);
}

/** A trigger that a client made. Its type must be known. */
export function readNamedTrigger(
  source: SourceFile,
  reading: PackReading,
  builtins: ReadonlyMap<string, unknown>,
): void {
  const document = shaped(source, namedTriggerShape, reading);
  if (document === undefined) return;
  const type = textOf(document, "type");
  const known = [...builtins.keys(), ...reading.draft.triggerTypes.keys()];
  if (!known.includes(type)) {
    reading.problems.error(source, ["type"], `there is no trigger type "${type}"`, {
      suggestion: nearest(type, known),
    });
    return;
  }
  const name = textOf(document, "name");
  const ref = `${reading.pack}.${name}`;
  const trigger = {
    ref,
    pack: reading.pack,
    name,
    description: textOf(document, "description"),
    type,
    parameters: objectOf(document, "parameters"),
    source: positionOf(source),
  };
  put(reading.draft.triggers, ref, trigger, reading);
}

export async function readSensor(source: SourceFile, reading: PackReading): Promise<void> {
  const document = shaped(source, sensorShape, reading);
  if (document === undefined) return;
  const className = textOf(document, "class_name");
  const written = textOf(document, "entry_point");
  const found = await findEntryPoint(reading, "sensors", written);
  if (found.kind !== "found") {
    reading.problems.error(
      source,
      ["entry_point"],
      found.kind === "missing"
        ? `the entry point ${found.path} does not exist`
        : `the entry point ${written} lies outside of the pack`,
      { expected: `a file in ${reading.path}` },
    );
    return;
  }
  const poll = document["poll_interval"];
  const triggerTypes = listOf(document, "trigger_types")
    .filter(isObject)
    .map((type, index) =>
      triggerType(
        type,
        { file: source.file, ...source.yaml.place(["trigger_types", index]) },
        reading,
      ),
    );
  const ref = `${reading.pack}.${className}`;
  put(
    reading.draft.sensors,
    ref,
    {
      ref,
      pack: reading.pack,
      className,
      entryPoint: written,
      entryPath: found.path,
      description: textOf(document, "description"),
      enabled: reading.overrides.enabled("sensors", className, flagOf(document, "enabled", true)),
      pollInterval: typeof poll === "number" ? poll : undefined,
      triggerTypes,
      source: positionOf(source),
    },
    reading,
  );
  // Several sensors, and the triggers directory, may declare one type: they mean the same one.
  for (const type of triggerTypes) reading.draft.triggerTypes.set(type.ref, type);
}

function triggerType(
  document: JsonObject,
  source: SourcePosition,
  reading: PackReading,
): TriggerTypeDefinition {
  const name = textOf(document, "name");
  const pack = textOf(document, "pack") || reading.pack;
  return {
    ref: `${pack}.${name}`,
    pack,
    name,
    description: textOf(document, "description"),
    payloadSchema: objectOf(document, "payload_schema"),
    parametersSchema: objectOf(document, "parameters_schema"),
    source,
  };
}
