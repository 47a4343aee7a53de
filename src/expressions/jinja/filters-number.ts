/** Jinja2's filters for numbers. */
import {
  arithmetic,
  int,
  isFloat,
  isInt,
  isNumber,
  negate,
  toFloat,
} from "../python/arithmetic.ts";
import { toFloatValue, toInt } from "../python/casts.ts";
import { pyCompare, typeName } from "../python/compare.ts";
import { PythonError, typeError, valueError } from "../python/errors.ts";
import { roundHalfEven } from "../python/human-time.ts";
import { pyRepr } from "../python/text.ts";
import { float } from "../python/values.ts";
import { text } from "./access.ts";
import { define } from "./environment.ts";
import type { DefinitionTable } from "./environment.ts";
import { JinjaObject } from "./runtime.ts";

/** A datastore lookup counts as its text. */
function plain(value: unknown): unknown {
  return value instanceof JinjaObject && value.pythonType === "KeyValueLookup"
    ? text(value)
    : value;
}

export function fileSize(value: unknown, binary: boolean): string {
  const bytes = toFloatValue(value);
  const base = binary ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const letters = Array.from("KMGTPEZY");
  let unit = base;
  for (const [at, letter] of letters.entries()) {
    unit = base ** (at + 2);
    const prefix = binary ? `${letter}iB` : `${letter === "K" ? "k" : letter}B`;
    if (bytes < unit || at === letters.length - 1)
      return `${((base * bytes) / unit).toFixed(1)} ${prefix}`;
  }
  return "";
}

/** round() of Python for a float: exact halves go to the even neighbour. */
export function roundFloat(value: number, places: number): number {
  if (!Number.isFinite(value) || places > 300) return value;
  if (places < 0) {
    const unit = 10 ** -places;
    return Number.isFinite(unit) ? roundHalfEven(value / unit) * unit : 0;
  }
  if (places === 0) return roundHalfEven(value);
  if (places > 100 || Math.abs(value) >= 1e21) return value;
  const exact = Math.abs(value).toFixed(Math.min(100, places + 30));
  const point = exact.length - Math.min(100, places + 30);
  const isTie = /^50*$/.test(exact.slice(point + places));
  if (!isTie) return Number(value.toFixed(places));
  const kept = exact.slice(0, point + places);
  const even = Number(kept.at(-1)) % 2 === 0;
  const size = even ? Number(kept) : Number(Math.abs(value).toFixed(places));
  return value < 0 ? -size : size;
}

function round([value, precision, method]: readonly unknown[]): unknown {
  if (method !== "common" && method !== "ceil" && method !== "floor") {
    throw new PythonError("FilterArgumentError", "method must be common, ceil or floor");
  }
  if (!isInt(precision)) {
    throw typeError(`'${typeName(precision)}' object cannot be interpreted as an integer`);
  }
  const places = Number(precision);
  if (!isNumber(value)) throw notRoundable(value, method);
  if (method !== "common") {
    const scale = 10 ** places;
    const scaled = toFloat(value) * scale;
    return float((method === "ceil" ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
  }
  if (isFloat(value)) return float(roundFloat(toFloat(value), places));
  return places >= 0 ? toInt(value) : roundInteger(BigInt(value), places);
}

function notRoundable(value: unknown, method: string): Error {
  const type = typeName(value);
  if (method === "common") return typeError(`type ${type} doesn't define __round__ method`);
  const repeats = typeof value === "string" || Array.isArray(value) || type === "tuple";
  return typeError(
    repeats
      ? `must be real number, not ${type}`
      : `unsupported operand type(s) for *: '${type}' and 'int'`,
  );
}

function roundInteger(value: bigint, places: number): number | bigint {
  const unit = 10n ** BigInt(-Math.max(places, -400));
  const rest = ((value % unit) + unit) % unit;
  const low = value - rest;
  const up = rest * 2n > unit || (rest * 2n === unit && (low / unit) % 2n !== 0n);
  return int(up ? low + unit : low);
}

function isCaught(error: unknown, ...types: readonly string[]): boolean {
  return error instanceof PythonError && types.includes(error.type);
}

function intOrDefault([given, fallback, base]: readonly unknown[]): unknown {
  const value = plain(given);
  try {
    return typeof value === "string"
      ? fromBase(value, isInt(base) ? Number(base) : 10)
      : toInt(value);
  } catch (error) {
    if (!isCaught(error, "TypeError", "ValueError")) throw error;
  }
  try {
    return toInt(float(toFloatValue(value)));
  } catch (error) {
    if (isCaught(error, "TypeError", "ValueError", "OverflowError")) return fallback;
    throw error;
  }
}

const prefixes: readonly (readonly [number, string])[] = [
  [2, "0b"],
  [8, "0o"],
  [16, "0x"],
];

/** int(text, base) of Python; base 0 goes by the prefix. */
function fromBase(value: string, base: number): number | bigint {
  if (base === 10) return toInt(value);
  const match = /^([-+]?)(\w+)$/.exec(value.trim().toLowerCase());
  const digits = match?.[2] ?? "";
  const prefix = prefixes.find(
    ([radix, mark]) => (base === 0 || base === radix) && digits.startsWith(mark),
  );
  const bare = digits.slice(prefix?.[1].length ?? 0).replaceAll("_", "");
  const size = parseDigits(bare, prefix?.[0] ?? (base === 0 ? 10 : base));
  if (size === undefined) {
    throw valueError(`invalid literal for int() with base ${base}: ${pyRepr(value)}`);
  }
  return int(match?.[1] === "-" ? -size : size);
}

function parseDigits(digits: string, radix: number): bigint | undefined {
  if (digits === "" || digits.length > 4300 || radix < 2 || radix > 36) return undefined;
  let size = 0n;
  for (const char of digits) {
    const digit = Number.parseInt(char, 36);
    if (Number.isNaN(digit) || digit >= radix) return undefined;
    size = size * BigInt(radix) + BigInt(digit);
  }
  return size;
}

function floatOrDefault([value, fallback]: readonly unknown[]): unknown {
  try {
    return float(toFloatValue(plain(value)));
  } catch (error) {
    if (isCaught(error, "TypeError", "ValueError")) return fallback;
    throw error;
  }
}

function absolute(value: unknown): unknown {
  if (!isNumber(value)) throw typeError(`bad operand type for abs(): '${typeName(value)}'`);
  return pyCompare("<", value, 0) ? negate(value) : arithmetic("+", value, 0);
}

export const numberFilters: DefinitionTable = {
  abs: define("abs", "x", ([value]) => absolute(value)),
  float: define("do_float", "value default=0", ([value, fallback]) =>
    floatOrDefault([value, fallback === 0 ? float(0) : fallback]),
  ),
  int: define("do_int", "value default=0 base=10", intOrDefault),
  round: define("do_round", 'value precision=0 method="common"', round),
};
