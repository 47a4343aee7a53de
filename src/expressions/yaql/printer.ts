/** Prints a syntax tree as YAQL; parsing the text gives the same tree again. */
import { floatRepr } from "../python/text.ts";
import { Float } from "../python/values.ts";
import type { Argument, Node } from "./ast.ts";

/** The expression as text. */
export function printYaql(node: Node): string {
  switch (node.kind) {
    case "constant":
      return node.keyword ? String(node.value) : literal(node.value);
    case "variable":
      return node.name;
    case "call":
      return `${node.name}(${args(node.args)})`;
    case "binary":
      return binary(node.operator, printYaql(node.left), printYaql(node.right));
    case "unary":
      return `${node.operator} ${printYaql(node.operand)}`;
    case "index":
      return `${printYaql(node.target)}[${args(node.args)}]`;
    case "list":
      return `[${args(node.args)}]`;
    case "map":
      return `{${args(node.args)}}`;
    case "wrap":
      return `(${printYaql(node.inner)})`;
  }
}

function binary(operator: string, left: string, right: string): string {
  // `1.2` would be a number.
  if (operator === "?.") return `${left}?.${right}`;
  return operator === "." && !/\d$/.test(left)
    ? `${left}.${right}`
    : `${left} ${operator} ${right}`;
}

function args(list: readonly Argument[]): string {
  return list.map(argument).join(", ");
}

function argument(node: Argument): string {
  if (node.kind === "skipped") return "";
  return node.kind === "rule"
    ? `${printYaql(node.source)} => ${printYaql(node.destination)}`
    : printYaql(node);
}

function literal(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (value instanceof Float || (typeof value === "number" && !Number.isInteger(value))) {
    return decimal(Number(value));
  }
  return String(value);
}

/** YAQL has no exponents. */
function decimal(value: number): string {
  const text = floatRepr(value);
  if (!text.includes("e")) return text;
  return Math.abs(value) < 1 ? value.toFixed(100).replace(/0+$/, "") : `${BigInt(value)}.0`;
}

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\'\n\r\t]/g, (character) => escapes[character] ?? character)}'`;
}
