/** Prints JSONata's syntax tree, of the part of the language that the generator makes. Parentheses are blocks in that tree, so nothing else needs any. */
import { isObject, type JsonObject } from "../../src/model/json.ts";
import { pairs, tree, trees, type Tree } from "../../src/expressions/jsonata/parse.ts";

export function printJsonata(node: Tree): string {
  const group = node["group"];
  return (
    print(node) +
    predicates(node["predicate"]) +
    predicates(node["stages"]) +
    (isObject(group) ? object(group) : "")
  );
}

const printers: Readonly<Record<string, (node: Tree) => string>> = {
  string: literal,
  number: literal,
  value: literal,
  variable: (node) => `$${String(node["value"])}`,
  // A name that was written as a string keeps its predicates and groups in another place.
  name: (node) =>
    node["predicate"] === undefined && node["group"] === undefined
      ? `\`${String(node["value"])}\``
      : literal(node),
  wildcard: () => "*",
  descendant: () => "**",
  sort,
  operator: () => "?",
  path,
  binary: infix,
  bind: infix,
  apply: infix,
  unary,
  function: called,
  partial: called,
  condition,
  block: (node) => `(${trees(node["expressions"]).map(printJsonata).join("; ")})`,
  // The body of a function that ends in a call is put into another one, which nobody wrote.
  lambda: (node) =>
    node["thunk"] === true
      ? both(node, "body")
      : `function(${list(node["arguments"])}){${both(node, "body")}}`,
};

function print(node: Tree): string {
  const printer = printers[node.type];
  if (printer === undefined) throw new Error(`unknown node ${node.type}`);
  return printer(node);
}

function literal(node: Tree): string {
  return JSON.stringify(node["value"]);
}

function infix(node: Tree): string {
  return `${both(node, "lhs")} ${String(node["value"])} ${both(node, "rhs")}`;
}

function called(node: Tree): string {
  return `${both(node, "procedure")}(${list(node["arguments"])})`;
}

function both(node: Tree, side: string): string {
  return printJsonata(tree(node[side]));
}

function list(value: unknown): string {
  return trees(value).map(printJsonata).join(", ");
}

function predicates(value: unknown): string {
  return trees(value)
    .map((filter) => `[${both(filter, "expr")}]`)
    .join("");
}

function path(node: Tree): string {
  const steps = trees(node["steps"]).map((step, index) => {
    const joint = index === 0 || step.type === "sort" ? "" : ".";
    return joint + printJsonata(step);
  });
  return steps.join("");
}

function sort(step: Tree): string {
  const terms: readonly unknown[] = Array.isArray(step["terms"]) ? step["terms"] : [];
  const printed = terms.filter(isObject).map(({ descending, expression }) => {
    const direction = descending === true ? ">" : "<";
    return direction + printJsonata(tree(expression));
  });
  return `^(${printed.join(", ")})`;
}

function unary(node: Tree): string {
  if (node["value"] === "[") return `[${list(node["expressions"])}]`;
  return node["value"] === "{" ? object(node) : `-${both(node, "expression")}`;
}

function object(node: JsonObject): string {
  return `{${pairs(node["lhs"])
    .map(([key, value]) => `${printJsonata(key)}: ${printJsonata(value)}`)
    .join(", ")}}`;
}

function condition(node: Tree): string {
  const otherwise = node["else"] === undefined ? "" : ` : ${both(node, "else")}`;
  return `${both(node, "condition")} ? ${both(node, "then")}${otherwise}`;
}
