/** Reads one YAML document as PyYAML's safe loader does (YAML 1.1), and remembers where everything stands.
 *
 * 1. Nothing here throws: what is wrong becomes a fault with a place, and `value` is then undefined.
 * 2. Mapping keys become strings as JSON has them (`1: x` → "1", `on: x` → "true").
 * 3. An alias shares the object of its anchor; the size of what it stands for is counted, so that no document expands without bound. */
import { readPlainYaml } from "./yaml-plain.ts";
import type { PlainYaml } from "./yaml-plain.ts";
import type { NumberStyle } from "./yaml-scalars.ts";
import { parseWhole, unreadable, yamlBounds } from "./yaml-whole.ts";

/** Keys and indexes from the root of a document. */
export type Path = readonly (string | number)[];

/** Both count from 1; columns count UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface YamlFault extends Place {
  readonly severity: "error" | "warning";
  readonly message: string;
}

export interface YamlFile {
  readonly text: string;
  /** Undefined when there is a fault of severity error. */
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** Where the value at `path` stands, or its key; for a path that is not there, the nearest ancestor. */
  place(path: Path, part?: "key" | "value"): Place;
  /** Where a character of the text at `path` stands; where the text begins when that cannot be said. */
  placeInText(path: Path, offset: number): Place;
}

/** What PyYAML's reader refuses before it looks at the grammar. */
const unprintable = /[^\t\n\r\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

export function parseYaml(source: string, style: NumberStyle = "plain"): YamlFile {
  const text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  if (Buffer.byteLength(text) > yamlBounds.size)
    return unreadable(text, `the file is larger than ${yamlBounds.size} bytes`, {
      line: 1,
      column: 1,
    });
  const control = unprintable.exec(text);
  if (control !== null) {
    const before = text.slice(0, control.index).split("\n");
    const code = (text.codePointAt(control.index) ?? 0).toString(16).padStart(4, "0").toUpperCase();
    const place = { line: before.length, column: (before.at(-1) ?? "").length + 1 };
    return unreadable(text, `the character U+${code} is not allowed in YAML`, place);
  }
  const plain = readPlainYaml(text, style);
  return plain === undefined ? parseWhole(text, style) : unplaced(text, style, plain);
}

/** What was read without places; asking for one has the text parsed. */
function unplaced(text: string, style: NumberStyle, { value, place: root }: PlainYaml): YamlFile {
  let whole: YamlFile | undefined;
  const parsed = (): YamlFile => (whole ??= parseWhole(text, style));
  return {
    text,
    value,
    faults: [],
    place: (path, part) => (path.length === 0 ? root : parsed().place(path, part)),
    placeInText: (path, offset) => parsed().placeInText(path, offset),
  };
}
