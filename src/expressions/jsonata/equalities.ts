/** What a JSONata condition demands of plain fields: `a.b = "x"` and `a.b in ["x", "y"]` among the parts joined by `and`. */
import { isTree, trees, type Tree } from "./parse.ts";

/** The condition cannot hold unless the field has one of the values. */
export interface Demand {
  readonly path: readonly string[];
  readonly values: ReadonlyArray<string | number | boolean>;
}

export function demands(condition: Tree): readonly Demand[] {
  if (condition.type === "block") {
    const [only, ...others] = trees(condition["expressions"]);
    return only !== undefined && others.length === 0 && isPlain(condition) ? demands(only) : [];
  }
  if (condition.type !== "binary" || !isPlain(condition)) return [];
  const { value, lhs, rhs } = condition;
  if (!isTree(lhs) || !isTree(rhs)) return [];
  if (value === "and") return [...demands(lhs), ...demands(rhs)];
  if (value === "in") return demand(fieldPath(lhs), constants(rhs));
  if (value !== "=") return [];
  return demand(fieldPath(lhs), constant(rhs)).concat(demand(fieldPath(rhs), constant(lhs)));
}

function demand(path: Demand["path"] | undefined, values: Demand["values"] | undefined): Demand[] {
  return path === undefined || values === undefined ? [] : [{ path, values }];
}

function isPlain(node: Tree): boolean {
  return node["predicate"] === undefined && node["group"] === undefined;
}

function constant(node: Tree): Demand["values"] | undefined {
  if (!isPlain(node) || !["string", "number", "value"].includes(node.type)) return undefined;
  const { value } = node;
  const fits = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return fits ? [value] : undefined;
}

function constants(node: Tree): Demand["values"] | undefined {
  if (node.type !== "unary" || node["value"] !== "[" || !isPlain(node)) return constant(node);
  const values = trees(node["expressions"]).map((item) => constant(item));
  return values.every((value) => value !== undefined) ? values.flat() : undefined;
}

/** The names of a path of plain fields from the root; undefined for anything else. */
function fieldPath(node: Tree): readonly string[] | undefined {
  if (node.type !== "path" || !isPlain(node) || node["keepSingletonArray"] === true)
    return undefined;
  const steps = trees(node["steps"]);
  const [first] = steps;
  const fromRoot = first?.type === "variable" && (first["value"] === "$" || first["value"] === "");
  const names = (fromRoot ? steps.slice(1) : steps).map((step) => fieldName(step));
  if (names.length === 0) return undefined;
  return names.every((name) => name !== undefined) ? names : undefined;
}

const ownKeys = new Set(["type", "value", "position"]);

function fieldName(step: Tree): string | undefined {
  const name = step["value"];
  if (step.type !== "name" || typeof name !== "string") return undefined;
  return Object.keys(step).every((key) => ownKeys.has(key)) ? name : undefined;
}
