/** Python's int(), float() and round() on YAQL's values. */
import { int } from "../../python/arithmetic.ts";
import { stringRepr } from "../../python/text.ts";
import { Float, float } from "../../python/values.ts";
import { Fault, typeError, valueError } from "../faults.ts";
import { isInteger, isNumber } from "../values.ts";
import { typeName } from "./type-name.ts";

const maximumDigits = 4300;

/** int(value); null is 0. */
export function integerOf(value: unknown): number | bigint {
  if (value === null) return 0;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (isNumber(value)) return typeof value === "bigint" ? int(value) : truncated(Number(value));
  if (typeof value === "string") return integerFromText(value);
  throw typeError(
    `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
  );
}

function truncated(value: number): number | bigint {
  if (Number.isNaN(value)) throw valueError("cannot convert float NaN to integer");
  if (!Number.isFinite(value)) {
    throw new Fault("OverflowError", "cannot convert float infinity to integer");
  }
  const whole = Math.trunc(value);
  return Number.isSafeInteger(whole) ? whole + 0 : BigInt(whole);
}

function integerFromText(text: string): number | bigint {
  const trimmed = text.trim();
  if (!/^[+-]?\d+(?:_\d+)*$/.test(trimmed)) {
    throw valueError(`invalid literal for int() with base 10: ${stringRepr(text)}`);
  }
  const digits = trimmed.replaceAll("_", "").replace("+", "");
  if (digits.length > maximumDigits) {
    throw valueError(
      `Exceeds the limit (${maximumDigits} digits) for integer string conversion: value has ${digits.replace("-", "").length} digits; use sys.set_int_max_str_digits() to increase the limit`,
    );
  }
  return int(BigInt(digits));
}

/** float(value); null is 0.0. */
export function floatOf(value: unknown): number | Float {
  if (value === null) return new Float(0);
  if (typeof value === "boolean") return new Float(value ? 1 : 0);
  if (isNumber(value)) {
    const result = Number(value);
    if (typeof value === "bigint" && !Number.isFinite(result)) {
      throw new Fault("OverflowError", "int too large to convert to float");
    }
    return float(result);
  }
  if (typeof value === "string") return floatFromText(value);
  throw typeError(`float() argument must be a string or a real number, not '${typeName(value)}'`);
}

const specials: Readonly<Record<string, number>> = {
  inf: Infinity,
  infinity: Infinity,
  nan: Number.NaN,
};

function floatFromText(text: string): number | Float {
  const trimmed = text.trim().toLowerCase();
  const unsigned = trimmed.replace(/^[+-]/, "");
  const special = Object.hasOwn(specials, unsigned) ? specials[unsigned] : undefined;
  if (special !== undefined) return trimmed.startsWith("-") ? -special : special;
  if (
    !/^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/.test(
      trimmed,
    )
  ) {
    throw valueError(`could not convert string to float: ${stringRepr(text)}`);
  }
  return float(Number(trimmed.replaceAll("_", "")));
}

/** round(value, digits): halves go to the even neighbour. */
export function rounded(value: number | bigint | Float, digits: number): unknown {
  if (isInteger(value)) return digits >= 0 ? value : roundedInteger(BigInt(value), -digits);
  const number = Number(value);
  if (!Number.isFinite(number) || digits > 300) return value;
  if (digits < 0) {
    const unit = 10 ** -digits;
    return float(Number.isFinite(unit) ? halfEven(number / unit) * unit : 0);
  }
  if (digits > 22) return value;
  const fixed = Number(number.toFixed(digits));
  const tail =
    number
      .toFixed(Math.min(100, digits + 30))
      .split(".")[1]
      ?.slice(digits) ?? "";
  if (!/^50*$/.test(tail)) return float(signed(fixed, number));
  const unit = 10 ** digits;
  return float(signed(halfEven(number * unit) / unit, number));
}

/** A zero keeps the sign of the number it came from. */
function signed(result: number, from: number): number {
  return result === 0 && (from < 0 || Object.is(from, -0)) ? -0 : result;
}

function halfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function roundedInteger(value: bigint, digits: number): number | bigint {
  if (digits > 1000) return 0;
  const unit = 10n ** BigInt(digits);
  const rest = ((value % unit) + unit) % unit;
  const floor = value - rest;
  const twice = rest * 2n;
  const up = twice > unit || (twice === unit && (floor / unit) % 2n !== 0n);
  return int(up ? floor + unit : floor);
}
