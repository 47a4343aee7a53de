/** StackStorm's casts of parameter values by the type in their schema. */
import { integerOf } from "./digits.ts";
import { int, isFloat, isNumber, toFloat } from "./arithmetic.ts";
import { typeName } from "./compare.ts";
import { PythonError, typeError, valueError } from "./errors.ts";
import { loads } from "./json-read.ts";
import { literalEval } from "./literal.ts";
import { pyRepr, pyStr } from "./text.ts";
import { float } from "./values.ts";

/** What StackStorm's filter `use_none` writes for None, so that it survives the text. */
export const noneMagic = "%*****__%NONE%__*****%";

const digits = /^[-+]?\d+(?:_\d+)*$/;

/** int(value) of Python. */
export function toInt(value: unknown): number | bigint {
  if (typeof value === "string") {
    const text = value.trim();
    if (!digits.test(text)) {
      throw valueError(`invalid literal for int() with base 10: ${pyRepr(value)}`);
    }
    return integerOf(text.replaceAll("_", ""));
  }
  if (isFloat(value)) return truncate(toFloat(value));
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number" || typeof value === "bigint") return value;
  throw typeError(
    `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
  );
}

function truncate(value: number): number | bigint {
  if (Number.isNaN(value)) throw valueError("cannot convert float NaN to integer");
  if (!Number.isFinite(value)) {
    throw new PythonError("OverflowError", "cannot convert float infinity to integer");
  }
  return int(BigInt(Math.trunc(value)));
}

const floatText =
  /^[-+]?(?:(?:\d+(?:_\d+)*)(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+)?$/;
const specialText = /^([-+]?)(inf|infinity|nan)$/i;

/** float(value) of Python, as a JavaScript number. */
export function toFloatValue(value: unknown): number {
  if (typeof value === "string") {
    const text = value.trim();
    if (floatText.test(text)) return Number(text.replaceAll("_", ""));
    const special = specialText.exec(text);
    if (special === null) throw valueError(`could not convert string to float: ${pyRepr(value)}`);
    if (special[2]?.toLowerCase() === "nan") return Number.NaN;
    return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (isNumber(value)) return toFloat(value);
  throw typeError(`float() argument must be a string or a real number, not '${typeName(value)}'`);
}

/** text.capitalize() of Python. */
export function capitalize(text: string): string {
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
  return text === "" ? "" : first.toUpperCase() + text.slice(first.length).toLowerCase();
}

function fromText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return loads(value);
  } catch {
    return literalEval(value);
  }
}

function castString(value: unknown): unknown {
  if (value === null || value === undefined || typeof value === "string") return value ?? null;
  throw valueError(
    `Value "${pyStr(value)}" must either be a string or None. Got "${typeName(value)}".`,
  );
}

const casts: Readonly<Record<string, true>> = {
  array: true,
  object: true,
  boolean: true,
  string: true,
};

function castByType(value: unknown, type: string): unknown {
  switch (type) {
    case "array":
    case "object":
      return fromText(value);
    case "boolean":
      return typeof value === "string" ? literalEval(capitalize(value)) : value;
    case "integer":
      return toInt(value);
    case "number":
      return float(toFloatValue(value));
    case "string":
      return castString(value);
    default:
      return value;
  }
}

/**
 * A value as a parameter of this schema type (undefined = any): text becomes list, dict, bool, int or float; None stays None; the text that
 * `use_none` writes becomes None. Throws PythonError (ValueError, TypeError, SyntaxError) in Python's words.
 */
export function castParameter(value: unknown, type: string | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (type === undefined) return value;
  const isNone = value === noneMagic;
  if (isNone && type !== "integer" && type !== "number")
    return Object.hasOwn(casts, type) ? null : value;
  return castByType(isNone ? null : value, type);
}
