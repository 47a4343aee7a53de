/** json.loads of Python: 1.0 stays a float, large ints stay exact. */
import { integerOf } from "./digits.ts";
import { PythonError } from "./errors.ts";
import { float } from "./values.ts";

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
