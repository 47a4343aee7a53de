/** ast.literal_eval of Python. */
import { int, isNumber, negate, positive } from "./arithmetic.ts";
import { hashKey, isDict, makeDict, PySet, PyTuple } from "./collections.ts";
import { typeName } from "./compare.ts";
import { PythonError, typeError } from "./errors.ts";
import { malformed, readString } from "./literal-text.ts";
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

function isRealNumber(value: unknown): boolean {
  return isNumber(value) && typeof value !== "boolean";
}

/** The name of the node that Python would have read the value from. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "List";
  if (value instanceof PyTuple) return "Tuple";
  if (value instanceof PySet) return "Set";
  return isDict(value) ? "Dict" : "Constant";
}

class LiteralReader {
  #at = 0;
  /** Open brackets: inside them, line ends are white space. */
  readonly #brackets: string[] = [];
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    this.#space();
    if (this.#text.trim() === "") {
      throw new PythonError("SyntaxError", "invalid syntax (<unknown>, line 0)");
    }
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
        (this.#brackets.length > 0 && (char === "\n" || char === "\r"))
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
    if (operator !== undefined && "+-*/%@&|^<>=!.[(".includes(operator)) {
      return this.#beyond(operator, value, depth);
    }
    const word = /^(?:and|or|if|in|is|not)\b/.exec(this.#text.slice(this.#at))?.[0];
    if (word === "if") throw malformed("IfExp");
    if (word !== undefined) throw malformed(word === "and" || word === "or" ? "BoolOp" : "Compare");
    return value;
  }

  #beyond(operator: string, left: unknown, depth: number): never {
    this.#at += 1;
    this.#space();
    if (operator === ".") throw malformed("Attribute");
    if (operator === "(") throw malformed("Call");
    if (operator === "[") throw malformed("Subscript");
    if (!this.#startsValue() || operator === "=") throw this.#syntax();
    this.#signed(depth + 1);
    if ("<>!".includes(operator)) throw malformed("Compare");
    const isSum = operator === "+" || operator === "-";
    throw malformed(isSum && !isRealNumber(left) ? kindOf(left) : "BinOp");
  }

  #signed(depth: number): unknown {
    const sign = this.#text[this.#at];
    if (sign !== "-" && sign !== "+") return this.#atom(depth);
    this.#at += 1;
    this.#space();
    if (/^[-+]/.test(this.#text.slice(this.#at, this.#at + 1))) {
      this.#signed(depth + 1);
      throw malformed("UnaryOp");
    }
    const value = this.#atom(depth + 1);
    if (!isRealNumber(value)) throw malformed(kindOf(value));
    return sign === "-" ? negate(value) : positive(value);
  }

  #atom(depth: number): unknown {
    const char = this.#text[this.#at];
    if (char === undefined) throw this.#brackets.length > 0 ? this.#neverClosed() : this.#syntax();
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
    const word = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(this.#text.slice(this.#at))?.[0];
    if (word === undefined) throw this.#syntax();
    this.#at += word.length;
    this.#space();
    if (word === "None") return null;
    if (word === "True" || word === "False") return word === "True";
    if (word === "set" && this.#emptyCall()) return new PySet();
    throw this.#notLiteral(word);
  }

  /** Steps over `()`. */
  #emptyCall(): boolean {
    const call = /^\(\s*\)/.exec(this.#text.slice(this.#at))?.[0];
    if (call === undefined) return false;
    this.#at += call.length;
    this.#space();
    return true;
  }

  #notLiteral(word: string): PythonError {
    if (word === "not") return malformed("UnaryOp");
    if (word === "lambda") return malformed("Lambda");
    if (keywords.has(word) || this.#startsName()) return this.#syntax();
    const next = this.#text[this.#at];
    if (next === "(") return malformed("Call");
    return malformed(next === "." ? "Attribute" : next === "[" ? "Subscript" : "Name");
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
    if (digits.length > 4300) throw this.#syntax("the number is too long");
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
    const text = readString(this.#text, this.#at);
    this.#at = text.end;
    return text.value;
  }

  #enter(): void {
    this.#brackets.push(this.#text[this.#at] ?? "");
    this.#at += 1;
    this.#space();
  }

  #neverClosed(): PythonError {
    return this.#syntax(`'${this.#brackets.at(-1) ?? "("}' was never closed`);
  }

  #leave(close: string): void {
    if (this.#text[this.#at] !== close) {
      if (this.#at >= this.#text.length) throw this.#neverClosed();
      throw this.#syntax("invalid syntax. Perhaps you forgot a comma?");
    }
    this.#brackets.pop();
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
      if (!this.#startsValue()) {
        throw this.#syntax("expression expected after dictionary key and ':'");
      }
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
