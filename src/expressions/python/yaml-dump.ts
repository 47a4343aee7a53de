/** yaml.safe_dump of PyYAML in block style: keys sorted, lines folded at 80 columns. */
import { checkSize, isFloat, isInt, toFloat } from "./arithmetic.ts";
import { dictEntries, isDict, PyDateTime, PyTuple } from "./collections.ts";
import { PythonError } from "./errors.ts";
import { sortValues } from "./sort.ts";
import { floatRepr, pyRepr } from "./text.ts";
import { writeScalar } from "./yaml-text.ts";

export interface YamlOptions {
  /** Columns per level; 2 where not given. */
  readonly indent?: number | undefined;
  /** Keep characters beyond ASCII (else escape them). */
  readonly allowUnicode?: boolean | undefined;
}

interface Place {
  readonly indent: number;
  /** Inside of a mapping, where a sequence is not indented. */
  readonly mapping: boolean;
  /** Column at which the node begins. */
  readonly column: number;
}

/** The YAML text, newline at the end. Throws RepresenterError for what safe YAML cannot hold. */
export function dumpYaml(value: unknown, options: YamlOptions = {}): string {
  const size = options.indent ?? 2;
  const writer = new YamlWriter(size > 1 && size < 10 ? size : 2, options.allowUnicode ?? false);
  const text = writer.node(value, { indent: -1, mapping: false, column: 0 }, 0);
  checkSize(text.length);
  const scalar = !isDict(value) && !Array.isArray(value) && !(value instanceof PyTuple);
  const body = text.startsWith("\n") ? text.slice(1) : text;
  return scalar && !/^["']/.test(body) ? `${body}\n...\n` : `${body}\n`;
}

class YamlWriter {
  readonly #step: number;
  readonly #unicode: boolean;
  constructor(step: number, unicode: boolean) {
    this.#step = step;
    this.#unicode = unicode;
  }

  /** The node's text; a collection begins with a newline when it cannot stand on the line it is on. */
  node(value: unknown, place: Place, depth: number): string {
    if (depth > 200) throw new PythonError("RecursionError", "maximum recursion depth exceeded");
    if (Array.isArray(value)) return this.#sequence(value, place, depth);
    if (value instanceof PyTuple) return this.#sequence(value.items, place, depth);
    if (isDict(value)) return this.#mapping(dictEntries(value), place, depth);
    return this.#scalar(value, place, false);
  }

  #scalar(value: unknown, place: Place, key: boolean): string {
    if (typeof value === "string") {
      const indent = place.indent < 0 ? this.#step : place.indent + this.#step;
      return writeScalar(value, { indent, column: place.column, key, unicode: this.#unicode });
    }
    if (value === null || value === undefined) return "null";
    if (typeof value === "boolean") return value ? "true" : "false";
    if (isFloat(value)) return floatText(toFloat(value));
    if (isInt(value)) return pyRepr(value);
    if (value instanceof PyDateTime) return value.isoformat(" ");
    throw new PythonError("RepresenterError", `('cannot represent an object', ${pyRepr(value)})`);
  }

  #sequence(items: readonly unknown[], place: Place, depth: number): string {
    if (items.length === 0) return "[]";
    const indent = place.mapping ? place.indent : this.#deeper(place);
    const parts = items.map((item) => {
      const inside = { indent, mapping: false, column: indent + 2 };
      return `-${this.#after(this.node(item, inside, depth + 1), item, inside)}`;
    });
    return `\n${parts.map((part) => " ".repeat(indent) + part).join("\n")}`;
  }

  #deeper(place: Place): number {
    return place.indent < 0 ? 0 : place.indent + this.#step;
  }

  /** In a sequence a collection begins on the line of its dash. */
  #after(text: string, item: unknown, inside: Place): string {
    if (!text.startsWith("\n")) return ` ${text}`;
    const indent = inside.indent + this.#step;
    const gap = " ".repeat(Math.max(1, indent - inside.indent - 1));
    return isDict(item) || Array.isArray(item) || item instanceof PyTuple
      ? gap + text.slice(1 + indent)
      : text;
  }

  #mapping(entries: readonly (readonly [unknown, unknown])[], place: Place, depth: number): string {
    if (entries.length === 0) return "{}";
    const indent = this.#deeper(place);
    const lines = sorted(entries).map(([key, value]) => {
      const shown = this.#scalar(key, { indent, mapping: true, column: indent }, true);
      const simple = key !== "" && shown.length < 128;
      const column = simple ? indent + shown.length + 2 : indent + 2;
      const text = this.node(value, { indent, mapping: true, column }, depth + 1);
      const body = text.startsWith("\n") ? text : ` ${text}`;
      const lead = simple ? `${shown}:` : `? ${shown}\n${" ".repeat(indent)}:`;
      return " ".repeat(indent) + lead + body;
    });
    return `\n${lines.join("\n")}`;
  }
}

/** Sorted as Python sorts keys; left alone when they have no order. */
function sorted(
  entries: readonly (readonly [unknown, unknown])[],
): readonly (readonly [unknown, unknown])[] {
  try {
    return sortValues(entries, false, ([key]) => key);
  } catch {
    return entries;
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const text = floatRepr(value);
  return text.includes(".") ? text : text.replace("e", ".0e");
}
