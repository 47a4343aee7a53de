/** JSONPath as jsonpath-rw reads it: fields, indexes, slices, `..`, `|`, `where`, `` `parent` ``. `|` binds tighter than the dot there. */
import { dictEntries, dictGet, dictHas, isDict, PyTuple } from "./python/collections.ts";
import { typeName } from "./python/compare.ts";
import { PythonError, typeError } from "./python/errors.ts";
import { pyRepr } from "./python/text.ts";

interface Token {
  readonly kind: "ID" | "NUMBER" | "NAMED_OPERATOR" | "DOUBLEDOT" | "WHERE" | "literal";
  readonly text: string;
  readonly at: number;
}

/** A value and what it was found in, so that `parent` and `$` can go back. */
interface Datum {
  readonly value: unknown;
  readonly context: Datum | undefined;
}

type Find = (datum: Datum) => readonly Datum[];

export type JsonPath = (document: unknown) => unknown[];

const skipped = /[ \t\r]+/y;
const word = /[a-zA-Z_@][a-zA-Z0-9_@-]*/y;
const number = /-?\d+/y;

function lexerError(message: string): PythonError {
  return new PythonError("JsonPathLexerError", message);
}

function quotedEnd(text: string, at: number): [string, number] {
  const quote = text[at];
  let value = "";
  for (let next = at + 1; next < text.length; next += 1) {
    const char = text[next] ?? "";
    if (char === quote) return [value, next + 1];
    if (char === "\\" && quote !== "`") {
      next += 1;
      value += text[next] ?? "";
    } else value += char;
  }
  const names: Record<string, string> = {
    "'": "singlequote",
    '"': "doublequote",
    "`": "backquote",
  };
  throw lexerError(`Unexpected EOF in string literal or identifier (${names[quote ?? ""] ?? ""})`);
}

function sticky(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const token = nextToken(text, at);
    if (token === undefined) at += sticky(skipped, text, at)?.length ?? 1;
    else {
      tokens.push(token[0]);
      at = token[1];
    }
  }
  return tokens;
}

/** The token at this place and where the next begins; undefined for white space. */
function nextToken(text: string, at: number): readonly [Token, number] | undefined {
  const char = text[at] ?? "";
  if (" \t\r\n".includes(char)) return undefined;
  if (text.startsWith("..", at)) return [{ kind: "DOUBLEDOT", text: "..", at }, at + 2];
  if ("*.[]()$,:|&".includes(char)) return [{ kind: "literal", text: char, at }, at + 1];
  if (char === "'" || char === '"' || char === "`") {
    const [value, end] = quotedEnd(text, at);
    return [{ kind: char === "`" ? "NAMED_OPERATOR" : "ID", text: value, at }, end];
  }
  const name = sticky(word, text, at);
  if (name !== undefined) {
    return [{ kind: name === "where" ? "WHERE" : "ID", text: name, at }, at + name.length];
  }
  const digits = sticky(number, text, at);
  if (digits !== undefined) return [{ kind: "NUMBER", text: digits, at }, at + digits.length];
  throw lexerError(`Error on line 1, col ${at}: Unexpected character: ${char} `);
}

function child(datum: Datum, value: unknown): Datum {
  return { value, context: datum };
}

const self: Find = (datum) => [datum];

const root: Find = (datum) => {
  let top = datum;
  while (top.context !== undefined) top = top.context;
  return [top];
};

const parent: Find = (datum) => (datum.context === undefined ? [] : [datum.context]);

function fields(names: readonly string[]): Find {
  return ({ value, ...rest }) => {
    const datum = { value, ...rest };
    if (!isDict(value)) return [];
    if (names.includes("*")) return dictEntries(value).map(([, item]) => child(datum, item));
    return names
      .filter((name) => dictHas(value, name))
      .map((name) => child(datum, dictGet(value, name)));
  };
}

function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return value.items;
  if (typeof value === "string") return Array.from(value);
  throw typeError(`object of type '${typeName(value)}' has no len()`);
}

function index(at: number): Find {
  return (datum) => {
    if (isDict(datum.value)) return indexOfDict(datum, at);
    const all = items(datum.value);
    if (all.length <= at) return [];
    if (at < -all.length)
      throw new PythonError("IndexError", `${typeName(datum.value)} index out of range`);
    return [child(datum, all.at(at))];
  };
}

function indexOfDict(datum: Datum, at: number): readonly Datum[] {
  if (!isDict(datum.value) || dictEntries(datum.value).length <= at) return [];
  if (!dictHas(datum.value, at)) throw new PythonError("KeyError", pyRepr(at));
  return [child(datum, dictGet(datum.value, at))];
}

interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly step: number | undefined;
}

/** The indexes a slice of Python selects from a sequence. Throws ValueError for step 0. */
export function sliceIndexes(length: number, range: Slice): number[] {
  const step = range.step ?? 1;
  if (step === 0) throw new PythonError("ValueError", "slice step cannot be zero");
  const low = step < 0 ? -1 : 0;
  const high = step < 0 ? length - 1 : length;
  const clamp = (at: number): number => Math.min(Math.max(at < 0 ? at + length : at, low), high);
  const from = range.from === undefined ? (step < 0 ? high : low) : clamp(range.from);
  const to = range.to === undefined ? (step < 0 ? low : high) : clamp(range.to);
  const indexes: number[] = [];
  for (let at = from; step < 0 ? at > to : at < to; at += step) indexes.push(at);
  return indexes;
}

