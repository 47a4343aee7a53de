/** Which names a template reads from its context, as `jinja2.meta.find_undeclared_variables` finds them. */
import type { Environment } from "./environment.ts";
import { globals } from "./globals.ts";
import type { Body, Expression, Parameter, Statement, Target } from "./nodes.ts";

class Scope {
  readonly #names = new Set<string>();
  readonly #parent: Scope | undefined;
  constructor(parent: Scope | undefined, names: readonly string[] = []) {
    this.#parent = parent;
    for (const name of names) this.#names.add(name);
  }
  has(name: string): boolean {
    return this.#names.has(name) || this.#parent?.has(name) === true;
  }
  add(name: string): void {
    this.#names.add(name);
  }
  get own(): ReadonlySet<string> {
    return this.#names;
  }
}

/** Free names in order of appearance, and the first filter or test that nobody knows. */
export interface TemplateNames {
  readonly free: readonly string[];
  readonly unknown: string | undefined;
}

export function templateNames(body: Body, environment: Environment): TemplateNames {
  const walker = new NameWalker(environment);
  walker.body(body, new Scope(undefined));
  return { free: [...walker.free], unknown: walker.unknown };
}

type Block = Extract<Statement, { readonly kind: "setblock" | "filterblock" | "block" | "loader" }>;

const blocks: ReadonlySet<string> = new Set(["setblock", "filterblock", "block", "loader"]);

function isBlock(node: Statement): node is Block {
  return blocks.has(node.kind);
}

function targetNames(target: Target): string[] {
  if (target.kind === "name") return [target.name];
  return target.kind === "tuple" ? target.items.flatMap(targetNames) : [];
}

class NameWalker {
  readonly free = new Set<string>();
  unknown: string | undefined;
  /** Inside of a condition an unknown filter only fails when it is reached. */
  #soft = 0;
  readonly #environment: Environment;
  constructor(environment: Environment) {
    this.#environment = environment;
  }

  body(body: Body, scope: Scope): void {
    for (const statement of body) this.#statement(statement, scope);
  }

  #read(name: string, scope: Scope): void {
    if (!scope.has(name) && !globals.has(name)) this.free.add(name);
  }

  #statement(node: Statement, scope: Scope): void {
    if (isBlock(node)) {
      this.#block(node, scope);
      return;
    }
    switch (node.kind) {
      case "output":
        for (const item of node.items) if (typeof item !== "string") this.#expression(item, scope);
        break;
      case "if":
        this.#if(node, scope);
        break;
      case "for":
        this.#for(node, scope);
        break;
      case "set":
        this.#expression(node.value, scope);
        this.#assign(node.target, scope);
        break;
      case "with":
        this.#with(node, scope);
        break;
      case "macro":
        scope.add(node.name);
        this.#callable(node.parameters, node.body, scope);
        break;
      case "callblock":
        this.#expression(node.call, scope);
        this.#callable(node.parameters, node.body, scope);
        break;
    }
  }

  #block(node: Block, scope: Scope): void {
    if (node.kind === "loader") return;
    this.body(node.body, new Scope(scope));
    if (node.kind === "block") return;
    if (node.filter !== undefined) this.#expression(node.filter, scope);
    if (node.kind === "setblock") this.#assign(node.target, scope);
  }

  #assign(target: Target, scope: Scope): void {
    if (target.kind === "attribute") this.#read(target.namespace, scope);
    for (const name of targetNames(target)) scope.add(name);
  }

  /** A name set in every branch is known afterwards. */
  #if(node: Extract<Statement, { readonly kind: "if" }>, scope: Scope): void {
    this.#soft += 1;
    const bodies = node.branches.map(({ test, body }) => {
      this.#expression(test, scope);
      return body;
    });
    const scopes = [...bodies, node.otherwise].map((body) => {
      const inner = new Scope(scope);
      this.body(body, inner);
      return inner;
    });
    this.#soft -= 1;
    const [first] = scopes;
    for (const name of first?.own ?? []) {
      if (scopes.every((inner) => inner.own.has(name))) scope.add(name);
    }
  }

  #for(node: Extract<Statement, { readonly kind: "for" }>, scope: Scope): void {
    this.#expression(node.iterable, scope);
    const inner = new Scope(scope, [...targetNames(node.target), "loop"]);
    if (node.test !== undefined) this.#expression(node.test, inner);
    this.body(node.body, inner);
    this.body(node.otherwise, new Scope(scope));
  }

  #with(node: Extract<Statement, { readonly kind: "with" }>, scope: Scope): void {
    for (const [, value] of node.bindings) this.#expression(value, scope);
    this.body(
      node.body,
      new Scope(
        scope,
        node.bindings.flatMap(([target]) => targetNames(target)),
      ),
    );
  }

  #callable(parameters: readonly Parameter[], body: Body, scope: Scope): void {
    const names = parameters.map(({ name }) => name);
    const inner = new Scope(scope, [...names, "caller", "varargs", "kwargs"]);
    for (const { fallback } of parameters) {
      if (fallback !== undefined) this.#expression(fallback, inner);
    }
    this.body(body, inner);
  }

  #expression(node: Expression, scope: Scope): void {
    if (node.kind === "name") this.#read(node.name, scope);
    if (node.kind === "filter" || node.kind === "test") this.#check(node);
    if (node.kind === "condition") this.#soft += 1;
    for (const part of parts(node)) this.#expression(part, scope);
    if (node.kind === "condition") this.#soft -= 1;
  }

  #check(node: Extract<Expression, { readonly kind: "filter" | "test" }>): void {
    const known =
      node.kind === "filter"
        ? this.#environment.filter(node.name)
        : this.#environment.test(node.name);
    if (known === undefined && this.#soft === 0) this.unknown ??= node.name;
  }
}

function isExpression(value: unknown): value is Expression {
  return typeof value === "object" && value !== null && "kind" in value;
}

/** The expressions directly inside of one, whatever its kind: in its fields, in lists of them, in arguments. */
function parts(node: object): readonly Expression[] {
  return Object.values(node).flatMap((field: unknown): readonly Expression[] => {
    if (isExpression(field)) return [field];
    return Array.isArray(field) || isArgument(field) ? parts(field) : [];
  });
}

function isArgument(value: unknown): value is object {
  return typeof value === "object" && value !== null && "value" in value && !isExpression(value);
}
