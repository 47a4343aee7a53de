/** JSONPath as jsonpath-rw reads it: fields, indexes, slices, `..`, `|`, `where`, `` `parent` ``. `|` binds tighter than the dot there. */
import { PythonError } from "./python/errors.ts";
import {
  descend,
  fields,
  index,
  join,
  parent,
  root,
  self,
  slice,
  type Find,
} from "./jsonpath-steps.ts";
import { tokenize, type Token } from "./jsonpath-tokens.ts";

export type JsonPath = (document: unknown) => unknown[];

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
