/** Reads whole templates: text, print statements and tags. */
import { stringRepr } from "../python/text.ts";
import { normaliseNewlines } from "./lexer.ts";
import type { Body, Expression, Parameter, Statement, Target } from "./nodes.ts";
import { ExpressionParser } from "./parse-expression.ts";
import { describe, TokenStream } from "./token-stream.ts";

const loaderTags: readonly string[] = ["include", "import", "from", "extends"];
const maxDepth = 100;

/** Parses a template. Throws JinjaSyntaxError with Jinja2's messages. */
export function parseTemplate(text: string): Body {
  const parser = new TemplateParser(new TokenStream(normaliseNewlines(text), false));
  return parser.body(undefined);
}

/** Parses one expression (without delimiters). Throws JinjaSyntaxError. */
export function parseExpression(source: string): Expression {
  const stream = new TokenStream(normaliseNewlines(source), true);
  const value = new ExpressionParser(stream).expression();
  if (!stream.is("eof")) throw stream.error("chunk after expression");
  return value;
}

class TemplateParser {
  readonly #stream: TokenStream;
  readonly #expressions: ExpressionParser;
  readonly #tags: string[] = [];
  readonly #ends: (readonly string[])[] = [];

  constructor(stream: TokenStream) {
    this.#stream = stream;
    this.#expressions = new ExpressionParser(stream);
  }

