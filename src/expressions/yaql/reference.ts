/** Plain references such as `ctx().host.name` and `ctx(host).name`: most expressions are that, so they need no interpreter. */
import type { EvaluationContext } from "../context.ts";
import type { Argument, Node } from "./ast.ts";
import { absent } from "./code.ts";
import { isPlainObject } from "./values.ts";

type Quick = (context: EvaluationContext) => unknown;

/** Reads such a reference, answering `absent` where anything is out of the ordinary; undefined for other expressions. */
export function quickReference(node: Node): Quick | undefined {
  const path = pathOf(node);
  if (path === undefined || path.length === 0) return undefined;
  return ({ variables }) => {
    let value: unknown = variables;
    for (const name of path) {
      if (!isPlainObject(value) || !Object.hasOwn(value, name)) return absent;
      value = value[name];
    }
    return isReady(value) ? value : absent;
  };
}

/** Data that leaves YAQL as it is. */
function isReady(value: unknown): boolean {
  return (
    typeof value !== "object" || value === null || Array.isArray(value) || isPlainObject(value)
  );
}

function pathOf(node: Node): readonly string[] | undefined {
  if (node.kind === "call") return node.name === "ctx" ? startOf(node.args) : undefined;
  if (node.kind !== "binary" || node.operator !== ".") return undefined;
  const before = pathOf(node.left);
  const { right } = node;
  if (before === undefined || right.kind !== "constant" || !right.keyword) return undefined;
  return [...before, String(right.value)];
}

/** The path of `ctx()` or `ctx(name)`. */
function startOf([name, ...others]: readonly Argument[]): readonly string[] | undefined {
  if (name === undefined) return [];
  if (others.length > 0 || name.kind !== "constant" || typeof name.value !== "string")
    return undefined;
  return name.value === "" || name.value.startsWith("__") ? undefined : [name.value];
}
