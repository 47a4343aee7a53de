/** How PyYAML (YAML 1.1) reads plain scalars. */
import { integerOf } from "./digits.ts";
import { int } from "./arithmetic.ts";
import { PyDateTime } from "./collections.ts";
import { float } from "./values.ts";

const nullWord = /^(?:~|null|Null|NULL|)$/;
const boolWord =
  /^(?:(yes|Yes|YES|true|True|TRUE|on|On|ON)|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const integer =
  /^[-+]?(?:0b[01_]+|0[0-7_]+|(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const real =
  /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$/;
const timestamp =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::?(\d\d))?))?)?$/;

function fromInteger(text: string): number | bigint {
  const plain = text.replaceAll("_", "").replace(/^\+/, "");
  const negative = plain.startsWith("-");
  const digits = negative ? plain.slice(1) : plain;
  if (/^(?:0|[1-9]\d*)$/.test(digits)) return integerOf(plain);
  let size: bigint;
  if (digits.includes(":")) {
    size = digits.split(":").reduce((total, part) => total * 60n + BigInt(part), 0n);
  } else if (/^0[0-7]+$/.test(digits)) size = BigInt(`0o${digits.slice(1)}`);
  else size = BigInt(digits);
  return int(negative ? -size : size);
}

function fromReal(text: string): number {
  const plain = text.replaceAll("_", "").toLowerCase();
  if (plain.endsWith("nan")) return Number.NaN;
  const sign = plain.startsWith("-") ? -1 : 1;
  const digits = plain.replace(/^[-+]/, "");
  if (digits === ".inf") return sign * Number.POSITIVE_INFINITY;
  if (!digits.includes(":")) return sign * Number(digits);
  return sign * digits.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

function fromTimestamp(match: RegExpExecArray): PyDateTime {
  const [, year, month, day, hour, minute, second, fraction = "", zone, sign, hours, minutes] =
    match;
  const size = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60;
  const offset = sign === "-" ? -size : size;
  return PyDateTime.of(
    {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour ?? 0),
      minute: Number(minute ?? 0),
      second: Number(second ?? 0),
      microsecond: Number(fraction.slice(0, 6).padEnd(6, "0")),
    },
    zone === undefined ? undefined : offset,
  );
}

/** The value of a plain scalar: null, bool, int, float, date or the text itself. */
export function readPlainScalar(text: string): unknown {
  if (nullWord.test(text)) return null;
  const bool = boolWord.exec(text);
  if (bool !== null) return bool[1] !== undefined;
  if (integer.test(text)) return fromInteger(text);
  if (real.test(text)) return float(fromReal(text));
  const time = timestamp.exec(text);
  return time === null ? text : fromTimestamp(time);
}

/** True when the text, written without quotes, would be read back as that text. */
export function isPlainText(text: string): boolean {
  if (text === "=" || text === "<<") return false;
  return readPlainScalar(text) === text;
}
