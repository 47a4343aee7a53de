/** str() and repr() of Python. */
import { dictEntries, isDict, PyDateTime, PySet, PyTimeDelta, PyTuple } from "./collections.ts";
import { Budget } from "./budget.ts";
import { Float } from "./values.ts";

/** A value of another room that knows its own Python text (Undefined, a macro, a lazy lookup …). */
export interface HasPythonText {
  pythonStr(): string;
  pythonRepr(): string;
}

export function hasPythonText(value: unknown): value is HasPythonText {
  return typeof value === "object" && value !== null && "pythonRepr" in value;
}

/** repr() of a float given as a JavaScript number: `1.0`, `1e+16`, `inf`. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  return value < 0 ? `-${sizeRepr(-value)}` : sizeRepr(value);
}

/** A positive float: the shortest digits that read back as it, with an exponent where Python writes one. */
function sizeRepr(value: number): string {
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  const digits = mantissa.replace(".", "");
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}

const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u;
const needsEscape = /[\\'\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** repr() of a str: quotes and escapes as Python chooses them. */
export function stringRepr(text: string): string {
  if (!needsEscape.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let body = "";
  for (const char of text) body += escaped(char, quote);
  return `${quote}${body}${quote}`;
}

const shortEscapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escaped(char: string, quote: string): string {
  if (char === quote) return `\\${quote}`;
  const short = shortEscapes[char];
  if (short !== undefined) return short;
  if (char === " " || !unprintable.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}

/** str() as Python prints the value. */
export function pyStr(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof PyDateTime) return value.isoformat(" ");
  if (value instanceof PyTimeDelta) return value.toString();
  if (hasPythonText(value)) return value.pythonStr();
  return pyRepr(value);
}

/** repr() as Python prints the value. Throws MemoryError or RecursionError for one without measure. */
export function pyRepr(value: unknown): string {
  return repr(value, undefined);
}

function repr(value: unknown, budget: Budget | undefined): string {
  switch (typeof value) {
    case "string": {
      const shown = stringRepr(value);
      budget?.spend(shown.length);
      return shown;
    }
    case "number":
      return Number.isInteger(value) ? integerRepr(value) : floatRepr(value);
    case "bigint":
      return value.toString();
    case "boolean":
      return value ? "True" : "False";
    case "undefined":
      return "None";
    case "object":
      return objectRepr(value, budget);
    case "function":
    case "symbol":
      return "<function>";
  }
}

function integerRepr(value: number): string {
  if (value === 0) return "0";
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

function objectRepr(value: object | null, budget: Budget | undefined): string {
  if (value === null) return "None";
  if (value instanceof Float) return floatRepr(value.value);
  if (value instanceof PyDateTime) return dateTimeRepr(value);
  if (value instanceof PyTimeDelta) return timeDeltaRepr(value);
  if (hasPythonText(value)) return value.pythonRepr();
  const limit = budget ?? new Budget();
  return limit.deeper(() => containerRepr(value, limit));
}

function containerRepr(value: object, budget: Budget): string {
  if (Array.isArray(value)) return `[${joinRepr(value, budget)}]`;
  if (value instanceof PyTuple) {
    const items = joinRepr(value.items, budget);
    return value.items.length === 1 ? `(${items},)` : `(${items})`;
  }
  if (value instanceof PySet) {
    return value.size === 0 ? "set()" : `{${joinRepr(value.items(), budget)}}`;
  }
  if (!isDict(value)) return "<object>";
  const pairs = dictEntries(value).map(([key, item]) => {
    budget.spend(4);
    return `${repr(key, budget)}: ${repr(item, budget)}`;
  });
  return `{${pairs.join(", ")}}`;
}

function joinRepr(items: readonly unknown[], budget: Budget): string {
  budget.spend(items.length * 2);
  return items.map((item) => repr(item, budget)).join(", ");
}

function dateTimeRepr(value: PyDateTime): string {
  const at = value.fields();
  const parts = [at.year, at.month, at.day, at.hour, at.minute];
  if (at.second !== 0 || at.microsecond !== 0) parts.push(at.second);
  if (at.microsecond !== 0) parts.push(at.microsecond);
  const zone = value.offset === undefined ? "" : `, tzinfo=${zoneRepr(value.offset)}`;
  return `datetime.datetime(${parts.join(", ")}${zone})`;
}

function zoneRepr(offset: number): string {
  if (offset === 0) return "datetime.timezone.utc";
  return `datetime.timezone(${timeDeltaRepr(new PyTimeDelta(offset * 1e6))})`;
}

function timeDeltaRepr(value: PyTimeDelta): string {
  const days = Math.floor(value.microseconds / 864e8);
  const rest = value.microseconds - days * 864e8;
  const seconds = Math.floor(rest / 1e6);
  const parts: [string, number][] = [
    ["days", days],
    ["seconds", seconds],
    ["microseconds", rest - seconds * 1e6],
  ];
  const shown = parts
    .filter(([, amount]) => amount !== 0)
    .map(([name, amount]) => `${name}=${amount}`);
  return `datetime.timedelta(${shown.length === 0 ? "0" : shown.join(", ")})`;
}
