/** Reads expressions. Precedence, loosest first: if-else, or, and, not, comparisons, + -, ~, * / // %, **, unary, postfix and filters. */
import { stringRepr } from "../python/text.ts";
import type { Argument, Comparison, Expression } from "./nodes.ts";
import { inOrder, isComparison, nameOrConstant, tupleOf } from "./parse-pieces.ts";
import { describe } from "./token-stream.ts";
import type { TokenStream } from "./token-stream.ts";

const maxDepth = 200;

type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
const levels: readonly (readonly BinaryOperator[])[] = [["+", "-"], ["*", "/", "//", "%"], ["**"]];

export class ExpressionParser {
  readonly stream: TokenStream;
  #depth = 0;
  constructor(stream: TokenStream) {
    this.stream = stream;
  }

  /** An expression; without `condition`, `if` is left for the surrounding tag. */
  expression(condition = true): Expression {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw this.stream.error("the expression is nested too deeply");
    const value = condition ? this.#condition() : this.#or();
    this.#depth -= 1;
    return value;
  }

  #condition(): Expression {
    let value = this.#or();
    for (;;) {
      const { line } = this.stream.current;
      if (!this.stream.skipName("if")) return value;
      const test = this.#or();
      const otherwise = this.stream.skipName("else") ? this.expression() : undefined;
      value = { kind: "condition", test, value, otherwise, line };
    }
  }

  #or(): Expression {
    let left = this.#and();
    while (this.stream.skipName("or")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.stream.skipName("and")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    let count = 0;
    while (this.stream.skipName("not")) count += 1;
    let value = this.#compare();
    for (; count > 0; count -= 1) value = { kind: "unary", operator: "not", value };
    return value;
  }

  #compare(): Expression {
    const first = this.#math(0);
    const rest: [Comparison, Expression][] = [];
    for (;;) {
      const { type } = this.stream.current;
      const after = this.stream.peek(1);
      if (isComparison(type)) {
        this.stream.next();
        rest.push([type, this.#math(0)]);
      } else if (this.stream.skipName("in")) rest.push(["in", this.#math(0)]);
      else if (this.stream.isName("not") && after.type === "name" && after.value === "in") {
        this.stream.next();
        this.stream.next();
        rest.push(["notin", this.#math(0)]);
      } else return rest.length === 0 ? first : { kind: "compare", first, rest };
    }
  }

  #math(level: number): Expression {
    const below = (): Expression => {
      if (level === 0) return this.#concat();
      return level === 1 ? this.#math(2) : this.#unary(true);
    };
    let left = below();
    for (;;) {
      const operator = levels[level]?.find((candidate) => this.stream.is(candidate));
      if (operator === undefined) return left;
      this.stream.next();
      left = { kind: "binary", operator, left, right: below() };
    }
  }

  #concat(): Expression {
    const first = this.#math(1);
    const items = [first];
    while (this.stream.skip("~")) items.push(this.#math(1));
    return items.length === 1 ? first : { kind: "concat", items };
  }

  #unary(withFilter: boolean): Expression {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw this.stream.error("the expression is nested too deeply");
    let value: Expression;
    if (this.stream.skip("-")) value = { kind: "unary", operator: "-", value: this.#unary(false) };
    else if (this.stream.skip("+")) {
      value = { kind: "unary", operator: "+", value: this.#unary(false) };
    } else value = this.primary();
    value = this.postfix(value);
    if (withFilter) value = this.#filters(value);
    this.#depth -= 1;
    return value;
  }

  primary(): Expression {
    const token = this.stream.current;
    switch (token.type) {
      case "name":
        this.stream.next();
        return nameOrConstant(String(token.value), token.at);
      case "string":
        return this.#strings();
      case "integer":
      case "float":
        this.stream.next();
        return { kind: "constant", value: token.value };
      case "(": {
        this.stream.next();
        const value = this.tuple({ parentheses: true });
        this.stream.expect(")");
        return value;
      }
      case "[":
        this.stream.next();
        return { kind: "list", items: this.#items("]") };
      case "{":
        return this.#dict();
      default:
        throw this.stream.error(`unexpected ${stringRepr(describe(token))}`);
    }
  }

  #strings(): Expression {
    let value = "";
    while (this.stream.is("string")) value += String(this.stream.next().value);
    return { kind: "constant", value };
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.stream.is(end)) {
      if (items.length > 0) this.stream.expect(",");
      if (this.stream.is(end)) break;
      items.push(this.expression());
    }
    this.stream.expect(end);
    return items;
  }

  #dict(): Expression {
    this.stream.next();
    const entries: [Expression, Expression][] = [];
    while (!this.stream.is("}")) {
      if (entries.length > 0) this.stream.expect(",");
      if (this.stream.is("}")) break;
      const key = this.expression();
      this.stream.expect(":");
      entries.push([key, this.expression()]);
    }
    this.stream.expect("}");
    return { kind: "dict", entries };
  }

  /** One expression, or several with commas between: a tuple. */
  tuple(
    how: {
      readonly parentheses?: boolean;
      readonly condition?: boolean;
      readonly stop?: string;
    } = {},
  ): Expression {
    const items: Expression[] = [];
    let commas = false;
    for (;;) {
      if (items.length > 0) this.stream.expect(",");
      if (this.#tupleEnds(how.stop)) break;
      items.push(this.expression(how.condition ?? true));
      if (!this.stream.is(",")) break;
      commas = true;
    }
    if (commas) return { kind: "tuple", items };
    const [only] = items;
    if (only !== undefined) return only;
    if (how.parentheses !== true) {
      const got = stringRepr(describe(this.stream.current));
      throw this.stream.error(`Expected an expression, got ${got}`);
    }
    return { kind: "tuple", items };
  }

  #tupleEnds(stop: string | undefined): boolean {
    const { type } = this.stream.current;
    if (type === "variable_end" || type === "block_end" || type === ")") return true;
    return stop !== undefined && this.stream.isName(stop);
  }

  postfix(start: Expression): Expression {
    let value = start;
    for (;;) {
      if (this.stream.is(".")) value = this.#attribute(value);
      else if (this.stream.is("[")) value = this.#index(value);
      else if (this.stream.is("("))
        value = { kind: "call", callee: value, args: this.callArguments() };
      else return value;
    }
  }

  #attribute(object: Expression): Expression {
    this.stream.next();
    const token = this.stream.next();
    if (token.type === "name") return { kind: "attribute", object, name: String(token.value) };
    if (token.type !== "integer") throw this.stream.error("expected name or number", token);
    return { kind: "index", object, index: { kind: "constant", value: token.value } };
  }

  #index(object: Expression): Expression {
    this.stream.next();
    const items: Expression[] = [];
    while (!this.stream.is("]")) {
      if (items.length > 0) this.stream.expect(",");
      items.push(this.#subscript());
    }
    this.stream.expect("]");
    const [only] = items;
    const index = items.length === 1 && only !== undefined ? only : tupleOf(items);
    return { kind: "index", object, index };
  }

  #subscript(): Expression {
    const bounded = (): Expression | undefined => {
      const { type } = this.stream.current;
      return type === "]" || type === "," || type === ":" ? undefined : this.expression();
    };
    const first = bounded();
    if (!this.stream.is(":")) {
      if (first === undefined) return this.expression();
      return first;
    }
    this.stream.next();
    const second = bounded();
    const third = this.stream.skip(":") ? bounded() : undefined;
    return { kind: "slice", parts: [first, second, third] };
  }

  #filters(start: Expression): Expression {
    let value = start;
    for (;;) {
      if (this.stream.is("|")) value = this.filter(value);
      else if (this.stream.isName("is")) value = this.#test(value);
      else if (this.stream.is("("))
        value = { kind: "call", callee: value, args: this.callArguments() };
      else return value;
    }
  }

  #dottedName(): string {
    let name = String(this.stream.expect("name").value);
    while (this.stream.skip(".")) name += `.${String(this.stream.expect("name").value)}`;
    return name;
  }

  /** One or more `| name(…)`; `inline` for the first of a filter block, which has no bar. */
  filter(start: Expression | undefined, inline = false): Expression {
    let value = start;
    let first = inline;
    while (first || this.stream.is("|")) {
      if (!first) this.stream.next();
      first = false;
      const { at } = this.stream.current;
      const name = this.#dottedName();
      const args = this.stream.is("(") ? this.callArguments() : [];
      value = { kind: "filter", value, name, args, at };
    }
    if (value === undefined) throw this.stream.error("a filter is missing");
    return value;
  }

  #test(value: Expression): Expression {
    this.stream.next();
    const negated = this.stream.skipName("not");
    const { at } = this.stream.current;
    const name = this.#dottedName();
    const node: Expression = { kind: "test", value, name, args: this.#testArguments(), at };
    return negated ? { kind: "unary", operator: "not", value: node } : node;
  }

  #testArguments(): readonly Argument[] {
    if (this.stream.is("(")) return this.callArguments();
    const starts = ["name", "string", "integer", "float", "[", "{"];
    if (!starts.includes(this.stream.current.type)) return [];
    if (this.stream.isName("else", "or", "and")) return [];
    if (this.stream.isName("is"))
      throw this.stream.error("You cannot chain multiple tests with is");
    return [{ name: undefined, value: this.postfix(this.primary()) }];
  }

  callArguments(): Argument[] {
    const open = this.stream.expect("(");
    const args: Argument[] = [];
    while (!this.stream.is(")")) {
      if (args.length > 0) {
        this.stream.expect(",");
        if (this.stream.is(")")) break;
      }
      const argument = this.#argument();
      if (!inOrder(args, argument)) {
        throw this.stream.error("invalid syntax for function call expression", open);
      }
      args.push(argument);
    }
    this.stream.expect(")");
    return args;
  }

  #argument(): Argument {
    if (this.stream.skip("*")) return { name: "*", value: this.expression() };
    if (this.stream.skip("**")) return { name: "**", value: this.expression() };
    if (this.stream.is("name") && this.stream.peek(1).type === "=") {
      const name = String(this.stream.next().value);
      this.stream.next();
      return { name, value: this.expression() };
    }
    return { name: undefined, value: this.expression() };
  }
}