function slice(range: Slice): Find {
  return (datum) => {
    const { value } = datum;
    const scalar =
      typeof value === "string" || typeof value === "boolean" || typeName(value) === "int";
    const all = isDict(value) || scalar ? [value] : items(value);
    return sliceIndexes(all.length, range).map((at) => child(datum, all[at]));
  };
}

function join(left: Find, right: Find): Find {
  return (datum) => left(datum).flatMap(right);
}

function descend(right: Find): Find {
  const search: Find = (datum) => {
    const found = [...right(datum)];
    if (Array.isArray(datum.value)) {
      for (const item of datum.value) found.push(...search(child(datum, item)));
    } else if (isDict(datum.value)) {
      for (const [, item] of dictEntries(datum.value)) found.push(...search(child(datum, item)));
    }
    return found;
  };
  return search;
}

const infix: Readonly<
  Record<string, { readonly rank: number; readonly join: (left: Find, right: Find) => Find }>
> = {
  "..": { rank: 1, join: (left, right) => join(left, descend(right)) },
  ".": { rank: 2, join },
  "|": { rank: 3, join: (left, right) => (datum) => [...left(datum), ...right(datum)] },
  "&": {
    rank: 4,
    join: () => () => {
      throw new PythonError("NotImplementedError", "");
    },
  },
  where: {
    rank: 5,
    join: (left, right) => (datum) => left(datum).filter((found) => right(found).length > 0),
  },
};

class PathParser {
  #at = 0;
  readonly #tokens: readonly Token[];
  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  whole(): Find {
    const find = this.#path(0);
    if (this.#at < this.#tokens.length) throw this.#fail();
    return find;
  }

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  #fail(): PythonError {
    const token = this.#peek();
    if (token === undefined) {
      return new PythonError("AttributeError", "'NoneType' object has no attribute 'lineno'");
    }
    const kind = token.kind === "literal" ? token.text : token.kind;
    return new PythonError(
      "Exception",
      `Parse error at 1:${token.at} near token ${token.text} (${kind})`,
    );
  }

  #take(text: string): boolean {
    const token = this.#peek();
    if (token?.kind !== "literal" || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#fail();
  }

  #path(rank: number): Find {
    let left = this.#postfix();
    for (;;) {
      const token = this.#peek();
      const isOperator = token !== undefined && token.kind !== "ID" && token.kind !== "NUMBER";
      const operator =
        isOperator && Object.hasOwn(infix, token.text) ? infix[token.text] : undefined;
      if (operator === undefined || operator.rank <= rank) return left;
      this.#at += 1;
      left = operator.join(left, this.#path(operator.rank));
    }
  }

  #postfix(): Find {
    let find = this.#primary();
    while (this.#take("[")) find = join(find, this.#bracket());
    return find;
  }

  #primary(): Find {
    if (this.#take("$")) return root;
    if (this.#take("[")) return this.#bracket();
    if (this.#take("(")) {
      const find = this.#path(0);
      this.#expect(")");
      return find;
    }
    const token = this.#peek();
    if (token?.kind === "NAMED_OPERATOR") return this.#named(token);
    return this.#fields();
  }

  #named(token: Token): Find {
    this.#at += 1;
    if (token.text === "this") return self;
    if (token.text === "parent") return parent;
    throw new PythonError("Exception", `Unknown named operator \`${token.text}\` at 1:${token.at}`);
  }

  #fields(): Find {
    const names: string[] = [];
    do {
      const token = this.#peek();
      if (token?.kind !== "ID" && !(token?.kind === "literal" && token.text === "*"))
        throw this.#fail();
      names.push(token.text);
      this.#at += 1;
    } while (this.#take(","));
    return fields(names);
  }

  #bracket(): Find {
    const token = this.#peek();
    if (token?.kind === "ID") {
      const find = this.#fields();
      this.#expect("]");
      return find;
    }
    if (this.#take("*")) {
      this.#expect("]");
      return slice({ from: undefined, to: undefined, step: undefined });
    }
    const from = this.#number();
    if (from !== undefined && this.#take("]")) return index(from);
    this.#expect(":");
    const to = this.#number();
    const step = this.#take(":") ? this.#number() : undefined;
    this.#expect("]");
    return slice({ from, to, step });
  }

  #number(): number | undefined {
    const token = this.#peek();
    if (token?.kind !== "NUMBER") return undefined;
    this.#at += 1;
    return Number(token.text);
  }
}

/**
 * Compiles a path; the answer finds all matches in a document, in order. Throws PythonError with the words of jsonpath-rw
 * (`Parse error at 1:2 near token b (ID)`), when compiling or when a step meets a value it cannot enter.
 */
export function compileJsonPath(path: string): JsonPath {
  const find = new PathParser(path).whole();
  return (document) => find({ value: document, context: undefined }).map((datum) => datum.value);
}
