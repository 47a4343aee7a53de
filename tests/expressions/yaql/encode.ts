/** Values in the notation of the conformance data. */
import {
  PyDateTime,
  PyDict,
  PySet,
  PyTimeDelta,
  PyTuple,
} from "../../../src/expressions/python/collections.ts";
import { Float } from "../../../src/expressions/python/values.ts";
import { parseDate } from "../../../src/expressions/yaql/library/date-parse.ts";

export function encode(value: unknown): unknown {
  if (value instanceof Float) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof PyTuple) return value.items.map(encode);
  if (value instanceof PySet) return { $set: value.items().map(encode) };
  if (value instanceof PyDateTime) return { $datetime: value.isoformat() };
  if (value instanceof PyTimeDelta) return { $timespan: value.microseconds / 1e6 };
  if (value instanceof PyDict) {
    return Object.fromEntries(
      value
        .entries()
        .map(([key, item]) => [
          typeof key === "string" ? key : `$key:${JSON.stringify(encode(key))}`,
          encode(item),
        ]),
    );
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
}

export function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [key, item] = entries[0] ?? [];
  if (key === "$datetime")
    return parseDate(String(item), () => ({
      year: 1970,
      month: 1,
      day: 1,
      hour: 0,
      minute: 0,
      second: 0,
      microsecond: 0,
    }));
  if (key === "$timespan") return new PyTimeDelta(Math.round(Number(item) * 1e6));
  if (key === "$iter") return item;
  return Object.fromEntries(entries.map(([name, each]) => [name, decode(each)]));
}

/** One notation for equal values: members of sets sorted, addresses and hexadecimal digits left out as in the recording. */
export function canonical(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(/0x[0-9a-fA-F]+/g, "0x");
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [
    key,
    key === "$set" && Array.isArray(item) ? sorted(item) : canonical(item),
  ]);
  return Object.fromEntries(entries);
}

export function sorted(items: readonly unknown[]): unknown[] {
  return items.map(canonical).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
