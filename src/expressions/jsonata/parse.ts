/** JSONata text to its syntax tree, by the jsonata package, with what is not allowed refused. */
import jsonata from "jsonata";
import { ExpressionError, type VariableReference } from "../context.ts";
import { isObject, type JsonObject } from "../../model/json.ts";

/** A node of the package's syntax tree; shapes differ by `type`, so every field is looked at before use. */
export type Tree = JsonObject & { readonly type: string };

export const longestExpression = 10_240;

/** The package's parser takes time that grows with the square of a path's steps. */
const mostSteps = 1_000;

export function isTree(value: unknown): value is Tree {
  return isObject(value) && typeof value["type"] === "string";
}

/** The nodes of a list field; throws when the field holds anything else, which would be a new kind of tree. */
export function trees(value: unknown): readonly Tree[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) => tree(item));
}

export function tree(value: unknown): Tree {
  if (!isTree(value)) throw new TypeError("jsonata: unexpected shape of a syntax tree");
  return value;
}

/** The key/value pairs of an object constructor. */
export function pairs(value: unknown): ReadonlyArray<readonly [Tree, Tree]> {
  if (!Array.isArray(value)) return [];
  return value.map((pair: unknown) => {
    const [key, item] = trees(pair);
    return [tree(key), tree(item)] as const;
  });
}

/** Parses. Throws ExpressionError with JSONata's message and, where known, the offset of the fault. */
export function parse(source: string): Tree {
  if (source.length > longestExpression) {
    throw fault(
      source,
      "S0000",
      `The expression has ${source.length} characters; at most ${longestExpression} are allowed`,
      0,
    );
  }
  const steps = source.match(/\w\s*\.\s*\w/g)?.length ?? 0;
  if (steps > mostSteps) {
    throw fault(
      source,
      "S0000",
      `The expression has ${steps} steps in paths; at most ${mostSteps} are allowed`,
      0,
    );
  }
  const parsed = readTree(source);
  refuse(parsed, source);
  return parsed;
}

function readTree(source: string): Tree {
  try {
    const parsed = tree(jsonata(source).ast());
    if (isTooDeep(parsed)) throw tooDeep(source);
    return parsed;
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(source);
    if (error instanceof ExpressionError) throw error;
    if (!isObject(error) || typeof error["message"] !== "string") throw error;
    const { code, message, position, token } = error;
    const length = typeof token === "string" && token !== "(end)" ? token.length : 0;
    const offset = typeof position === "number" ? Math.max(0, position - length) : undefined;
    throw fault(source, typeof code === "string" ? code : "S0000", message, offset);
  }
}

/** Levels of a tree; everything that walks it does so by recursion. */
const deepest = 1_000;

function isTooDeep(parsed: Tree): boolean {
  const waiting: Array<{ readonly value: unknown; readonly depth: number }> = [
    { value: parsed, depth: 0 },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, depth } = next;
    if (depth > deepest) return true;
    const below = isTree(value) ? depth + 1 : depth;
    if (typeof value !== "object" || value === null || value instanceof RegExp) continue;
    for (const part of Object.values(value)) waiting.push({ value: part, depth: below });
  }
  return false;
}

function tooDeep(source: string): ExpressionError {
  return fault(source, "S0000", "The expression is nested too deeply", 0);
}

function fault(
  source: string,
  original: string,
  message: string,
  offset: number | undefined,
): ExpressionError {
  return new ExpressionError(message, { language: "jsonata", source, original, offset });
}

// `$eval` would run text that came in with an event.
function refuse(parsed: Tree, source: string): void {
  walk(parsed, (node) => {
    if (node.type !== "variable" || node["value"] !== "eval") return;
    throw fault(source, "S0000", "$eval is not allowed here", offsetOf(node, "$eval".length));
  });
}

/** Visits every node, parents first. */
export function walk(value: unknown, visit: (node: Tree) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (isObject(value) && !(value instanceof RegExp)) {
    if (isTree(value)) visit(value);
    for (const item of Object.values(value)) walk(item, visit);
  }
}

function offsetOf(node: Tree, length: number): number {
  const position = node["position"];
  return typeof position === "number" ? Math.max(0, position - length) : 0;
}

/** The names that the expression reads from its root. Inside paths, filters and functions of its own the context is another one. */
export function rootNames(parsed: Tree): readonly VariableReference[] {
  return rootPaths(parsed).map(({ names: [name = ""], offset }) => ({ name, offset }));
}

export interface RootPath {
  /** The names it begins with, at least one. */
  readonly names: readonly string[];
  readonly offset: number;
}

/** Where the expression goes from its root: `rack.room[floor = 1].site` → rack, room, site. */
export function rootPaths(parsed: Tree): readonly RootPath[] {
  const found: RootPath[] = [];
  collect(parsed, found);
  return found;
}

const sameContext = [
  "lhs",
  "rhs",
  "expression",
  "expressions",
  "arguments",
  "condition",
  "then",
  "else",
];

function collect(value: unknown, found: RootPath[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (isTree(value) && value.type === "path") {
    collectPath(trees(value["steps"]), found);
  } else if (isTree(value) && value.type !== "lambda" && value.type !== "transform") {
    for (const key of sameContext) collect(value[key], found);
  }
}

function collectPath(steps: readonly Tree[], found: RootPath[]): void {
  const [first] = steps;
  const isRoot = first?.type === "variable" && (first["value"] === "$" || first["value"] === "");
  const named = isRoot ? steps.slice(1) : steps;
  const end = named.findIndex(({ type, value }) => type !== "name" || typeof value !== "string");
  const names = named.slice(0, end < 0 ? named.length : end).map(({ value }) => String(value));
  const [head] = named;
  if (head !== undefined && names.length > 0) {
    found.push({ names, offset: offsetOf(head, (names[0] ?? "").length) });
  } else collect(first, found);
}
