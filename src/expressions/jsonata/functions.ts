/** JSONata's functions that need neither a callback nor a regular expression, for arguments of the declared types.
 * Anything else (a wrong type, a nested list) is left to the original, which knows the right error. */
import { isObject } from "../../model/json.ts";
import { bounded, boolean, doubt, isNumeric, text, unwrap, visit, type Scope } from "./values.ts";

interface Builtin {
  /** Number of arguments; one fewer takes the context as the first. */
  readonly arity: readonly [least: number, most: number];
  readonly contextual: boolean;
  call(args: readonly unknown[], scope: Scope): unknown;
}

type Call = Builtin["call"];

function contextual(least: number, most: number, call: Call): Builtin {
  return { arity: [least, most], contextual: true, call };
}
function plain(least: number, most: number, call: Call): Builtin {
  return { arity: [least, most], contextual: false, call };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** The argument, or the way out when it is of another type. */
function need<T>(value: unknown, is: (value: unknown) => value is T): T {
  if (!is(value)) throw doubt;
  return value;
}

function optional<T>(value: unknown, is: (value: unknown) => value is T): T | undefined {
  return value === undefined ? undefined : need(value, is);
}

/** A function of one text; nothing gives nothing. */
function ofText(call: (value: string) => unknown): Builtin {
  return contextual(1, 1, ([value]) => {
    const given = optional(value, isText);
    return given === undefined ? undefined : call(given);
  });
}
function ofNumber(call: (value: number) => number): Builtin {
  return contextual(1, 1, ([value]) => {
    const given = optional(value, isNumeric);
    return given === undefined ? undefined : call(given);
  });
}
/** A function of a list of numbers; a single number is a list of one. */
function ofNumbers(call: (values: readonly number[]) => number | undefined): Builtin {
  return plain(1, 1, ([value], scope) => {
    if (value === undefined) return undefined;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    visit(scope, list.length);
    return call(list.map((item) => need(item, isNumeric)));
  });
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function extreme(values: readonly number[], sign: 1 | -1): number | undefined {
  return values.length === 0
    ? undefined
    : values.reduce((best, value) => (sign * value < sign * best ? value : best));
}

function halfEven(value: number): number {
  const up = Math.round(value);
  const tie = Math.abs(up - value) === 0.5 && Math.abs(up % 2) === 1;
  return (tie ? up - 1 : up) + 0;
}

function toNumber(value: unknown): number | undefined {
  if (value === undefined || typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (isText(value) && /^-?\d{1,300}(\.\d{1,300})?([eE][-+]?\d{1,3})?$/.test(value)) {
    const parsed = Number(value);
    if (Number.isFinite(parsed)) return parsed;
  }
  throw doubt;
}

function substring(value: string, start: number, length: number | undefined): string {
  const characters = Array.from(value);
  const from = characters.length + start < 0 ? 0 : start;
  if (length === undefined) return characters.slice(from).join("");
  if (length <= 0) return "";
  const end = from >= 0 ? from + length : characters.length + from + length;
  return characters.slice(from, end).join("");
}

function typeOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Both arguments of a search in text; either missing gives the fallback. */
function search(value: unknown, token: unknown): readonly [string, string] | undefined {
  const given = optional(value, isText);
  const wanted = optional(token, isText);
  return given === undefined || wanted === undefined ? undefined : [given, wanted];
}

export const builtins: Readonly<Record<string, Builtin>> = {
  // Text
  lowercase: ofText((value) => value.toLowerCase()),
  uppercase: ofText((value) => value.toUpperCase()),
  length: ofText((value) => Array.from(value).length),
  trim: ofText((value) => value.replace(/[ \t\n\r]+/g, " ").replace(/^ | $/g, "")),
  string: contextual(1, 1, ([value]) => (value === undefined ? undefined : text(value))),
  substring: contextual(2, 3, ([value, start, length]) => {
    const given = optional(value, isText);
    const from = need(start, isNumeric);
    const count = optional(length, isNumeric);
    return given === undefined ? undefined : substring(given, from, count);
  }),
  substringBefore: contextual(2, 2, ([value, token]) => {
    const [given, wanted] = search(value, need(token, isText)) ?? [];
    if (given === undefined || wanted === undefined) return undefined;
    const at = given.indexOf(wanted);
    return at < 0 ? given : given.slice(0, at);
  }),
  substringAfter: contextual(2, 2, ([value, token]) => {
    const [given, wanted] = search(value, need(token, isText)) ?? [];
    if (given === undefined || wanted === undefined) return undefined;
    const at = given.indexOf(wanted);
    return at < 0 ? given : given.slice(at + wanted.length);
  }),
  contains: contextual(2, 2, ([value, token]) => {
    const both = search(value, token);
    return both === undefined ? undefined : both[0].includes(both[1]);
  }),
  split: contextual(2, 2, ([value, token], scope) => {
    const given = optional(value, isText);
    const separator = need(token, isText);
    if (given === undefined) return undefined;
    visit(scope, given.length);
    return given.split(separator);
  }),
  join: plain(1, 2, ([values, separator], scope) => {
    const between = optional(separator, isText) ?? "";
    if (values === undefined) return undefined;
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    visit(scope, list.length);
    if (list.length * between.length > 1_000_000) throw doubt;
    return bounded(list.map((item) => need(item, isText)).join(between));
  }),
  // Numbers
  number: contextual(1, 1, ([value]) => toNumber(value)),
  abs: ofNumber((value) => Math.abs(value)),
  floor: ofNumber((value) => Math.floor(value)),
  ceil: ofNumber((value) => Math.ceil(value)),
  round: ofNumber(halfEven),
  sum: ofNumbers(total),
  max: ofNumbers((values) => extreme(values, -1)),
  min: ofNumbers((values) => extreme(values, 1)),
  average: ofNumbers((values) => (values.length === 0 ? undefined : total(values) / values.length)),
  // Anything
  boolean: contextual(1, 1, ([value]) => boolean(value)),
  not: contextual(1, 1, ([value]) => {
    const truth = boolean(value);
    return truth === undefined ? undefined : !truth;
  }),
  exists: plain(1, 1, ([value]) => value !== undefined),
  type: plain(1, 1, ([value]) => typeOf(value)),
  // Lists and objects
  count: plain(1, 1, ([value]) => {
    if (value === undefined) return 0;
    return Array.isArray(value) ? value.length : 1;
  }),
  append: plain(2, 2, ([first, second], scope) => {
    if (first === undefined) return second;
    if (second === undefined) return first;
    const joined = [first, second].flat(1);
    visit(scope, joined.length);
    return joined;
  }),
  keys: contextual(1, 1, ([value], scope) => {
    if (Array.isArray(value)) throw doubt;
    const names = isObject(value) ? Object.keys(value) : [];
    visit(scope, names.length);
    return unwrap(names);
  }),
  lookup: contextual(2, 2, ([value, key]) => {
    if (Array.isArray(value)) throw doubt;
    const name = need(key, isText);
    return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }),
};

/** Functions of the original that are not compiled: naming one leaves the expression to the original. */
export const otherFunctions: ReadonlySet<string> = new Set(
  (
    "pad match replace formatNumber formatBase formatInteger parseInteger sqrt power random map zip filter " +
    "single reduce sift spread merge reverse each error assert sort shuffle distinct base64encode " +
    "base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl eval toMillis fromMillis clone now millis"
  ).split(" "),
);
