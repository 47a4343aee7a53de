/** Pieces of the expression parser that read no tokens. */
import type { Argument, Comparison, Expression } from "./nodes.ts";

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);

export function isComparison(text: string): text is Comparison {
  return comparisons.has(text);
}

/** True when the argument may stand after those before it: positional, named, `*`, `**`. */
export function inOrder(before: readonly Argument[], argument: Argument): boolean {
  const has = (...names: readonly string[]): boolean =>
    before.some(({ name }) => name !== undefined && names.includes(name));
  if (argument.name === "*") return !has("*", "**");
  if (argument.name !== undefined) return !has("**");
  return before.every(({ name }) => name === undefined);
}

export function tupleOf(items: readonly Expression[]): Expression {
  return { kind: "tuple", items };
}

/** A name, or the constant that it spells. */
export function nameOrConstant(name: string, at: number): Expression {
  if (name === "true" || name === "True") return { kind: "constant", value: true };
  if (name === "false" || name === "False") return { kind: "constant", value: false };
  if (name === "none" || name === "None") return { kind: "constant", value: null };
  return { kind: "name", name, at };
}
