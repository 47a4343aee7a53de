/** Arithmetic, comparison of numbers, bits. */
import { arithmetic, negate, type Operator, positive } from "../../python/arithmetic.ts";
import { pyCompare } from "../../python/compare.ts";
import { Float } from "../../python/values.ts";
import { typeError, valueError } from "../faults.ts";
import { compares } from "../names.ts";
import type { Run } from "../run.ts";
import { func, optional, required } from "../signature.ts";
import * as type from "../types.ts";
import { isInteger, isNumber } from "../values.ts";
import { floatOf, integerOf, rounded } from "./numbers.ts";

const numbers = [required("left", type.number), required("right", type.number)] as const;
const ints = [required("left", type.int), required("right", type.int)] as const;
const shift = [required("value", type.int), required("bitsNumber", type.int)] as const;
const hugeInteger = 1n << 100_000n;

/** Counts the size of a large integer against the bounds. */
export function checked(value: unknown, run: Run): unknown {
  if (typeof value !== "bigint") return value;
  if (value > hugeInteger || value < -hugeInteger) run.produce(Infinity);
  run.produce(value.toString(16).length);
  return value;
}

function binary(name: string, operator: Operator) {
  return func(`#operator_${name}`, numbers, ({ scope }, left, right) =>
    checked(arithmetic(operator, left, right), scope.run),
  );
}

function comparison(operator: "<" | "<=" | ">" | ">=") {
  return func(`#operator_${operator}`, numbers, (_, left, right) =>
    pyCompare(operator, left, right),
  );
}

function bits(name: string, combine: (left: bigint, right: bigint) => bigint) {
  return func(name, ints, (_, left, right) => integerOf(combine(BigInt(left), BigInt(right))));
}

export const mathFunctions = [
  binary("+", "+"),
  binary("-", "-"),
  binary("*", "*"),
  func("#operator_/", numbers, ({ scope }, left, right) =>
    checked(arithmetic(isInteger(left) && isInteger(right) ? "//" : "/", left, right), scope.run),
  ),
  binary("mod", "%"),
  func("#unary_operator_+", [required("op", type.number)], (_, op) => positive(op)),
  func("#unary_operator_-", [required("op", type.number)], (_, op) => negate(op)),
  func("abs", [required("op", type.number)], (_, op) =>
    Object.is(Number(op), -0) || Number(op) < 0 ? negate(op) : op,
  ),
  comparison("<"),
  comparison("<="),
  comparison(">"),
  comparison(">="),
  func("int", [required("value", type.anything)], (_, value) => integerOf(value)),
  func("float", [required("value", type.anything)], (_, value) => floatOf(value)),
  func("random", [], ({ scope }) => scope.run.random()),
  func(
    "random",
    [required("from", type.anything), required("to", type.anything)],
    ({ scope }, from, to) => randomInteger(from, to, scope.run),
  ),
  bits("bitwiseAnd", (left, right) => left & right),
  bits("bitwiseOr", (left, right) => left | right),
  bits("bitwiseXor", (left, right) => left ^ right),
  func("bitwiseNot", [required("arg", type.int)], (_, arg) => integerOf(~BigInt(arg))),
  func("shiftBitsRight", shift, (_, value, count) => integerOf(BigInt(value) >> shiftCount(count))),
  func("shiftBitsLeft", shift, ({ scope }, value, count) => {
    const by = shiftCount(count);
    if (by > 100_000n && BigInt(value) !== 0n) scope.run.produce(Infinity);
    return checked(integerOf(BigInt(value) << by), scope.run);
  }),
  func("max", [required("a", type.anything), required("b", type.anything)], ({ scope }, a, b) =>
    compares(scope, ">", b, a) ? b : a,
  ),
  func("min", [required("a", type.anything), required("b", type.anything)], ({ scope }, a, b) =>
    compares(scope, ">", b, a) ? a : b,
  ),
  func(
    "pow",
    [
      required("a", type.number),
      required("b", type.number),
      optional("c", type.nullable(type.number), null),
    ],
    ({ scope }, a, b, c) =>
      c === null ? checked(arithmetic("**", a, b), scope.run) : modularPower(a, b, c),
  ),
  func("sign", [required("num", type.number)], (_, num) => Math.sign(Number(num)) + 0),
  func(
    "round",
    [required("number", type.number), optional("ndigits", type.nullable(type.int), 0)],
    (_, value, digits) =>
      digits === null ? integerOf(rounded(value, 0)) : rounded(value, Number(digits)),
  ),
  func("isInteger", [required("value", type.anything)], (_, value) => isInteger(value)),
  func("isNumber", [required("value", type.anything)], (_, value) => isNumber(value)),
];

function shiftCount(count: number | bigint | boolean): bigint {
  if (Number(count) < 0) throw valueError("negative shift count");
  return BigInt(count);
}

function randomInteger(from: unknown, to: unknown, run: Run): number | bigint {
  for (const limit of [from, to]) {
    if (limit instanceof Float || !(isInteger(limit) || typeof limit === "boolean")) {
      throw typeError(`unsupported operand type(s) for random()`);
    }
  }
  const [low, high] = [Number(from), Number(to)];
  if (high < low) {
    throw valueError(`empty range for randrange() (${low}, ${high + 1}, ${high + 1 - low})`);
  }
  return low + Math.floor(run.random() * (high - low + 1));
}

/** The number by which `value` makes 1 modulo `m`. Throws ValueError where there is none. */
function inverse(value: bigint, m: bigint): bigint {
  const size = m < 0n ? -m : m;
  let [a, b] = [((value % size) + size) % size, size];
  let [x, y] = [1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  if (a !== 1n && size !== 1n) throw valueError("base is not invertible for the given modulus");
  return x;
}

function modularPower(
  base: number | bigint | Float,
  exponent: number | bigint | Float,
  modulus: number | bigint | Float,
): number | bigint {
  if (!isInteger(base) || !isInteger(exponent) || !isInteger(modulus)) {
    throw typeError("pow() 3rd argument not allowed unless all arguments are integers");
  }
  const m = BigInt(modulus);
  if (m === 0n) throw valueError("pow() 3rd argument cannot be 0");
  let e = BigInt(exponent);
  let b = BigInt(base) % m;
  if (e < 0n) {
    b = inverse(b, m);
    e = -e;
  }
  let result = 1n;
  for (; e > 0n; e >>= 1n) {
    if ((e & 1n) === 1n) result = (result * b) % m;
    b = (b * b) % m;
  }
  return integerOf(((result % m) + m) % m);
}
