/** json.dumps and json.loads of Python: 1.0 stays a float, large ints stay exact. */
import { integerOf } from "./digits.ts";
import { dictEntries, isDict, PyTuple } from "./collections.ts";
import { Budget } from "./budget.ts";
import { compareText, typeName } from "./compare.ts";
import { PythonError, typeError } from "./errors.ts";
import { checkSize, isFloat, isInt, toFloat } from "./arithmetic.ts";
import { floatRepr, pyRepr } from "./text.ts";
import { float, Float } from "./values.ts";

export interface DumpOptions {
  /** Spaces per level (or the text itself); undefined = one line. */
  readonly indent?: number | string | undefined;
  readonly sortKeys?: boolean | undefined;
  /** [between items, after a key]; Python's defaults are `, ` and `: `, with an indent `,` and `: `. */
  readonly separators?: readonly [string, string] | undefined;
  /** Escape everything beyond ASCII (Python's default). */
  readonly ensureAscii?: boolean | undefined;
}

interface Style {
  readonly indent: string | undefined;
  readonly item: string;
  readonly key: string;
  readonly sortKeys: boolean;
  readonly ascii: boolean;
  readonly budget: Budget;
}

/** json.dumps. Throws TypeError `Object of type set is not JSON serializable`. */
export function dumps(value: unknown, options: DumpOptions = {}): string {
  const indent =
    typeof options.indent === "number" ? " ".repeat(Math.max(0, options.indent)) : options.indent;
  const [item, key] = options.separators ?? [indent === undefined ? ", " : ",", ": "];
  const style = {
    indent,
    item,
    key,
    sortKeys: options.sortKeys ?? false,
    ascii: options.ensureAscii ?? true,
    budget: new Budget(),
  };
  const text = dump(value, style, "\n");
  checkSize(text.length);
  return text;
}

function dump(value: unknown, style: Style, newline: string): string {
  if (typeof value === "string") {
    style.budget.spend(value.length);
    return quoted(value, style.ascii);
  }
  style.budget.spend(1);
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isFloat(value)) return floatText(toFloat(value));
  if (isInt(value)) return pyRepr(value);
  return style.budget.deeper(() => dumpContainer(value, style, newline));
}

function dumpContainer(value: unknown, style: Style, newline: string): string {
  if (Array.isArray(value)) return dumpItems(value, style, newline);
  if (value instanceof PyTuple) return dumpItems(value.items, style, newline);
  if (isDict(value)) return dumpDict(dictEntries(value), style, newline);
  throw typeError(
    `Object of type ${typeName(value).replace(/^.*\./, "")} is not JSON serializable`,
  );
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return floatRepr(value);
}

function enclose(
  parts: readonly string[],
  brackets: string,
  style: Style,
  newline: string,
): string {
  const [open = "", close = ""] = brackets;
  if (parts.length === 0) return brackets;
  if (style.indent === undefined) return `${open}${parts.join(style.item)}${close}`;
  const inner = newline + style.indent;
  return `${open}${inner}${parts.join(style.item + inner)}${newline}${close}`;
}

function dumpItems(items: readonly unknown[], style: Style, newline: string): string {
  const inner = newline + (style.indent ?? "");
  return enclose(
    items.map((item) => dump(item, style, inner)),
    "[]",
    style,
    newline,
  );
}

function dumpDict(
  entries: readonly (readonly [unknown, unknown])[],
  style: Style,
  newline: string,
): string {
  const inner = newline + (style.indent ?? "");
  const pairs = entries.map(([key, value]) => [keyText(key), value] as const);
  if (style.sortKeys) pairs.sort(([a], [b]) => compareText(a, b));
  const parts = pairs.map(
    ([key, value]) => quoted(key, style.ascii) + style.key + dump(value, style, inner),
  );
  return enclose(parts, "{}", style, newline);
}

