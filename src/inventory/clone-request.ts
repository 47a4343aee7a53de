/** Reads what a clone is asked for. */
import { isObject, type JsonObject } from "../model/json.ts";
import type { Renaming } from "./clone.ts";
import { badRequest } from "./problem.ts";
import { shown } from "./validate.ts";

export interface CloneRequest {
  readonly id: string;
  /** Paths to what belongs to the entry: `<Device.nodeset`, `<Pool.nodeset.<Member.pool`, `roles`. */
  readonly follow: readonly string[];
  /** The copy's own name; the next one unless said. */
  readonly name?: string | undefined;
  /** Attributes of the copied entry itself, and of copies per type. */
  readonly set: JsonObject;
  readonly each: Readonly<Record<string, JsonObject>>;
  readonly rename: readonly Renaming[];
  /** Pools by type; where none is named, the one that the original was taken from. */
  readonly allocate: Readonly<Record<string, unknown>>;
  /** True: nothing stays. */
  readonly dryRun: boolean;
}

function objectOf(body: JsonObject, name: string): JsonObject {
  const value = body[name] ?? {};
  if (isObject(value)) return value;
  throw badRequest(`${name} is ${shown(value)}; expected an object`);
}

function renamingOf(value: unknown, index: number): Renaming {
  const { from, to } = isObject(value) ? value : {};
  if (typeof from === "string" && from !== "" && typeof to === "string") return { from, to };
  throw badRequest(`rename[${index}] is ${shown(value)}; expected {from, to}`);
}

function listOf(body: JsonObject, name: string): readonly unknown[] {
  const value = body[name] ?? [];
  if (Array.isArray(value)) return value;
  throw badRequest(`${name} is ${shown(value)}; expected a list`);
}

/** `{follow, name, set, each, rename, allocate, dry_run}` of a body or of an action's parameters. */
export function cloneRequest(id: string, body: JsonObject): CloneRequest {
  const { name, dry_run: dryRun = false } = body;
  if (name !== undefined && name !== null && typeof name !== "string")
    throw badRequest(`name is ${shown(name)}; expected text`);
  if (typeof dryRun !== "boolean" && dryRun !== null)
    throw badRequest(`dry_run is ${shown(dryRun)}; expected true or false`);
  const follow = listOf(body, "follow").map((path, index) => {
    if (typeof path === "string") return path;
    throw badRequest(`follow[${index}] is ${shown(path)}; expected a path as "<Device.nodeset"`);
  });
  const each = Object.entries(objectOf(body, "each")).map(([type, set]) => {
    if (isObject(set)) return [type, set] as const;
    throw badRequest(`each.${type} is ${shown(set)}; expected an object of attributes`);
  });
  return {
    id,
    follow,
    name: name ?? undefined,
    set: objectOf(body, "set"),
    each: Object.fromEntries(each),
    rename: listOf(body, "rename").map(renamingOf),
    allocate: objectOf(body, "allocate"),
    dryRun: dryRun === true,
  };
}
