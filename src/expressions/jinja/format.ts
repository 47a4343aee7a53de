/** `'{}'.format(…)` and `'%s' % …` of Python. Fields reach only what a template itself could reach. */
import { checkSize, isFloat, isInt, isNumber, toFloat } from "../python/arithmetic.ts";
import { toInt } from "../python/casts.ts";
import { dictGet, dictHas, isDict, PyTuple } from "../python/collections.ts";
import { typeName } from "../python/compare.ts";
import { PythonError, typeError, valueError } from "../python/errors.ts";
import { pyRepr, pyStr } from "../python/text.ts";
import { floatDigits, formatValue } from "./format-spec.ts";
import type { Keywords } from "../python/arguments.ts";
import { need } from "./runtime.ts";
import type { Reach } from "./runtime.ts";

const fieldPattern = /^([^.[!:]*)((?:\.[^.[!:]+|\[[^\]]*\])*)(?:!([rsa]))?(?::([^]*))?$/;
const stepPattern = /\.([^.[]+)|\[([^\]]*)\]/g;

interface Formatting {
  readonly args: readonly unknown[];
  readonly keywords: Keywords;
  readonly reach: Reach;
  next: number;
}

/** str.format(). Throws IndexError, KeyError, ValueError in Python's words. */
export function formatText(
  template: string,
  given: { readonly args: readonly unknown[]; readonly keywords: Keywords },
  reach: Reach,
): string {
  return expand(template, { ...given, reach, next: 0 }, 2);
}

function expand(template: string, state: Formatting, depth: number): string {
  if (depth < 0) throw valueError("Max string recursion exceeded");
  let result = "";
  for (let at = 0; at < template.length; at += 1) {
    const char = template[at] ?? "";
    if (char !== "{" && char !== "}") result += char;
    else if (template[at + 1] === char) {
      result += char;
      at += 1;
    } else if (char === "}") throw valueError("Single '}' encountered in format string");
    else {
      const end = fieldEnd(template, at);
      result += field(template.slice(at + 1, end), state, depth);
      at = end;
    }
    checkSize(result.length);
  }
  return result;
}

function fieldEnd(template: string, start: number): number {
  let open = 0;
  for (let at = start; at < template.length; at += 1) {
    if (template[at] === "{") open += 1;
    else if (template[at] === "}") open -= 1;
    if (open === 0) return at;
  }
  throw valueError(
    start === template.length - 1
      ? "Single '{' encountered in format string"
      : "expected '}' before end of string",
  );
}

function field(source: string, state: Formatting, depth: number): string {
  const match = fieldPattern.exec(source);
  if (match === null) throw valueError("expected ':' after conversion specifier");
  const [, name = "", steps = "", conversion, spec = ""] = match;
  const value = converted(reached(fieldValue(name, state), steps, state.reach), conversion);
  return formatValue(value, spec.includes("{") ? expand(spec, state, depth - 1) : spec);
}

/** Follows `.attribute` and `[key]`. */
function reached(start: unknown, steps: string, reach: Reach): unknown {
  let value = need(start);
  for (const [, attribute, key] of steps.matchAll(stepPattern)) {
    const index = key !== undefined && /^\d+$/.test(key) ? Number(key) : key;
    value = need(
      attribute === undefined ? reach.getItem(value, index) : reach.getAttribute(value, attribute),
    );
  }
  return value;
}

function converted(value: unknown, conversion: string | undefined): unknown {
  if (conversion === undefined) return value;
  return conversion === "s" ? pyStr(value) : pyRepr(value);
}

function fieldValue(name: string, state: Formatting): unknown {
  if (name !== "" && !/^\d+$/.test(name)) {
    if (!state.keywords.has(name)) throw new PythonError("KeyError", pyRepr(name));
    return state.keywords.get(name);
  }
  const index = name === "" ? state.next : Number(name);
  if (name === "") state.next += 1;
  if (index >= state.args.length) {
    throw new PythonError("IndexError", "tuple index out of range");
  }
  return state.args[index];
}

const percentPattern = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?([^]|$)/g;

interface Percent {
  readonly key: string | undefined;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly type: string;
}

function asText(part: unknown): string | undefined {
  return typeof part === "string" ? part : undefined;
}

/** `template % value`. Throws TypeError `not enough arguments for format string` and the like. */
export function percentFormat(template: string, value: unknown): string {
  const args = value instanceof PyTuple ? value.items : [value];
  let used = 0;
  let keyed = false;
  const take = (): unknown => {
    if (used >= args.length) throw typeError("not enough arguments for format string");
    used += 1;
    return need(args[used - 1]);
  };
  const star = (text: string | undefined): number | undefined => {
    if (text !== "*") return text === undefined ? undefined : Number(text);
    const number = take();
    if (!isInt(number)) throw typeError("* wants int");
    return Number(number);
  };
  const result = template.replace(
    percentPattern,
    (whole: string, key: string | undefined, flags: string, ...rest: unknown[]) => {
      const [width, precision, type, offset] = rest;
      if (type === "%") return "%";
      if (type === "") throw valueError("incomplete format");
      if (key !== undefined) keyed = true;
      const hasPoint = whole.includes(".");
      const spec: Percent = {
        key,
        flags,
        width: star(asText(width)) ?? 0,
        precision: star(asText(precision)) ?? (hasPoint ? 0 : undefined),
        type: asText(type) ?? "",
      };
      const item = key === undefined ? take() : mapped(value, key);
      return percentField(item, spec, Number(offset) + whole.length - 1);
    },
  );
  if (used < args.length && !keyed && !isDict(value) && !Array.isArray(value)) {
    throw typeError("not all arguments converted during string formatting");
  }
  if (used < args.length && !keyed && value instanceof PyTuple) {
    throw typeError("not all arguments converted during string formatting");
  }
  checkSize(result.length);
  return result;
}

function mapped(value: unknown, key: string): unknown {
  if (!isDict(value)) throw typeError("format requires a mapping");
  if (!dictHas(value, key)) throw new PythonError("KeyError", pyRepr(key));
  return need(dictGet(value, key));
}

function percentField(value: unknown, spec: Percent, at: number): string {
  checkSize(Math.max(spec.width, spec.precision ?? 0));
  const { type } = spec;
  if (type === "s" || type === "r" || type === "a") {
    const text = type === "s" ? pyStr(value) : pyRepr(value);
    return pad(
      "",
      spec.precision === undefined ? text : text.slice(0, spec.precision),
      spec,
      false,
    );
  }
  if (type === "c") return pad("", character(value), spec, false);
  if ("diuxXo".includes(type)) return percentInteger(value, spec);
  if ("eEfFgG".includes(type)) return percentFloat(value, spec);
  const code = (type.codePointAt(0) ?? 0).toString(16);
  throw valueError(`unsupported format character '${type}' (0x${code}) at index ${at}`);
}

function character(value: unknown): string {
  if (isInt(value)) return String.fromCodePoint(Number(value));
  if (typeof value === "string" && Array.from(value).length === 1) return value;
  throw typeError("%c requires int or char");
}

function signOf(negative: boolean, flags: string): string {
  if (negative) return "-";
  if (flags.includes("+")) return "+";
  return flags.includes(" ") ? " " : "";
}

function percentInteger(value: unknown, spec: Percent): string {
  const decimal = "diu".includes(spec.type);
  if (!isInt(value) && !(decimal && isFloat(value))) {
    const wanted = decimal ? "a real number is required" : "an integer is required";
    throw typeError(`%${spec.type} format: ${wanted}, not ${typeName(value)}`);
  }
  const number = BigInt(toInt(value));
  const size = number < 0n ? -number : number;
  const radix = spec.type === "o" ? 8 : decimal ? 10 : 16;
  let digits = size.toString(radix);
  if (spec.type === "X") digits = digits.toUpperCase();
  digits = digits.padStart(spec.precision ?? 0, "0");
  const prefix = spec.flags.includes("#") && !decimal ? `0${spec.type}` : "";
  return pad(signOf(number < 0n, spec.flags) + prefix, digits, spec, true);
}

function percentFloat(value: unknown, spec: Percent): string {
  if (!isNumber(value)) throw typeError(`must be real number, not ${typeName(value)}`);
  const number = toFloat(value);
  const { type, precision } = spec;
  const digits = floatDigits(Math.abs(number), {
    type,
    precision,
    alternate: spec.flags.includes("#"),
  });
  return pad(signOf(number < 0 || Object.is(number, -0), spec.flags), digits, spec, true);
}

function pad(sign: string, body: string, spec: Percent, numeric: boolean): string {
  const missing = spec.width - sign.length - Array.from(body).length;
  if (missing <= 0) return sign + body;
  if (spec.flags.includes("-")) return sign + body + " ".repeat(missing);
  if (numeric && spec.flags.includes("0")) return sign + "0".repeat(missing) + body;
  return " ".repeat(missing) + sign + body;
}
