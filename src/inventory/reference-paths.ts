/** References to entries that only several values identify, as one text: `TYO7/1F/A-07`. */
import type { JsonObject } from "../model/json.ts";
import { targets, type Catalogue, type KnownType } from "./catalogue.ts";

/** Attributes that lead from an entry to the values which identify it: `[["room", "site", "code"], ["room", "name"], ["name"]]`. */
type Leaves = readonly (readonly string[])[];

const deepest = 4;

/** Of the type's first key; undefined when it leads nowhere. */
export function keyLeaves(known: Catalogue, type: KnownType, depth = 0): Leaves | undefined {
  const [key] = type.keys;
  if (key === undefined || depth >= deepest) return undefined;
  const leaves: (readonly string[])[] = [];
  for (const name of key.attributes) {
    const element = type.attributes.get(name)?.element;
    if (element?.type !== "ref") leaves.push([name]);
    else {
      const [target, ...others] = targets(known, element.to);
      const inner =
        target === undefined || others.length > 0 ? undefined : keyLeaves(known, target, depth + 1);
      if (inner === undefined) return undefined;
      leaves.push(...inner.map((leaf) => [name, ...leaf]));
    }
  }
  return leaves;
}

/** The key that a text with slashes writes, for each type that has such a key. */
export function keysOfPath(
  known: Catalogue,
  to: readonly string[],
  text: string,
): readonly JsonObject[] {
  const parts = text.split(/(?<!\\)\//).map((part) => part.trim().replaceAll(String.raw`\/`, "/"));
  if (parts.length < 2) return [];
  return targets(known, to).flatMap((type) => {
    const leaves = keyLeaves(known, type);
    if (leaves === undefined || leaves.length !== parts.length) return [];
    return [leaves.reduce((key, leaf, index) => within(key, leaf, parts[index] ?? ""), {})];
  });
}

function within(
  target: JsonObject,
  [first = "", ...rest]: readonly string[],
  value: string,
): JsonObject {
  if (rest.length === 0) return { ...target, [first]: value };
  const inner = target[first];
  const before =
    typeof inner === "object" && inner !== null ? Object.fromEntries(Object.entries(inner)) : {};
  return { ...target, [first]: within(before, rest, value) };
}

/** The text of a path, or undefined when a value is missing. `valueAt` follows a leaf from the entry. */
export function pathText(
  leaves: Leaves,
  valueAt: (leaf: readonly string[]) => unknown,
): string | undefined {
  const parts = leaves.map(valueAt);
  if (parts.some((part) => typeof part !== "string" && typeof part !== "number")) return undefined;
  return parts.map((part) => String(part).replaceAll("/", String.raw`\/`)).join("/");
}
