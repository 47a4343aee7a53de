/** Text. */
import { compareText } from "../../python/compare.ts";
import { Fault, typeError } from "../faults.ts";
import { callNamed } from "../names.ts";
import { alias, both, type Call, func, method, optional, required, rest } from "../signature.ts";
import { plainText } from "../text.ts";
import * as type from "../types.ts";
import { entriesOf, isInteger, YaqlList } from "../values.ts";
import { walk } from "../walk.ts";
import { characters, found, lengthOf, sliced } from "./codepoints.ts";
import { rightSplit, split, strip, replaced } from "./python-strings.ts";

const receiver = required("string", type.text);
const pair = [required("left", type.text), required("right", type.text)] as const;
const chars = optional("chars", type.nullable(type.text), null);
const separator = optional("separator", type.nullable(type.text), null);
const maxSplits = optional("maxSplits", type.int, -1);
const start = optional("start", type.int, 0);
const within = [
  receiver,
  required("sub", type.text),
  required("start", type.int),
  required("length", type.int),
] as const;

function comparison(operator: string, holds: (order: number) => boolean) {
  return func(`#operator_${operator}`, pair, (_, left, right) => holds(compareText(left, right)));
}

/** YAQL's own `str()`, which a `def` may replace. */
function textOf({ scope }: Call, value: unknown): string {
  if (typeof value === "string" && !scope.run.redefined) return value;
  const text = callNamed(scope, "str", [value]);
  if (typeof text === "string") return text;
  throw typeError("sequence item 0: expected str instance");
}

const concat = func("concat", [rest("args", type.text)], ({ scope }, parts) => {
  scope.run.produce(parts.reduce((sum, part) => sum + part.length, 0));
  return parts.join("");
});

function joined(call: Call, items: Iterable<unknown>, by: string): string {
  const parts: string[] = [];
  for (const item of items) {
    const part = textOf(call, item);
    call.scope.run.produce(part.length + by.length);
    parts.push(part);
  }
  return parts.join(by);
}

function times(call: Call, text: string, count: number | bigint | boolean): string {
  const repeats = Math.max(0, Number(count));
  call.scope.run.produce(text.length * repeats);
  return text.repeat(repeats);
}

const repetition = [
  func("#operator_*", [required("left", type.text), required("right", type.int)], times),
  func(
    "#operator_*",
    [required("left", type.int), required("right", type.text)],
    (call, count, text) => times(call, text, count),
  ),
];

const trims = (["trim", "trimLeft", "trimRight"] as const).map((name) =>
  method(name, [receiver, chars], (_, text, set) =>
    strip(text, set, { left: name !== "trimRight", right: name !== "trimLeft" }),
  ),
);

const searches = (["indexOf", "lastIndexOf"] as const).flatMap((name) => {
  const last = name === "lastIndexOf";
  return [
    method(name, [receiver, required("sub", type.text), start], ({ scope }, text, sub, from) => {
      scope.run.scan(text.length);
      return found(text, sub, { start: Number(from) }, last);
    }),
    method(name, within, ({ scope }, text, sub, ...[from, count]) => {
      scope.run.scan(text.length);
      const size = lengthOf(text);
      const begin = Number(from) < 0 ? Number(from) + size : Number(from);
      const length = Number(count) < 0 ? size - begin : Number(count);
      return found(text, sub, { start: begin, end: begin + length }, last);
    }),
  ];
});

