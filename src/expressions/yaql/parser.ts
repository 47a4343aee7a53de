/** Parser of YAQL 3.2 without delegates, as Orquesta configures it. A fault names the first token that cannot continue the text. */
import type { Argument, Node } from "./ast.ts";
import { Fault } from "./faults.ts";
import { Lexer, type Token } from "./lexer.ts";
import { plainText } from "./text.ts";

/** Deeper trees are refused: the original's interpreter runs out of stack at about a third of this. */
const maximumDepth = 400;

/** Binding power of binary operators; a higher one binds tighter. */
const binary = new Map<string, number>([
  [".", 10],
  ["?.", 10],
  ["[", 9],
  ["=~", 7],
  ["!~", 7],
  ["*", 6],
  ["/", 6],
  ["mod", 6],
  ["+", 5],
  ["-", 5],
  [">", 4],
  ["<", 4],
  [">=", 4],
  ["<=", 4],
  ["!=", 4],
  ["=", 4],
  ["in", 4],
  ["and", 2],
  ["or", 1],
  ["->", 0],
]);
const unary = new Map<string, number>([
  ["+", 8],
  ["-", 8],
  ["not", 3],
]);
const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Parses one expression. Throws a Fault (YaqlGrammarException, YaqlLexicalException) with its offset. */
export function parseYaql(source: string): Node {
  return new Parser(source).parse();
}

class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  #depth = 0;
  constructor(source: string) {
    this.#lexer = new Lexer(source);
    this.#token = this.#lexer.next();
  }

  parse(): Node {
    const node = this.#expression(-1);
    if (this.#token.kind !== "end") throw this.#unexpected();
    return node;
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }

  #is(text: string): boolean {
    const { kind } = this.#token;
    return (kind === "punctuation" || kind === "operator") && this.#token.text === text;
  }

  #unexpected(): Fault {
    const { kind, text, value, offset } = this.#token;
    if (kind === "end") {
      return new Fault(
        "YaqlGrammarException",
        "Parse error: unexpected end of statement",
        this.#lexer.source.length,
      );
    }
    const shown = ["string", "number", "constant"].includes(kind) ? plainText(value) : text;
    return new Fault(
      "YaqlGrammarException",
      `Parse error: unexpected '${shown}' at position ${offset} of expression '${this.#lexer.source}'`,
      offset,
    );
  }

  #deeper(): void {
    this.#depth++;
    if (this.#depth > maximumDepth) {
      throw new Fault("RecursionError", "maximum recursion depth exceeded", this.#token.offset);
    }
  }

  #expression(power: number): Node {
    const depth = this.#depth;
    this.#deeper();
    let left = this.#operand();
    for (;;) {
      const own = this.#binaryPower();
      if (own === undefined || own < power || (own === power && own !== 0)) break;
      // A chain is a tree as deep as it is long.
      this.#deeper();
      left = this.#continue(left, own);
    }
    this.#depth = depth;
    return left;
  }

  #binaryPower(): number | undefined {
    const { kind, text } = this.#token;
    return kind === "operator" || text === "[" ? binary.get(text) : undefined;
  }

  #continue(left: Node, power: number): Node {
    const operator = this.#advance().text;
    if (operator === "[") return { kind: "index", target: left, args: this.#args("]") };
    return { kind: "binary", operator, left, right: this.#expression(power) };
  }

  #operand(): Node {
    const token = this.#token;
    switch (token.kind) {
      case "string":
      case "number":
      case "constant":
      case "name":
        this.#advance();
        return { kind: "constant", value: token.value, keyword: token.kind === "name" };
      case "dollar":
        this.#advance();
        return { kind: "variable", name: token.text };
      case "function":
        this.#advance();
        return { kind: "call", name: token.text, args: this.#args(")") };
      case "operator":
        return this.#unary(token.text);
      case "punctuation":
        return this.#bracket(token.text);
      case "mapping":
      case "end":
        throw this.#unexpected();
    }
  }

  #unary(operator: string): Node {
    const power = unary.get(operator);
    if (power === undefined) throw this.#unexpected();
    this.#advance();
    return { kind: "unary", operator, operand: this.#expression(power) };
  }

  #bracket(open: string): Node {
    const close = closers[open];
    if (close === undefined) throw this.#unexpected();
    this.#advance();
    if (open === "(") {
      const inner = this.#expression(-1);
      if (!this.#is(close)) throw this.#unexpected();
      this.#advance();
      return { kind: "wrap", inner };
    }
    return { kind: open === "[" ? "list" : "map", args: this.#args(close) };
  }

  /** Arguments up to the closing bracket: positional ones, of which any but the last may be skipped, then rules `a => b`. */
  #args(close: string): readonly Argument[] {
    const args: Argument[] = [];
    let rules = false;
    while (!this.#is(close) || args.length > 0) {
      const skipped = rules ? 0 : this.#skipped(args);
      const ruleAllowed = args.length === 0 || rules || (skipped <= 1 && skipped < args.length);
      const source = this.#expression(-1);
      if (this.#token.kind === "mapping") {
        if (!ruleAllowed) throw this.#unexpected();
        this.#advance();
        args.push({ kind: "rule", source, destination: this.#expression(-1) });
        rules = true;
      } else {
        if (rules) throw this.#unexpected();
        args.push(source);
      }
      if (!this.#is(",")) break;
      this.#advance();
    }
    if (!this.#is(close)) throw this.#unexpected();
    this.#advance();
    return args;
  }

  #skipped(args: Argument[]): number {
    let count = 0;
    while (this.#is(",")) {
      this.#advance();
      args.push({ kind: "skipped" });
      count++;
    }
    return count;
  }
}
