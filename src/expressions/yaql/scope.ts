/** Contexts of YAQL: variables and functions defined with `def`, looked up through the parents. */
import type { FunctionDefinition } from "./signature.ts";
import type { Run } from "./run.ts";

export class Scope {
  readonly run: Run;
  readonly parent: Scope | undefined;
  #variables: Map<string, unknown> | undefined;
  #functions: Map<string, FunctionDefinition[]> | undefined;
  constructor(run: Run, parent?: Scope) {
    this.run = run;
    this.parent = parent;
  }

  child(): Scope {
    return new Scope(this.run, this);
  }

  /** Sets a variable; `$` is the same as `$1`. */
  set(name: string, value: unknown): void {
    this.#variables ??= new Map();
    this.#variables.set(normalize(name), value);
  }

  /** The value of a variable, or null. */
  get(name: string): unknown {
    const key = normalize(name);
    const own = this.#variables?.get(key);
    if (own !== undefined) return own;
    for (let scope = this.parent; scope !== undefined; scope = scope.parent) {
      const found = scope.#variables?.get(key);
      if (found !== undefined) return found;
    }
    return null;
  }

  define(definition: FunctionDefinition): void {
    this.run.redefined = true;
    this.#functions ??= new Map();
    const known = this.#functions.get(definition.name) ?? [];
    this.#functions.set(definition.name, [...known, definition]);
  }

  /** Definitions of that name made by `def`, nearest scope first. */
  functions(name: string): ReadonlyArray<readonly FunctionDefinition[]> {
    const layers: FunctionDefinition[][] = [];
    const own = this.#functions?.get(name);
    if (own !== undefined) layers.push(own);
    for (let scope = this.parent; scope !== undefined; scope = scope.parent) {
      const found = scope.#functions?.get(name);
      if (found !== undefined) layers.push(found);
    }
    return layers;
  }
}

function normalize(name: string): string {
  const full = name.startsWith("$") ? name : `$${name}`;
  return full === "$" ? "$1" : full;
}