export const stringFunctions = [
  comparison(">", (order) => order > 0),
  comparison("<", (order) => order < 0),
  comparison(">=", (order) => order >= 0),
  comparison("<=", (order) => order <= 0),
  concat,
  alias("#operator_+", concat),
  ...repetition,
  ...trims,
  ...searches,
  both("len", [receiver], (_, text) => lengthOf(text)),
  method("toUpper", [receiver], ({ scope }, text) => {
    scope.run.produce(text.length);
    return text.toUpperCase();
  }),
  method("toLower", [receiver], ({ scope }, text) => {
    scope.run.produce(text.length);
    return text.toLowerCase();
  }),
  method("split", [receiver, separator, maxSplits], ({ scope }, text, by, most) => {
    scope.run.produce(text.length);
    return new YaqlList(split(text, by, Number(most)));
  }),
  method("rightSplit", [receiver, separator, maxSplits], ({ scope }, text, by, most) => {
    scope.run.produce(text.length);
    return new YaqlList(rightSplit(text, by, Number(most)));
  }),
  method(
    "join",
    [required("sequence", type.iterable), required("separator", type.text)],
    (call, items, by) => joined(call, walk(items, call.scope.run), by),
  ),
  method(
    "join",
    [required("separator", type.text), required("sequence", type.iterable)],
    (call, by, items) => joined(call, walk(items, call.scope.run), by),
  ),
  func("str", [required("value", type.anything)], ({ scope }, value) => {
    const text = value === null || typeof value === "boolean" ? String(value) : plainText(value);
    scope.run.produce(text.length);
    return text;
  }),
  both("norm", [required("string", type.nullable(type.text)), chars], (_, text, set) => {
    const value = text === null ? "" : strip(text, set, { left: true, right: true });
    return value === "" ? null : value;
  }),
  both(
    "isEmpty",
    [required("string", type.nullable(type.text)), optional("trim", type.bool, true), chars],
    (_, text, trim, set) =>
      text === null || (trim ? strip(text, set, { left: true, right: true }) : text) === "",
  ),
  method(
    "replace",
    [
      receiver,
      required("old", type.text),
      required("new", type.text),
      optional("count", type.int, -1),
    ],
    ({ scope }, text, old, ...[fresh, count]) =>
      replaced(text, old, fresh, { count: Number(count), run: scope.run }),
  ),
  method(
    "replace",
    [receiver, required("replacements", type.mapping), optional("count", type.int, -1)],
    (call, text, replacements, count) => {
      const { run } = call.scope;
      let result = text;
      for (const [key, value] of entriesOf(replacements)) {
        result = replaced(result, textOf(call, key), textOf(call, value), {
          count: Number(count),
          run,
        });
      }
      return result;
    },
  ),
  func("#operator_in", pair, ({ scope }, left, right) => {
    scope.run.scan(right.length);
    return right.includes(left);
  }),
  method(
    "substring",
    [receiver, required("start", type.int), optional("length", type.int, -1)],
    ({ scope }, text, from, count) => {
      scope.run.scan(text.length);
      const size = lengthOf(text);
      const begin = Number(from) < 0 ? Number(from) + size : Number(from);
      const length = Number(count) < 0 ? size : Number(count);
      return sliced(text, begin, begin + length);
    },
  ),
  method("toCharArray", [receiver], ({ scope }, text) => {
    scope.run.produce(text.length);
    return characters(text);
  }),
  func("isString", [required("arg", type.anything)], (_, arg) => typeof arg === "string"),
  method("startsWith", [receiver, rest("prefixes", type.text)], (_, text, prefixes) =>
    prefixes.some((prefix) => text.startsWith(prefix)),
  ),
  method("endsWith", [receiver, rest("suffixes", type.text)], (_, text, suffixes) =>
    suffixes.some((suffix) => text.endsWith(suffix)),
  ),
  func("hex", [required("num", type.nullable(type.number))], (_, num) => {
    if (num === null || !isInteger(num)) {
      throw typeError(
        `'${num === null ? "NoneType" : "float"}' object cannot be interpreted as an integer`,
      );
    }
    return Number(num) < 0 ? `-0x${(-BigInt(num)).toString(16)}` : `0x${num.toString(16)}`;
  }),
  charactersFunction(),
];

function charactersFunction() {
  const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
  const space = " \t\n\r\v\f";
  const digits = "0123456789";
  const letters = upper.toLowerCase() + upper;
  // The classes without text here are gone from Python, and asking for one is an AttributeError there too.
  const classes: ReadonlyArray<readonly [name: string, text: string | undefined, python: string]> =
    [
      ["digits", digits, ""],
      ["hexdigits", `${digits}abcdefABCDEF`, ""],
      ["asciiLowercase", upper.toLowerCase(), ""],
      ["asciiUppercase", upper, ""],
      ["asciiLetters", letters, ""],
      ["letters", undefined, "letters"],
      ["octdigits", "01234567", ""],
      ["punctuation", punctuation, ""],
      ["printable", digits + letters + punctuation + space, ""],
      ["lowercase", undefined, "lowercase"],
      ["uppercase", undefined, "uppercase"],
      ["whitespace", space, ""],
    ];
  const flag = type.nullable(type.bool);
  return func(
    "characters",
    classes.map(([name]) => optional(name, flag, false)),
    (_, ...asked: readonly unknown[]) => {
      const all = new Set<string>();
      for (const [index, [, text, python]] of classes.entries()) {
        if (asked[index] !== true) continue;
        if (text === undefined) {
          throw new Fault("AttributeError", `module 'string' has no attribute '${python}'`);
        }
        for (const character of text) all.add(character);
      }
      return [...all];
    },
  );
}
