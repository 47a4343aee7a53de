/** What a scalar means under YAML 1.1 as PyYAML's safe loader reads it. The patterns are those of the 1.1 type repository with
 * PyYAML's deviations: `y`, `n`, `1e3` and `08` are strings; floats need a dot, exponents a sign. */
import { Float } from "../expressions/python/values.ts";

/** How numbers come out: `plain` = JavaScript numbers; `python` = Float for integral floats and bigint for big integers. */
export type NumberStyle = "plain" | "python";

export class ScalarError extends Error {
  override readonly name = "ScalarError";
}

const booleans = new Map<string, boolean>([
  ...["yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map(
    (word) => [word, true] as const,
  ),
  ...["no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map(
    (word) => [word, false] as const,
  ),
]);
const nulls: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);
const integer =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const floating =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const day = /^(\d{4})-(\d\d)-(\d\d)$/;
const moment =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::?(\d\d))?))?$/;

/** The value of a plain (unquoted) scalar without a tag. Throws ScalarError where PyYAML refuses it. */
export function resolvePlain(text: string, style: NumberStyle): unknown {
  if (nulls.has(text)) return null;
  const boolean = booleans.get(text);
  if (boolean !== undefined) return boolean;
  if (integer.test(text)) return toInteger(text, style);
  if (floating.test(text)) return toFloat(text, style);
  if (day.test(text) || moment.test(text)) return toTimestamp(text);
  if (text === "=" || text === "<<")
    throw new ScalarError(`an unquoted ${text} has a meaning of its own in YAML 1.1; quote it`);
  return text;
}

/** The value of a scalar with an explicit core tag (`!!int "5"`), or undefined when the tag is not one of YAML's scalars. */
export function resolveTagged(
  tag: string,
  text: string,
  style: NumberStyle,
): { readonly value: unknown } | undefined {
  const reader = taggedReaders.get(tag.replace("tag:yaml.org,2002:", ""));
  if (reader === undefined || !tag.startsWith("tag:yaml.org,2002:")) return undefined;
  return { value: reader(text, style) };
}

const taggedReaders = new Map<string, (text: string, style: NumberStyle) => unknown>([
  ["str", (text) => text],
  ["null", () => null],
  ["bool", toBoolean],
  ["int", (text, style) => (integer.test(text) ? toInteger(text, style) : refuse("int", text))],
  ["float", toTaggedFloat],
  ["timestamp", toTimestamp],
  // PyYAML answers bytes; the base64 text stays text here, because definitions are JSON.
  ["binary", (text) => text.replaceAll(/\s/g, "")],
]);

function refuse(tag: string, text: string): never {
  throw new ScalarError(`"${text}" is not a !!${tag}`);
}

function toBoolean(text: string): boolean {
  return booleans.get(text) ?? refuse("bool", text);
}

function toTaggedFloat(text: string, style: NumberStyle): unknown {
  if (floating.test(text)) return toFloat(text, style);
  return integer.test(text)
    ? toFloat(`${Number(toInteger(text, "plain"))}.`, style)
    : refuse("float", text);
}

function toInteger(source: string, style: NumberStyle): number | bigint {
  const text = source.replaceAll("_", "");
  const negative = text.startsWith("-");
  const digits = /^[-+]/.test(text) ? text.slice(1) : text;
  const magnitude = toMagnitude(digits, source);
  const value = negative ? -magnitude : magnitude;
  const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return style === "python" && !safe ? value : Number(value);
}

function toMagnitude(digits: string, source: string): bigint {
  if (digits === "0") return 0n;
  if (/^0[xb]$/.test(digits)) throw new ScalarError(`"${source}" is not a number`);
  if (/^0[xb]/.test(digits)) return BigInt(digits);
  if (digits.startsWith("0")) return BigInt(`0o${digits.slice(1)}`);
  return digits.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
}

function toFloat(source: string, style: NumberStyle): number | Float {
  const text = source.replaceAll("_", "").toLowerCase();
  if (text.endsWith(".nan")) return Number.NaN;
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = /^[-+]/.test(text) ? text.slice(1) : text;
  const magnitude =
    digits === ".inf"
      ? Number.POSITIVE_INFINITY
      : digits.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  const value = sign * magnitude;
  return style === "python" && Number.isInteger(value) ? new Float(value) : value;
}

/** Dates and times become ISO 8601 text as Python's `isoformat()` prints them: `2026-01-02`, `2026-01-02T03:04:05+09:00`. */
function toTimestamp(text: string): string {
  const date = day.exec(text);
  if (date !== null) {
    checkDate(text, [date[1], date[2], date[3]].map(Number));
    return text;
  }
  const match = moment.exec(text);
  if (match === null) return refuse("timestamp", text);
  const [, year, month, dayOfMonth, hour, minute, second, fraction] = match;
  checkDate(text, [year, month, dayOfMonth, hour, minute, second].map(Number));
  const micros = (fraction ?? "").slice(0, 6).padEnd(6, "0");
  const rest = micros === "000000" ? "" : `.${micros}`;
  return `${year}-${two(month)}-${two(dayOfMonth)}T${two(hour)}:${minute}:${second}${rest}${zone(match)}`;
}

function two(part: string | undefined): string {
  return (part ?? "").padStart(2, "0");
}

function zone(match: RegExpExecArray): string {
  if (match[8] === undefined) return "";
  if (match[8] === "Z") return "+00:00";
  return `${match[9]}${two(match[10])}:${match[11] ?? "00"}`;
}

function checkDate(text: string, parts: readonly number[]): void {
  const [year = 0, month = 0, ...rest] = parts;
  const limits = [daysOf(year, month), 23, 59, 59];
  const first = rest[0] ?? 0;
  if (year < 1 || first < 1 || rest.some((part, index) => part > (limits[index] ?? 0)))
    throw new ScalarError(`"${text}" looks like a date but is none; quote it if it is text`);
}

function daysOf(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}
