/** Compiled expressions as they are handed to functions that evaluate their arguments themselves. */
import { MappingRule } from "./values.ts";
import type { Scope } from "./scope.ts";

/** Stands for an argument or a default that is not there. */
export const absent = Symbol("<NoValue>");

export type Evaluate = (scope: Scope, receiver: unknown) => unknown;

/** A compiled expression. */
export class Code {
  readonly kind: "constant" | "keyword" | "call" | "rule" | "other";
  readonly evaluate: Evaluate;
  /** Value of a constant or keyword. */
  readonly value: unknown;
  constructor(kind: Code["kind"], evaluate: Evaluate, value: unknown = null) {
    this.kind = kind;
    this.evaluate = evaluate;
    this.value = value;
  }
  get isConstant(): boolean {
    return this.kind === "constant" || this.kind === "keyword";
  }
}

/** `source => destination` before it is evaluated. */
export class RuleCode extends Code {
  readonly source: Code;
  readonly destination: Code;
  constructor(source: Code, destination: Code) {
    super(
      "rule",
      (scope, receiver) =>
        new MappingRule(source.evaluate(scope, receiver), destination.evaluate(scope, receiver)),
    );
    this.source = source;
    this.destination = destination;
  }
}

/** An argument that the function evaluates itself, as often as it likes, in a scope of its own. */
export class Lambda {
  readonly #body: unknown;
  readonly #scope: Scope;
  constructor(body: unknown, scope: Scope) {
    this.#body = body;
    this.#scope = scope;
  }

  /** Evaluates with `$` (also `$1`), `$2` … set to the arguments. */
  call(...args: readonly unknown[]): unknown {
    return this.apply(args);
  }

  /** The same with arguments by name besides, for functions made by `def`. */
  apply(args: readonly unknown[], named?: ReadonlyMap<string, unknown>): unknown {
    const scope = this.#scope.child();
    for (const [index, arg] of args.entries()) scope.set(String(index + 1), arg);
    for (const [name, value] of named ?? []) scope.set(name, value);
    return this.within(scope);
  }

  /** Evaluates in a scope that is already there. */
  within(scope: Scope): unknown {
    const { run } = scope;
    run.step();
    if (!(this.#body instanceof Code)) return this.#body;
    run.enter();
    try {
      return this.#body.evaluate(scope, absent);
    } finally {
      run.leave();
    }
  }
}
