/** Python's format specifications (`{:>8.2f}`) and printf-style numbers. */
import { checkSize, isInt, isNumber, toFloat } from "../python/arithmetic.ts";
import { typeName } from "../python/compare.ts";
import { typeError, valueError } from "../python/errors.ts";
import { floatRepr, pyStr } from "../python/text.ts";

export interface NumberStyle {
  readonly type: string;
  readonly precision: number | undefined;
  readonly alternate: boolean;
}

/** Digits of a float's size (no sign) in style e, f, g or %, as Python prints them. */
export function floatDigits(size: number, style: NumberStyle): string {
  const kind = style.type.toLowerCase();
  const digits = lowerDigits(size, kind, style);
  return style.type === kind ? digits : digits.toUpperCase();
}

function lowerDigits(size: number, kind: string, style: NumberStyle): string {
  const precision = style.precision ?? 6;
  if (Number.isNaN(size)) return "nan";
  if (!Number.isFinite(size)) return "inf";
  switch (kind) {
    case "f":
      return fixed(size, precision);
    case "%":
      return `${fixed(size * 100, precision)}%`;
    case "e":
      return exponent(size.toExponential(Math.min(precision, 100)));
    case "g":
      return general(size, precision, style.alternate);
    default:
      return style.precision === undefined ? floatRepr(size) : general(size, precision, false);
  }
}

function exponent(text: string): string {
  return text.replace(/e([-+])(\d)$/, "e$10$2");
}

/** toFixed() is exact only up to 100 places and 1e21; beyond, integers are written out. */
function fixed(size: number, precision: number): string {
  checkSize(precision);
  if (size < 1e21) {
    return precision <= 100 ? size.toFixed(precision) : size.toFixed(100).padEnd(precision, "0");
  }
  const whole = BigInt(size).toString();
  return precision === 0 ? whole : `${whole}.${"0".repeat(precision)}`;
}

function general(size: number, precision: number, alternate: boolean): string {
  const places = Math.min(Math.max(precision, 1), 100);
  const [, power = "0"] = size.toExponential(places - 1).split("e");
  const at = Number(power);
  if (at < -4 || at >= places) {
    const text = exponent(size.toExponential(places - 1));
    return alternate ? text : text.replace(/\.?0*e/, "e");
  }
  const text = fixed(size, Math.max(0, places - 1 - at));
  return alternate || !text.includes(".") ? text : text.replace(/\.?0+$/, "");
}

const specPattern =
  /^(?:([^])?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([_,])?(?:\.(\d+))?([a-zA-Z%])?$/u;

interface Spec {
  readonly fill: string;
  readonly align: string | undefined;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string | undefined;
  readonly precision: number | undefined;
  readonly type: string | undefined;
}

function parseSpec(text: string): Spec {
  const match = specPattern.exec(text);
  if (match === null) throw valueError("Invalid format specifier");
  const [, fill, align, sign, , alternate, zero, width, grouping, precision, type] = match;
  const size = Number(width ?? 0);
  checkSize(size);
  return {
    fill: fill ?? (zero === undefined ? " " : "0"),
    align: align ?? (zero === undefined ? undefined : "="),
    sign: sign ?? "-",
    alternate: alternate !== undefined,
    width: size,
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
}

/** format(value, spec) of Python. Throws ValueError `Unknown format code 'd' for object of type 'str'`. */
export function formatValue(value: unknown, specText: string): string {
  if (specText === "") return pyStr(value);
  if (!isNumber(value) && typeof value !== "string") {
    throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
  }
  const spec = parseSpec(specText);
  if (typeof value === "string") return formatString(value, spec);
  const negative = isInt(value)
    ? BigInt(value) < 0n
    : toFloat(value) < 0 || Object.is(toFloat(value), -0);
  const digits = isInt(value)
    ? integerDigits(value, spec)
    : realDigits(toFloat(value), spec, "float");
  const sign = negative ? "-" : spec.sign === "-" ? "" : spec.sign;
  return aligned(sign, grouped(digits, spec), spec, ">");
}

function unknown(code: string, type: string): Error {
  return valueError(`Unknown format code '${code}' for object of type '${type}'`);
}

function formatString(value: string, spec: Spec): string {
  if (spec.type !== undefined && spec.type !== "s") throw unknown(spec.type, "str");
  if (spec.align === "=") {
    throw valueError("'=' alignment not allowed in string format specifier");
  }
  const text = spec.precision === undefined ? value : value.slice(0, spec.precision);
  return aligned("", text, spec, "<");
}

const radixes: Readonly<Record<string, readonly [number, string]>> = {
  b: [2, "0b"],
  o: [8, "0o"],
  x: [16, "0x"],
  X: [16, "0X"],
};

function integerDigits(value: number | bigint | boolean, spec: Spec): string {
  const big = BigInt(value);
  const size = big < 0n ? -big : big;
  const type = spec.type ?? "d";
  if (type === "d" || type === "n") {
    if (spec.precision !== undefined) {
      throw valueError("Precision not allowed in integer format specifier");
    }
    return size.toString();
  }
  if (type === "c") return String.fromCodePoint(Number(size));
  const radix = Object.hasOwn(radixes, type) ? radixes[type] : undefined;
  if (radix === undefined) return realDigits(Number(size), spec, "int");
  const digits = size.toString(radix[0]);
  return (spec.alternate ? radix[1] : "") + (type === "X" ? digits.toUpperCase() : digits);
}

function realDigits(value: number, spec: Spec, shown: string): string {
  const type = spec.type ?? "";
  if (type !== "" && !"eEfFgGn%".includes(type)) throw unknown(type, shown);
  const { precision, alternate } = spec;
  return floatDigits(Math.abs(value), { type: type === "n" ? "g" : type, precision, alternate });
}

function grouped(digits: string, spec: Spec): string {
  if (spec.grouping === undefined) return digits;
  const [whole = "", ...rest] = digits.split(".");
  const separated = whole.replace(/\B(?=(?:\d{3})+(?!\d))/g, spec.grouping);
  return [separated, ...rest].join(".");
}

function aligned(sign: string, body: string, spec: Spec, fallback: string): string {
  const missing = spec.width - sign.length - Array.from(body).length;
  if (missing <= 0) return sign + body;
  const pad = (count: number): string => spec.fill.repeat(count);
  switch (spec.align ?? fallback) {
    case "<":
      return sign + body + pad(missing);
    case "^":
      return pad(Math.floor(missing / 2)) + sign + body + pad(Math.ceil(missing / 2));
    case "=":
      return sign + pad(missing) + body;
    default:
      return pad(missing) + sign + body;
  }
}
