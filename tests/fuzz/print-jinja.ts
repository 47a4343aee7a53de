/** Prints Jinja's syntax tree as text that parses to the same tree. */
import type { Argument, Comparison, Expression } from "../../src/expressions/jinja/nodes.ts";
import { floatRepr } from "../../src/expressions/python/text.ts";
import { Float } from "../../src/expressions/python/values.ts";

type Printers = {
  readonly [Kind in Expression["kind"]]: (node: Expression & { kind: Kind }) => string;
};

const printers: Printers = {
  constant: ({ value }) => constant(value),
  name: ({ name }) => name,
  list: ({ items }) => `[${items.map(printJinja).join(", ")}]`,
  tuple: ({ items }) => `(${items.map((item) => `${printJinja(item)}, `).join("")})`,
  dict: ({ entries }) => `{${entries.map(pair).join(", ")}}`,
  attribute: ({ object, name }) => `${inner(object)}.${name}`,
  index: ({ object, index }) => `${inner(object)}[${printJinja(index)}]`,
  slice: ({ parts }) => parts.map((part) => (part === undefined ? "" : printJinja(part))).join(":"),
  call: ({ callee, args }) => `${inner(callee)}(${list(args)})`,
  filter: ({ value, name, args }) =>
    `(${value === undefined ? "" : inner(value)}|${name}(${list(args)}))`,
  test: ({ value, name, args }) => `(${inner(value)} is ${name}(${list(args)}))`,
  binary: infix,
  and: (node) => infix({ ...node, operator: node.kind }),
  or: (node) => infix({ ...node, operator: node.kind }),
  unary: ({ operator, value }) => `(${operator} (${printJinja(value)}))`,
  compare: ({ first, rest }) => `(${[printJinja(first), ...rest.map(comparison)].join(" ")})`,
  concat: ({ items }) => `(${items.map(printJinja).join(" ~ ")})`,
  condition({ value, test, otherwise }) {
    const last = otherwise === undefined ? "" : ` else ${printJinja(otherwise)}`;
    return `(${printJinja(value)} if ${printJinja(test)}${last})`;
  },
};

export function printJinja<Kind extends Expression["kind"]>(
  node: Expression & { kind: Kind },
): string {
  const printer: (node: Expression & { kind: Kind }) => string = printers[node.kind];
  return printer(node);
}

function pair([key, value]: readonly [Expression, Expression]): string {
  return `${printJinja(key)}: ${printJinja(value)}`;
}

interface Infix {
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

function infix({ operator, left, right }: Infix): string {
  return `(${printJinja(left)} ${operator} ${printJinja(right)})`;
}

function comparison([operator, value]: readonly [Comparison, Expression]): string {
  return `${operator === "notin" ? "not in" : operator} ${printJinja(value)}`;
}

/** In front of a dot, a bracket or a bar. */
function inner(node: Expression): string {
  return node.kind === "constant" ? `(${printJinja(node)})` : printJinja(node);
}

function list(args: readonly Argument[]): string {
  return args.map(({ name, value }) => argument(name, printJinja(value))).join(", ");
}

function argument(name: string | undefined, value: string): string {
  if (name === undefined) return value;
  return name.startsWith("*") ? name + value : `${name}=${value}`;
}

function constant(value: unknown): string {
  if (typeof value === "string") {
    return `'${value.replaceAll(/[\\']/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`)}'`;
  }
  if (value instanceof Float) return floatRepr(value.value);
  if (typeof value === "number" && !Number.isInteger(value)) return floatRepr(value);
  if (value === null || value === undefined) return "none";
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}
