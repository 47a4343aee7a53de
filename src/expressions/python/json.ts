/** json.dumps of Python: 1.0 stays a float, large ints stay exact. Its json.loads: `json-read.ts`. */
import { dictEntries, isDict, PyTuple } from "./collections.ts";
import { Budget } from "./budget.ts";
import { compareText, typeName } from "./compare.ts";
import { typeError } from "./errors.ts";
import { checkSize, isFloat, isInt, toFloat } from "./arithmetic.ts";
import { floatRepr, pyRepr } from "./text.ts";
import { Float } from "./values.ts";

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