  /** Statements up to one of the end tags (left as the current token), or to the end of the template. */
  body(ends: readonly string[] | undefined): Body {
    if (this.#ends.length > maxDepth) throw this.#stream.error("the template is nested too deeply");
    if (ends !== undefined) this.#ends.push(ends);
    const statements: Statement[] = [];
    let items: (string | Expression)[] = [];
    const flush = (): void => {
      if (items.length > 0) statements.push({ kind: "output", items });
      items = [];
    };
    while (!this.#stream.is("eof")) {
      if (this.#stream.is("data")) items.push(String(this.#stream.next().value));
      else if (this.#stream.skip("variable_begin")) {
        items.push(this.#expressions.tuple());
        this.#stream.expect("variable_end");
      } else {
        flush();
        this.#stream.expect("block_begin");
        if (ends !== undefined && this.#stream.isName(...ends)) break;
        statements.push(this.#statement());
        this.#stream.expect("block_end");
      }
    }
    flush();
    if (ends !== undefined) this.#ends.pop();
    return statements;
  }

  /** The body of a tag: after its `%}` and up to an end tag, which must come. */
  #inner(...ends: readonly string[]): Body {
    this.#stream.skip(":");
    this.#stream.expect("block_end");
    const body = this.body(ends);
    if (this.#stream.is("eof")) throw this.#unclosed(undefined, [...this.#ends, ends]);
    return body;
  }

  /** The same, and steps over the end tag. */
  #innerDone(end: string): Body {
    const body = this.#inner(end);
    this.#stream.next();
    return body;
  }

  #unclosed(name: string | undefined, ends: readonly (readonly string[])[]): Error {
    const looking = ends.at(-1)?.map(stringRepr).join(" or ");
    const message = [
      name === undefined
        ? "Unexpected end of template."
        : `Encountered unknown tag ${stringRepr(name)}.`,
    ];
    if (looking !== undefined) {
      message.push(
        name !== undefined && ends.some((group) => group.includes(name))
          ? `You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for ${looking}.`
          : `Jinja was looking for the following tags: ${looking}.`,
      );
    }
    const innermost = this.#tags.at(-1);
    if (innermost !== undefined) {
      message.push(`The innermost block that needs to be closed is ${stringRepr(innermost)}.`);
    }
    return this.#stream.error(message.join(" "));
  }

  #statement(): Statement {
    if (!this.#stream.is("name")) throw this.#stream.error("tag name expected");
    const tag = String(this.#stream.current.value);
    const read = this.#readers[tag];
    if (read === undefined || !Object.hasOwn(this.#readers, tag)) {
      throw this.#unclosed(tag, this.#ends);
    }
    this.#tags.push(tag);
    const statement = read();
    this.#tags.pop();
    return statement;
  }

  readonly #readers: Readonly<Record<string, () => Statement>> = {
    for: () => this.#for(),
    if: () => this.#if(),
    set: () => this.#set(),
    macro: () => this.#macro(),
    call: () => this.#callBlock(),
    filter: () => this.#filterBlock(),
    with: () => this.#with(),
    block: () => this.#block(),
    print: () => this.#print(),
    autoescape: () => this.#autoescape(),
    ...Object.fromEntries(loaderTags.map((tag) => [tag, () => this.#loader(tag)])),
  };

  #for(): Statement {
    this.#stream.next();
    const target = this.#target("in");
    this.#stream.expectName("in");
    const iterable = this.#expressions.tuple({ condition: false, stop: "recursive" });
    const test = this.#stream.skipName("if") ? this.#expressions.expression() : undefined;
    const recursive = this.#stream.skipName("recursive");
    const body = this.#inner("endfor", "else");
    const otherwise = this.#stream.next().value === "endfor" ? [] : this.#innerDone("endfor");
    return { kind: "for", target, iterable, test, recursive, body, otherwise };
  }

  #if(): Statement {
    const branches: { test: Expression; body: Body }[] = [];
    for (;;) {
      this.#stream.next();
      const test = this.#expressions.tuple({ condition: false });
      branches.push({ test, body: this.#inner("elif", "else", "endif") });
      if (this.#stream.isName("elif")) continue;
      const otherwise = this.#stream.next().value === "else" ? this.#innerDone("endif") : [];
      return { kind: "if", branches, otherwise };
    }
  }

  #set(): Statement {
    this.#stream.next();
    const target = this.#target(undefined, true);
    if (this.#stream.skip("=")) {
      return { kind: "set", target, value: this.#expressions.tuple() };
    }
    const filter = this.#stream.is("|") ? this.#expressions.filter(undefined) : undefined;
    return { kind: "setblock", target, filter, body: this.#innerDone("endset") };
  }

  /** What `for` and `set` assign to. */
  #target(stop?: string, namespaces = false): Target {
    const items: Target[] = [];
    let commas = false;
    for (;;) {
      if (items.length > 0) this.#stream.expect(",");
      if (this.#targetEnds(stop)) {
        if (items.length > 0) break;
        const got = stringRepr(describe(this.#stream.current));
        throw this.#stream.error(`Expected an expression, got ${got}`);
      }
      items.push(this.#oneTarget(namespaces));
      if (!this.#stream.is(",")) break;
      commas = true;
    }
    const [only] = items;
    return commas || only === undefined ? { kind: "tuple", items } : only;
  }

  #targetEnds(stop: string | undefined): boolean {
    const { type } = this.#stream.current;
    if (type === "block_end" || type === "variable_end" || type === ")" || type === "=")
      return true;
    return stop !== undefined && this.#stream.isName(stop);
  }

  #oneTarget(namespaces: boolean): Target {
    if (this.#stream.skip("(")) {
      const target = this.#target(undefined, namespaces);
      this.#stream.expect(")");
      return target;
    }
    const token = this.#stream.current;
    const value = this.#expressions.primary();
    if (value.kind !== "name") {
      const shown = value.kind === "constant" ? "const" : value.kind;
      throw this.#stream.error(`can't assign to '${shown}'`, token);
    }
    if (namespaces && this.#stream.skip(".")) {
      const name = String(this.#stream.expect("name").value);
      return { kind: "attribute", namespace: value.name, name };
    }
    return { kind: "name", name: value.name };
  }

  #parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    this.#stream.expect("(");
    while (!this.#stream.is(")")) {
      if (parameters.length > 0) this.#stream.expect(",");
      const name = String(this.#stream.expect("name").value);
      const fallback = this.#stream.skip("=") ? this.#expressions.expression() : undefined;
      if (fallback === undefined && parameters.at(-1)?.fallback !== undefined) {
        throw this.#stream.error("non-default argument follows default argument");
      }
      parameters.push({ name, fallback });
    }
    this.#stream.expect(")");
    return parameters;
  }

  #macro(): Statement {
    this.#stream.next();
    const name = String(this.#stream.expect("name").value);
    const parameters = this.#parameters();
    return { kind: "macro", name, parameters, body: this.#innerDone("endmacro") };
  }

  #callBlock(): Statement {
    this.#stream.next();
    const parameters = this.#stream.is("(") ? this.#parameters() : [];
    const token = this.#stream.current;
    const call = this.#expressions.expression();
    if (call.kind !== "call") throw this.#stream.error("expected call", token);
    return { kind: "callblock", call, parameters, body: this.#innerDone("endcall") };
  }

  #filterBlock(): Statement {
    this.#stream.next();
    const filter = this.#expressions.filter(undefined, true);
    return { kind: "filterblock", filter, body: this.#innerDone("endfilter") };
  }

  #with(): Statement {
    this.#stream.next();
    const bindings: [Target, Expression][] = [];
    while (!this.#stream.is("block_end")) {
      if (bindings.length > 0) this.#stream.expect(",");
      const target = this.#target();
      this.#stream.expect("=");
      bindings.push([target, this.#expressions.expression()]);
    }
    return { kind: "with", bindings, body: this.#innerDone("endwith") };
  }

  #block(): Statement {
    this.#stream.next();
    const name = String(this.#stream.expect("name").value);
    this.#stream.skipName("scoped");
    this.#stream.skipName("required");
    if (this.#stream.is("-")) {
      throw this.#stream.error(
        "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.",
      );
    }
    const body = this.#innerDone("endblock");
    this.#stream.skipName(name);
    return { kind: "block", body };
  }

  #print(): Statement {
    this.#stream.next();
    const items: Expression[] = [];
    while (!this.#stream.is("block_end")) {
      if (items.length > 0) this.#stream.expect(",");
      items.push(this.#expressions.expression());
    }
    return { kind: "output", items };
  }

  #autoescape(): Statement {
    this.#stream.next();
    this.#expressions.expression();
    return { kind: "block", body: this.#innerDone("endautoescape") };
  }

  /** Reads past the tag's words; whatever they are, there is nothing to load from. */
  #loader(tag: string): Statement {
    this.#stream.next();
    while (!this.#stream.is("block_end")) {
      if (this.#stream.is("eof")) this.#stream.expect("block_end");
      this.#stream.next();
    }
    return { kind: "loader", tag };
  }
}
