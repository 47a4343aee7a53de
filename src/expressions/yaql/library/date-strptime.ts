/** strptime. */
import { PyDateTime } from "../../python/collections.ts";
import { stringRepr } from "../../python/text.ts";
import { valueError } from "../faults.ts";
import { escapeRegex } from "./regex-escape.ts";
import { checkedFields, dayNames, daysInMonth, monthNames } from "./date-fields.ts";

const months = monthNames.map((name) => name.toLowerCase());
const days = dayNames.map((name) => name.toLowerCase());
const short = (names: readonly string[]): readonly string[] =>
  names.map((name) => name.slice(0, 3));

const patterns: Readonly<Record<string, string>> = {
  d: "3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]",
  f: "\\d{1,6}",
  H: "2[0-3]|[01]\\d|\\d",
  I: "1[0-2]|0[1-9]|[1-9]",
  j: "36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]",
  m: "1[0-2]|0[1-9]|[1-9]",
  M: "[0-5]\\d|\\d",
  S: "6[01]|[0-5]\\d|\\d",
  w: "[0-6]",
  u: "[1-7]",
  U: "5[0-3]|[0-4]\\d|\\d",
  W: "5[0-3]|[0-4]\\d|\\d",
  y: "\\d\\d",
  Y: "\\d\\d\\d\\d",
  z: "[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|Z",
  A: days.join("|"),
  a: short(days).join("|"),
  B: months.join("|"),
  b: short(months).join("|"),
  p: "am|pm",
  Z: "utc|gmt",
  "%": "%",
};

/** Parses text by a format. Throws Python's ValueError. */
export function parseFormatted(text: string, format: string): PyDateTime {
  const directives: string[] = [];
  const expanded = format
    .replaceAll("%c", "%a %b %d %H:%M:%S %Y")
    .replaceAll("%x", "%m/%d/%y")
    .replaceAll("%X", "%H:%M:%S");
  const pattern = expanded.replaceAll(
    /%([^]?)|\s+|[^%\s]+/g,
    (piece, directive: string | undefined) => {
      if (directive === undefined) return /\s/.test(piece) ? "\\s+" : escapeRegex(piece);
      if (directive === "") throw valueError(`stray % in format ${stringRepr(format)}`);
      const known = Object.hasOwn(patterns, directive) ? patterns[directive] : undefined;
      if (known === undefined) {
        throw valueError(`'${directive}' is a bad directive in format ${stringRepr(format)}`);
      }
      directives.push(directive);
      return `(${known})`;
    },
  );
  const found = new RegExp(`^${pattern}`, "i").exec(text);
  if (found === null) {
    throw valueError(`time data ${stringRepr(text)} does not match format ${stringRepr(format)}`);
  }
  if (found[0].length < text.length) {
    throw valueError(`unconverted data remains: ${text.slice(found[0].length)}`);
  }
  return assembled(new Map(directives.map((name, index) => [name, found[index + 1] ?? ""])));
}

function assembled(values: ReadonlyMap<string, string>): PyDateTime {
  const number = (name: string): number | undefined =>
    values.has(name) ? Number(values.get(name)) : undefined;
  const named = (name: string, names: readonly string[]): number | undefined => {
    const value = values.get(name)?.toLowerCase();
    return value === undefined ? undefined : names.indexOf(value) + 1;
  };
  const year = number("Y") ?? centuryOf(number("y"));
  const month = number("m") ?? named("B", months) ?? named("b", short(months)) ?? 1;
  const yearDay = number("j");
  const [realMonth, day] =
    yearDay === undefined || values.has("d") ? [month, number("d") ?? 1] : ofYearDay(year, yearDay);
  const fields = [
    year,
    realMonth,
    day,
    hourOf(number("H"), number("I"), values.get("p")),
    number("M") ?? 0,
    number("S") ?? 0,
    Number((values.get("f") ?? "0").padEnd(6, "0")),
  ];
  return PyDateTime.of(checkedFields(fields), offsetOf(values.get("z")));
}

/** The year that two digits mean. */
function centuryOf(two: number | undefined): number {
  if (two === undefined) return 1900;
  return two + (two <= 68 ? 2000 : 1900);
}

function hourOf(
  full: number | undefined,
  half: number | undefined,
  part: string | undefined,
): number {
  if (full !== undefined) return full;
  if (half === undefined) return 0;
  return (half % 12) + (part?.toLowerCase() === "pm" ? 12 : 0);
}

function ofYearDay(year: number, yearDay: number): readonly [number, number] {
  let [month, day] = [1, yearDay];
  while (month < 12 && day > daysInMonth(year, month)) day -= daysInMonth(year, month++);
  return [month, day];
}

function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  if (zone.toUpperCase() === "Z") return 0;
  const digits = zone.slice(1).replaceAll(":", "");
  const seconds =
    Number(digits.slice(0, 2)) * 3600 +
    Number(digits.slice(2, 4)) * 60 +
    Number(digits.slice(4, 6) || "0");
  return zone.startsWith("-") ? -seconds : seconds;
}