export function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  if (key === null || key === undefined) return "null";
  if (typeof key === "boolean") return key ? "true" : "false";
  if (isFloat(key)) return floatText(toFloat(key));
  if (isInt(key)) return pyRepr(key);
  throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function quoted(text: string, ascii: boolean): string {
  const plain = JSON.stringify(text).replaceAll("\u007f", ascii ? "\\u007f" : "\u007f");
  if (!ascii) return plain;
  return plain.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** json.loads. Throws JSONDecodeError `Expecting value: line 1 column 1 (char 0)`. */
export function loads(text: string): unknown {
  const start = text.startsWith("\ufeff") ? 1 : 0;
  if (start === 1) {
    throw new PythonError(
      "JSONDecodeError",
      "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)",
    );
  }
  const reader = new JsonReader(text);
  reader.space();
  const value = reader.value(0);
  reader.space();
  if (reader.at < text.length) throw decodeError("Extra data", text, reader.at);
  return value;
}

/** Names the place as Python's decoder does. */
function decodeError(message: string, text: string, at: number): PythonError {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - before.lastIndexOf("\n");
  return new PythonError(
    "JSONDecodeError",
    `${message}: line ${line} column ${column} (char ${at})`,
  );
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const words: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];
const maxDepth = 900;

class JsonReader {
  at = 0;
  readonly text: string;
  readonly #number = /(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?/y;
  constructor(text: string) {
    this.text = text;
  }

  fail(message: string, at = this.at): PythonError {
    return decodeError(message, this.text, at);
  }

  space(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  value(depth: number): unknown {
    if (depth > maxDepth)
      throw new PythonError("RecursionError", "maximum recursion depth exceeded");
    const first = this.text[this.at];
    if (first === '"') return this.string();
    if (first === "{") return this.object(depth);
    if (first === "[") return this.array(depth);
    for (const [word, value] of words) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  number(): unknown {
    this.#number.lastIndex = this.at;
    const match = this.#number.exec(this.text);
    if (match === null) throw this.fail("Expecting value");
    this.at += match[0].length;
    if (match[2] === undefined && match[3] === undefined) return integerOf(match[0]);
    return float(Number(match[0]));
  }

  string(): string {
    const start = this.at;
    this.at += 1;
    let result = "";
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined) throw this.fail("Unterminated string starting at", start);
      if (char === '"') break;
      if (char < " ") throw this.fail("Invalid control character at");
      result += char === "\\" ? this.escape(start) : char;
      this.at += 1;
    }
    this.at += 1;
    return result;
  }

  escape(start: number): string {
    this.at += 1;
    const kind = this.text[this.at];
    if (kind === undefined) throw this.fail("Unterminated string starting at", start);
    if (kind === "u") {
      const digits = this.text.slice(this.at + 1, this.at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.fail("Invalid \\uXXXX escape");
      this.at += 4;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const char = escapes[kind];
    if (char === undefined) throw this.fail("Invalid \\escape", this.at - 1);
    return char;
  }

  object(depth: number): unknown {
    const entries: [string, unknown][] = [];
    this.at += 1;
    this.space();
    if (this.text[this.at] === "}") {
      this.at += 1;
      return {};
    }
    for (;;) {
      if (this.text[this.at] !== '"') {
        throw this.fail("Expecting property name enclosed in double quotes");
      }
      const key = this.string();
      this.space();
      if (this.text[this.at] !== ":") throw this.fail("Expecting ':' delimiter");
      this.at += 1;
      this.space();
      entries.push([key, this.value(depth + 1)]);
      this.space();
      if (!this.more("}")) return Object.fromEntries(entries);
    }
  }

  array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.at += 1;
    this.space();
    if (this.text[this.at] === "]") {
      this.at += 1;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      this.space();
      if (!this.more("]")) return items;
    }
  }

  /** After an item: true at a comma, false at the closing bracket. */
  more(close: string): boolean {
    const char = this.text[this.at];
    if (char !== close && char !== ",") throw this.fail("Expecting ',' delimiter");
    this.at += 1;
    if (char === ",") this.space();
    return char === ",";
  }
}

/** The value as JSON can hold it: floats as numbers, tuples and sets as lists, bigint as number. For results that leave the expressions. */
export function toPlain(value: unknown): unknown {
  if (value instanceof Float) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof PyTuple) return value.items.map(toPlain);
  if (isDict(value)) {
    return Object.fromEntries(
      dictEntries(value).map(([key, item]) => [keyText(key), toPlain(item)]),
    );
  }
  if (
    typeof value === "object" &&
    value !== null &&
    "toJSON" in value &&
    typeof value.toJSON === "function"
  ) {
    const plain: unknown = value.toJSON();
    return Array.isArray(plain) ? plain.map(toPlain) : plain;
  }
  return value;
}
