/** ast.literal_eval of Python. */
import { int, isNumber, negate, positive } from "./arithmetic.ts";
import { hashKey, makeDict, PySet, PyTuple } from "./collections.ts";
import { typeName } from "./compare.ts";
import { PythonError, typeError, valueError } from "./errors.ts";
import { float } from "./values.ts";

const maxDepth = 100;
const keywords = new Set(
  "and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  ),
);

/** The value of a Python literal. Throws SyntaxError or ValueError as Python does. */
export function literalEval(text: string): unknown {
  const reader = new LiteralReader(text.replace(/^[ \t]+/, ""));
  return reader.whole();
}

function malformed(kind: string): PythonError {
  return valueError(`malformed node or string on line 1: <ast.${kind} object at 0x>`);
}

const stringEscapes: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\n": "",
};

class LiteralReader {
  #at = 0;
  /** Open brackets: inside them, line ends are white space. */
  #open = 0;
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    this.#space();
    const value = this.#tuple(0);
    while (/[\s;]/.test(this.#text[this.#at] ?? "x")) this.#at += 1;
    if (this.#at < this.#text.length) throw this.#syntax();
    return value;
  }

  #syntax(message = "invalid syntax"): PythonError {
    return new PythonError("SyntaxError", `${message} (<unknown>, line 1)`);
  }

  #space(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === "#")
        while (this.#at < this.#text.length && this.#text[this.#at] !== "\n") this.#at += 1;
      else if (
        char === " " ||
        char === "\t" ||
        char === "\f" ||
        (this.#open > 0 && (char === "\n" || char === "\r"))
      )
        this.#at += 1;
      else return;
    }
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    this.#space();
    return true;
  }

  #startsValue(): boolean {
    return /[^\s)\]},;:]/.test(this.#text[this.#at] ?? " ");
  }

  #tuple(depth: number): unknown {
    const first = this.#sum(depth);
    if (this.#text[this.#at] !== ",") return first;
    const items = [first];
    while (this.#take(",") && this.#startsValue()) items.push(this.#sum(depth));
    return new PyTuple(items);
  }

  /** A number may be signed, and a sum only makes a complex number, which we do not have. */
  #sum(depth: number): unknown {
    if (depth > maxDepth)
      throw new PythonError("RecursionError", "maximum recursion depth exceeded");
    const value = this.#signed(depth);
    const operator = this.#text[this.#at];
    if (operator !== undefined && "+-*/%@&|^<>=!.[(".includes(operator))
      return this.#beyond(operator, depth);
    if (/^(?:and|or|if|in|is|not)\b/.test(this.#text.slice(this.#at))) throw malformed("BoolOp");
    return value;
  }

  #beyond(operator: string, depth: number): never {
    this.#at += 1;
    this.#space();
    if (operator === ".") throw malformed("Attribute");
    if (operator === "(") throw malformed("Call");
    if (operator === "[") throw malformed("Subscript");
    if (!this.#startsValue() || operator === "=") throw this.#syntax();
    this.#signed(depth + 1);
    throw malformed("<>!".includes(operator) ? "Compare" : "BinOp");
  }

  #signed(depth: number): unknown {
    const sign = this.#text[this.#at];
    if (sign !== "-" && sign !== "+") return this.#atom(depth);
    this.#at += 1;
    this.#space();
    const value = this.#signed(depth + 1);
    if (!isNumber(value) || typeof value === "boolean") throw malformed("UnaryOp");
    return sign === "-" ? negate(value) : positive(value);
  }

  #atom(depth: number): unknown {
    const char = this.#text[this.#at];
    if (char === undefined) throw this.#syntax();
    if (char === "[") return this.#list(depth);
    if (char === "(") return this.#parenthesis(depth);
    if (char === "{") return this.#braces(depth);
    if (/[0-9.]/.test(char)) return this.#number();
    if (/^(?:[rRuU]|[bBfF][rR]?|[rR][bBfF])?["']/.test(this.#text.slice(this.#at, this.#at + 3))) {
      return this.#strings();
    }
    return this.#word();
  }

  #word(): unknown {
    const match = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(this.#text.slice(this.#at));
    if (match === null) throw this.#syntax();
    const [word] = match;
    this.#at += word.length;
    this.#space();
    if (word === "None") return null;
    if (word === "True" || word === "False") return word === "True";
    if (keywords.has(word) || this.#startsName()) throw this.#syntax();
    const next = this.#text[this.#at];
    if (next === "(") {
      if (/^\(\s*\)/.test(this.#text.slice(this.#at)) && word === "set") {
        this.#at = this.#text.indexOf(")", this.#at) + 1;
        this.#space();
        return new PySet();
      }
      throw malformed("Call");
    }
    throw malformed(next === "." ? "Attribute" : next === "[" ? "Subscript" : "Name");
  }

  #startsName(): boolean {
    return (
      /[\p{L}\p{N}_"']/u.test(this.#text[this.#at] ?? " ") &&
      !/^(?:and|or|if|in|is|not)\b/.test(this.#text.slice(this.#at))
    );
  }

  #number(): unknown {
    const match =
      /^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(\d(?:_?\d)*)?(\.(?:\d(?:_?\d)*)?)?([eE][-+]?\d(?:_?\d)*)?)/.exec(
        this.#text.slice(this.#at),
      );
    const text = match?.[0] ?? "";
    if (match === null || text === "" || text === ".") throw this.#syntax();
    this.#at += text.length;
    if (/[\p{L}\p{N}_]/u.test(this.#text[this.#at] ?? " "))
      throw this.#syntax("invalid decimal literal");
    this.#space();
    const digits = text.replaceAll("_", "");
    if (match[2] !== undefined || match[3] !== undefined) return float(Number(digits));
    if (/^0\d*[1-9]/.test(digits)) {
      throw this.#syntax(
        "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
      );
    }
    return int(BigInt(digits));
  }

  #strings(): string {
    let result = this.#string();
    this.#space();
    while (/^(?:[rRuU])?["']/.test(this.#text.slice(this.#at, this.#at + 2))) {
      result += this.#string();
      this.#space();
    }
    return result;
  }

  #string(): string {
    const prefix =
      /^[a-zA-Z]*/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0].toLowerCase() ?? "";
    if (prefix.includes("f")) throw malformed("JoinedStr");
    if (prefix.includes("b")) throw valueError("bytes literals are not supported");
    this.#at += prefix.length;
    const quote = this.#text[this.#at] ?? "";
    const triple = this.#text.startsWith(quote.repeat(3), this.#at);
    const end = triple ? quote.repeat(3) : quote;
    this.#at += end.length;
    let result = "";
    while (!this.#text.startsWith(end, this.#at)) {
      const char = this.#text[this.#at];
      if (char === undefined || (char === "\n" && !triple)) {
        throw new PythonError(
          "SyntaxError",
          triple
            ? "unterminated triple-quoted string literal (detected at line 1) (<unknown>, line 1)"
            : "unterminated string literal (detected at line 1) (<unknown>, line 1)",
        );
      }
      result += char === "\\" ? this.#escape(prefix.includes("r")) : char;
      this.#at += 1;
    }
    this.#at += end.length;
    return result;
  }

  /** Leaves the reader on the last character of the escape. */
  #escape(raw: boolean): string {
    this.#at += 1;
    const char = this.#text[this.#at] ?? "";
    if (raw) return `\\${char}`;
    const known = stringEscapes[char];
    if (known !== undefined) return known;
    const rest = this.#text.slice(this.#at, this.#at + 9);
    const hex = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(rest);
    if (hex !== null) {
      this.#at += hex[0].length - 1;
      return String.fromCodePoint(Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? "0", 16));
    }
    if (/^[xuU]/.test(rest)) {
      throw this.#syntax(
        "(unicode error) 'unicodeescape' codec can't decode bytes: truncated escape",
      );
    }
    const octal = /^[0-7]{1,3}/.exec(rest);
    if (octal !== null) {
      this.#at += octal[0].length - 1;
      return String.fromCharCode(Number.parseInt(octal[0], 8));
    }
    return `\\${char}`;
  }

  #enter(): void {
    this.#open += 1;
    this.#at += 1;
    this.#space();
  }

  #leave(close: string): void {
    if (this.#text[this.#at] !== close) {
      throw this.#at >= this.#text.length
        ? this.#syntax(
            "'[' was never closed".replace("[", { "]": "[", ")": "(", "}": "{" }[close] ?? "["),
          )
        : this.#syntax("invalid syntax. Perhaps you forgot a comma?");
    }
    this.#open -= 1;
    this.#at += 1;
    this.#space();
  }

  #items(close: string, depth: number): unknown[] {
    const items: unknown[] = [];
    while (this.#text[this.#at] !== close) {
      items.push(this.#sum(depth + 1));
      if (!this.#take(",")) break;
    }
    return items;
  }

  #list(depth: number): unknown[] {
    this.#enter();
    const items = this.#items("]", depth);
    this.#leave("]");
    return items;
  }

  #parenthesis(depth: number): unknown {
    this.#enter();
    if (this.#text[this.#at] === ")") {
      this.#leave(")");
      return new PyTuple([]);
    }
    const first = this.#sum(depth + 1);
    if (!this.#take(",")) {
      this.#leave(")");
      return first;
    }
    const rest = this.#items(")", depth);
    this.#leave(")");
    return new PyTuple([first, ...rest]);
  }

  #braces(depth: number): unknown {
    this.#enter();
    if (this.#text[this.#at] === "}") {
      this.#leave("}");
      return {};
    }
    const first = this.#sum(depth + 1);
    if (this.#text[this.#at] !== ":") {
      const items = [first, ...(this.#take(",") ? this.#items("}", depth) : [])];
      this.#leave("}");
      for (const item of items) checkHashable(item);
      return new PySet(items);
    }
    const entries: [unknown, unknown][] = [];
    let key = first;
    for (;;) {
      if (!this.#take(":")) throw this.#syntax("':' expected after dictionary key");
      checkHashable(key);
      entries.push([key, this.#sum(depth + 1)]);
      if (!this.#take(",") || this.#text[this.#at] === "}") break;
      key = this.#sum(depth + 1);
    }
    this.#leave("}");
    return makeDict(entries);
  }
}

function checkHashable(value: unknown): void {
  if (hashKey(value) === undefined) throw typeError(`unhashable type: '${typeName(value)}'`);
}
