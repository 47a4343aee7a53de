/** JSONata's binary operators as closures. */
import type { Run } from "./compile-path.ts";
import { bounded, doubt, equal, isNumeric, JsonataFault, text, truthy, visit } from "./values.ts";

type Operator = (left: Run, right: Run) => Run;

function arithmetic(sign: string, calculate: (left: number, right: number) => number): Operator {
  return (left, right) => (input, scope) => {
    const a = left(input, scope);
    const b = right(input, scope);
    if (a !== undefined && !isNumeric(a)) throw notNumber("T2001", "left", sign);
    if (b !== undefined && !isNumeric(b)) throw notNumber("T2002", "right", sign);
    if (a === undefined || b === undefined) return undefined;
    const result = calculate(a, b);
    if (!Number.isFinite(result)) throw doubt;
    return result;
  };
}

function notNumber(code: string, side: string, sign: string): JsonataFault {
  return new JsonataFault(
    code,
    `The ${side} side of the "${sign}" operator must evaluate to a number`,
  );
}

type Ordered = string | number;

function comparison(sign: string, holds: (left: Ordered, right: Ordered) => boolean): Operator {
  return (left, right) => (input, scope) => {
    const a = left(input, scope);
    const b = right(input, scope);
    if (!comparable(a) || !comparable(b)) {
      throw new JsonataFault(
        "T2010",
        `The expressions either side of operator "${sign}" must evaluate to numeric or string values`,
      );
    }
    if (a === undefined || b === undefined) return undefined;
    if (typeof a === typeof b) return holds(a, b);
    throw new JsonataFault(
      "T2009",
      `The values ${JSON.stringify(a)} and ${JSON.stringify(b)} either side of operator "${sign}" must be of the same data type`,
    );
  };
}

function comparable(value: unknown): value is Ordered | undefined {
  return value === undefined || typeof value === "string" || typeof value === "number";
}

function included(value: unknown, among: unknown): boolean {
  if (value === undefined || among === undefined) return false;
  return Array.isArray(among) ? among.some((item) => item === value) : among === value;
}

/** By sign; the range operator is not here, because a list of numbers is only wanted by functions with callbacks. */
export const operators: Readonly<Record<string, Operator>> = {
  "+": arithmetic("+", (a, b) => a + b),
  "-": arithmetic("-", (a, b) => a - b),
  "*": arithmetic("*", (a, b) => a * b),
  "/": arithmetic("/", (a, b) => a / b),
  "%": arithmetic("%", (a, b) => a % b),
  "<": comparison("<", (a, b) => a < b),
  "<=": comparison("<=", (a, b) => a <= b),
  ">": comparison(">", (a, b) => a > b),
  ">=": comparison(">=", (a, b) => a >= b),
  "=": (left, right) => (input, scope) => {
    const a = left(input, scope);
    const b = right(input, scope);
    return a !== undefined && b !== undefined && equal(a, b);
  },
  "!=": (left, right) => (input, scope) => {
    const a = left(input, scope);
    const b = right(input, scope);
    return a !== undefined && b !== undefined && !equal(a, b);
  },
  in: (left, right) => (input, scope) => {
    const value = left(input, scope);
    const among = right(input, scope);
    visit(scope, Array.isArray(among) ? among.length : 1);
    return included(value, among);
  },
  and: (left, right) => (input, scope) => truthy(left(input, scope)) && truthy(right(input, scope)),
  or: (left, right) => (input, scope) => truthy(left(input, scope)) || truthy(right(input, scope)),
  "&": (left, right) => (input, scope) => {
    const a = left(input, scope);
    const b = right(input, scope);
    return bounded((a === undefined ? "" : text(a)) + (b === undefined ? "" : text(b)));
  },
};
