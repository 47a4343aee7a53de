import { bind, signature } from "../python/arguments.ts";
import type { Keywords, Signature } from "../python/arguments.ts";
import { PythonError } from "../python/errors.ts";
import { isSoft, need } from "./runtime.ts";
import type { Run } from "./runtime.ts";

export interface FilterCall {
  readonly run: Run;
  /** Arguments beyond the named parameters. */
  readonly rest: readonly unknown[];
  readonly keywords: Keywords;
  readonly environment: Environment;
}

export type FilterBody = (values: readonly unknown[], call: FilterCall) => unknown;

/** A filter or a test: the value is its first parameter. */
export interface Definition {
  readonly signature: Signature;
  /** Takes an undefined value too. */
  readonly lenient: boolean;
  readonly body: FilterBody;
}

export type DefinitionTable = Readonly<Record<string, Definition>>;

/** Defines a filter or test; `python` is the name in messages, `parameters` as in `signature`. */
export function define(python: string, parameters: string, body: FilterBody): Definition {
  return { signature: signature(python, parameters), lenient: false, body };
}

/** The same, for one that may see undefined values. */
export function defineLenient(python: string, parameters: string, body: FilterBody): Definition {
  return { signature: signature(python, parameters), lenient: true, body };
}

/** The arguments; the first one must be there, or is an empty text where the template is lenient. */
function known([first, ...rest]: readonly unknown[]): readonly unknown[] {
  return [isSoft(first) ? "" : need(first), ...rest];
}

/** Filters and tests of one dialect. */
export class Environment {
  readonly #filters: ReadonlyMap<string, Definition>;
  readonly #tests: ReadonlyMap<string, Definition>;
  constructor(filters: ReadonlyMap<string, Definition>, tests: ReadonlyMap<string, Definition>) {
    this.#filters = filters;
    this.#tests = tests;
  }

  filter(name: string): Definition | undefined {
    return this.#filters.get(name);
  }

  test(name: string): Definition | undefined {
    return this.#tests.get(name);
  }

  get filterNames(): readonly string[] {
    return [...this.#filters.keys()];
  }

  /** Calls a filter or test found by its name only now, as `map("upper")` does. */
  callNamed(kind: "filter" | "test", args: readonly unknown[], call: FilterCall): unknown {
    const [name, ...values] = args;
    const text = String(name);
    const found = kind === "filter" ? this.filter(text) : this.test(text);
    if (found === undefined) {
      throw new PythonError("TemplateRuntimeError", `No ${kind} named '${text}'.`);
    }
    return this.apply(found, values, call.keywords, call.run);
  }

  apply(definition: Definition, args: readonly unknown[], keywords: Keywords, run: Run): unknown {
    run.handle(args[0]);
    const bound = bind(definition.signature, definition.lenient ? args : known(args), keywords);
    const { rest, keywords: named } = bound;
    const call = { run, rest, keywords: named, environment: this };
    return run.found(definition.body(bound.values, call));
  }
}
