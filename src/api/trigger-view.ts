import { createHash } from "node:crypto";
import { isStored } from "../content/stored.ts";
import { builtinTriggerTypes } from "../model/builtin-triggers.ts";
import type { Content, TriggerDefinition } from "../model/definitions.ts";
import type { JsonObject } from "../model/json.ts";
import { metadataFile } from "./action-view.ts";
import { idFor } from "./ids.ts";

function split(ref: string): { readonly pack: string; readonly name: string } {
  const dot = ref.indexOf(".");
  return { pack: ref.slice(0, Math.max(0, dot)), name: ref.slice(dot + 1) };
}

/** A trigger type as StackStorm's API shows it; undefined when there is none of that ref. */
export function triggerTypeOf(content: Content, ref: string): JsonObject | undefined {
  const own = content.triggerTypes.get(ref);
  const type = own ?? builtinTriggerTypes.get(ref);
  if (type === undefined) return undefined;
  const { pack, name } = split(ref);
  return {
    id: idFor(`trigger_type:${ref}`),
    uid: `trigger_type:${pack}:${name}`,
    ref,
    pack,
    name,
    description: type.description,
    payload_schema: type.payloadSchema,
    parameters_schema: type.parametersSchema,
    tags: [],
    ...(own !== undefined && isStored(own.source.file)
      ? {}
      : { metadata_file: own === undefined ? "" : metadataFile(content, pack, own.source) }),
  };
}

/** Refs of all trigger types, in order. */
function triggerTypeRefs(content: Content): readonly string[] {
  return [...new Set([...builtinTriggerTypes.keys(), ...content.triggerTypes.keys()])].toSorted();
}

/** All trigger types, shown. */
export function triggerTypes(content: Content): readonly JsonObject[] {
  const shown: JsonObject[] = [];
  for (const ref of triggerTypeRefs(content)) {
    const type = triggerTypeOf(content, ref);
    if (type !== undefined) shown.push(type);
  }
  return shown;
}

/** JSON with sorted keys, as StackStorm hashes parameters. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${pairs.map(([key, each]) => `${JSON.stringify(key)}: ${sortedJson(each)}`).join(", ")}}`;
}

export function namedId({ ref }: Pick<TriggerDefinition, "ref">): string {
  return idFor(`trigger:${ref}`);
}

/** A trigger that a client made. */
export function namedTriggerView(trigger: TriggerDefinition): JsonObject {
  const { ref, pack, name, description, type, parameters } = trigger;
  return {
    id: namedId(trigger),
    uid: `trigger:${pack}:${name}:${hashOf(parameters)}`,
    ref,
    pack,
    name,
    type,
    parameters,
    ...(description === "" ? {} : { description }),
  };
}

function hashOf(parameters: JsonObject): string {
  return createHash("md5").update(sortedJson(parameters)).digest("hex");
}

/** A trigger: a type with parameters. One without parameters has the type's name, others are named after what they are. */
export function triggerView(type: string, parameters: JsonObject): JsonObject {
  const { pack, name: typeName } = split(type);
  const hash = hashOf(parameters);
  const plain = Object.keys(parameters).length === 0;
  const id = idFor(`trigger:${type}:${hash}`);
  const name = plain ? typeName : `${typeName}.${id}`;
  return {
    id,
    uid: `trigger:${pack}:${name}:${hash}`,
    ref: `${pack}.${name}`,
    pack,
    name,
    type,
    parameters,
  };
}

/** Every trigger some rule listens to, every type that needs no parameters, and what clients made. */
export function allTriggers(content: Content): readonly JsonObject[] {
  const found = new Map<unknown, JsonObject>();
  const add = (view: JsonObject): void => void found.set(view["id"], view);
  for (const ref of triggerTypeRefs(content)) {
    const schema =
      content.triggerTypes.get(ref)?.parametersSchema ??
      builtinTriggerTypes.get(ref)?.parametersSchema;
    if (Object.keys(schema ?? {}).length === 0) add(triggerView(ref, {}));
  }
  for (const { trigger } of content.rules.values())
    add(triggerView(trigger.type, trigger.parameters));
  for (const trigger of content.triggers.values()) add(namedTriggerView(trigger));
  return [...found.values()];
}
