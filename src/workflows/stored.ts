/** What the journal keeps of a value. */
import { dictEntries, isDict, PyTuple } from "../expressions/python/collections.ts";
import { keyText } from "../expressions/python/json.ts";
import { Float } from "../expressions/python/values.ts";
import { wholeFloatsOf } from "../expressions/python/whole-floats.ts";
import type { JsonObject } from "../model/json.ts";
import { setVariable } from "./contexts.ts";

/** The value as it comes back from the journal's JSON, so that a state in memory and one that was replayed give the same answers: sets and
 * tuples are lists, dates and spans of time text, keys of dicts text, integers of any size numbers; `2.0` stays a float. What needs no change is shared. */
export function stored(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null || value instanceof Float) return value;
  if (Array.isArray(value)) return storedList(value);
  if (value instanceof PyTuple) return storedList(value.items);
  if (isPlain(value)) return storedDict(value);
  if (isDict(value)) {
    const dict: Record<string, unknown> = {};
    for (const [key, item] of dictEntries(value)) setVariable(dict, keyText(key), stored(item));
    return dict;
  }
  if (!("toJSON" in value) || typeof value.toJSON !== "function") return value;
  const plain: unknown = value.toJSON();
  return stored(plain);
}

function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function storedList(list: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, item] of list.entries()) {
    const kept = stored(item);
    if (kept === item) continue;
    copy ??= [...list];
    copy[index] = kept;
  }
  return copy ?? list;
}

/** As `stored`, for a dict of variables. */
export function storedDict(dict: JsonObject): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const [name, item] of Object.entries(dict)) {
    const kept = stored(item);
    if (kept === item) continue;
    copy ??= { ...dict };
    setVariable(copy, name, kept);
  }
  return copy ?? dict;
}

/** What JSON text of journal entries or of a snapshot says. Throws SyntaxError. */
export function fromStored(text: string): unknown {
  return wholeFloatsOf(text);
}
