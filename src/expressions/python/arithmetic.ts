/** Python's operators on its values: int and float stay apart, ints never overflow, texts and lists can be joined and repeated. */
import { bounds } from "../context.ts";
import { PyDateTime, PySet, PyTimeDelta, PyTuple } from "./collections.ts";
import { typeName } from "./compare.ts";
import { PythonError, typeError } from "./errors.ts";
import { float, Float } from "./values.ts";

export type Operator = "+" | "-" | "*" | "/" | "//" | "%" | "**";

/** An int from a bigint: a number wherever that is exact. */
export function int(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/** True for int and bool (which is an int in Python). */
export function isInt(value: unknown): value is number | bigint | boolean {
  if (typeof value === "number") return Number.isInteger(value);
  return typeof value === "bigint" || typeof value === "boolean";
}

export function isFloat(value: unknown): value is number | Float {
  return value instanceof Float || (typeof value === "number" && !Number.isInteger(value));
}

export function isNumber(value: unknown): value is number | bigint | boolean | Float {
  return isInt(value) || isFloat(value);
}

/** The float nearest to a number of Python. Throws OverflowError where Python does. */
export function toFloat(value: number | bigint | boolean | Float): number {
  const number = Number(value instanceof Float ? value.value : value);
  if (typeof value === "bigint" && !Number.isFinite(number)) {
    throw new PythonError("OverflowError", "int too large to convert to float");
  }
  return number;
}

function toBigInt(value: number | bigint | boolean): bigint {
  return BigInt(value);
}

/** Applies an operator. Throws PythonError (TypeError, ZeroDivisionError, OverflowError, MemoryError) in Python's words. */
export function arithmetic(operator: Operator, left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") {
    const quick = quickInteger(operator, left, right);
    if (quick !== undefined) return quick;
  }
  if (isNumber(left) && isNumber(right)) {
    if (isInt(left) && isInt(right)) return integers(operator, left, right);
    return floats(operator, toFloat(left), toFloat(right));
  }
  const joined = otherTypes(operator, left, right);
  if (joined !== undefined) return joined;
  throw unsupported(operator, left, right);
}

function unsupported(operator: Operator, left: unknown, right: unknown): PythonError {
  const shown = operator === "**" ? "** or pow()" : operator;
  if (operator === "+" && typeof left === "string") {
    return typeError(`can only concatenate str (not "${typeName(right)}") to str`);
  }
  if (operator === "+" && Array.isArray(left)) {
    return typeError(`can only concatenate list (not "${typeName(right)}") to list`);
  }
  if (operator === "+" && left instanceof PyTuple) {
    return typeError(`can only concatenate tuple (not "${typeName(right)}") to tuple`);
  }
  if (operator === "*" && (isSequence(left) || isSequence(right))) {
    const other = isSequence(left) ? right : left;
    return typeError(`can't multiply sequence by non-int of type '${typeName(other)}'`);
  }
  return typeError(
    `unsupported operand type(s) for ${shown}: '${typeName(left)}' and '${typeName(right)}'`,
  );
}

function isSequence(value: unknown): boolean {
  return typeof value === "string" || Array.isArray(value) || value instanceof PyTuple;
}

/** The common case: two small ints whose result is a safe int. */
function quickInteger(operator: Operator, left: number, right: number): number | undefined {
  if (!Number.isInteger(left) || !Number.isInteger(right)) return undefined;
  let result: number | undefined;
  if (operator === "+") result = left + right;
  else if (operator === "-") result = left - right;
  else if (operator === "*") result = left * right;
  return result !== undefined && Number.isSafeInteger(result) ? result + 0 : undefined;
}

const zeroDivision: Partial<Record<Operator, string>> = {
  "/": "division by zero",
  "//": "integer division or modulo by zero",
  "%": "integer modulo by zero",
};

function integers(
  operator: Operator,
  left: number | bigint | boolean,
  right: number | bigint | boolean,
): unknown {
  const a = bounded(toBigInt(left));
  const b = bounded(toBigInt(right));
  const fault = zeroDivision[operator];
  if (fault !== undefined && b === 0n) throw new PythonError("ZeroDivisionError", fault);
  switch (operator) {
    case "+":
      return int(a + b);
    case "-":
      return int(a - b);
    case "*":
      return int(a * b);
    case "/":
      return float(divideIntegers(a, b));
    case "//":
      return int(floorDivide(a, b));
    case "%":
      return int(a - floorDivide(a, b) * b);
    case "**":
      return integerPower(a, b);
  }
}

const ordinary = 2n ** 1024n;

/** The int itself. Throws MemoryError when it has more bits than one evaluation may hold. */
function bounded(value: bigint): bigint {
  if (value < ordinary && value > -ordinary) return value;
  if (value.toString(16).length * 4 > bounds.output) {
    throw new PythonError("MemoryError", "the number is too large to compute with");
  }
  return value;
}

function divideIntegers(a: bigint, b: bigint): number {
  const exact = BigInt(Number.MAX_SAFE_INTEGER);
  const top = a < 0n ? -a : a;
  const bottom = b < 0n ? -b : b;
  if (top <= exact && bottom <= exact) return Number(a) / Number(b);
  // 64 significant bits and one that says whether anything is left: Number() then rounds as the exact quotient would.
  const shift = BigInt(Math.max(0, 66 + bottom.toString(2).length - top.toString(2).length));
  const scaled = top << shift;
  const sticky = scaled % bottom === 0n ? 0n : 1n;
  const quotient = Number((scaled / bottom) * 2n + sticky) / 2 ** (Number(shift) + 1);
  if (Number.isFinite(quotient)) return a < 0n === b < 0n ? quotient : -quotient;
  throw new PythonError("OverflowError", "integer division result too large for a float");
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function integerPower(base: bigint, exponent: bigint): unknown {
  if (exponent < 0n) return floats("**", toFloat(int(base)), toFloat(int(exponent)));
  const bits = BigInt(base.toString(2).length);
  if (bits * exponent > BigInt(bounds.output)) {
    throw new PythonError("MemoryError", "the power is too large to compute");
  }
  return int(base ** exponent);
}

function floats(operator: Operator, a: number, b: number): unknown {
  switch (operator) {
    case "+":
      return float(a + b);
    case "-":
      return float(a - b);
    case "*":
      return float(a * b);
    case "/":
      if (b === 0) throw new PythonError("ZeroDivisionError", "float division by zero");
      return float(a / b);
    case "//":
      if (b === 0) throw new PythonError("ZeroDivisionError", "float floor division by zero");
      return float(floorFloat(a, b));
    case "%":
      if (b === 0) throw new PythonError("ZeroDivisionError", "float modulo");
      return float(floatModulo(a, b));
    case "**":
      return float(floatPower(a, b));
  }
}

/** Sign of the divisor, as Python's. */
export function floatModulo(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return b < 0 ? -0 : 0;
  return rest < 0 === b < 0 ? rest : rest + b;
}

function floorFloat(a: number, b: number): number {
  const quotient = (a - floatModulo(a, b)) / b;
  return Number.isFinite(quotient) ? Math.round(quotient) : quotient;
}

function floatPower(a: number, b: number): number {
  if (a === 0 && b < 0) {
    throw new PythonError("ZeroDivisionError", "0.0 cannot be raised to a negative power");
  }
  if (a < 0 && Number.isFinite(a) && !Number.isInteger(b)) {
    throw new PythonError("ValueError", "complex numbers are not supported");
  }
  const result = a ** b;
  if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b)) {
    throw new PythonError("OverflowError", "(34, 'Numerical result out of range')");
  }
  return result;
}

function otherTypes(operator: Operator, left: unknown, right: unknown): unknown {
  if (operator === "+") return concatenation(left, right) ?? timePlus(left, right);
  if (operator === "*") {
    if (isInt(right)) return repetition(left, Number(right));
    return isInt(left) ? repetition(right, Number(left)) : undefined;
  }
  if (operator === "-") return difference(left, right);
  return undefined;
}

function concatenation(left: unknown, right: unknown): unknown {
  if (typeof left === "string" && typeof right === "string") {
    return checkSize(left.length + right.length) && left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    checkSize(left.length + right.length);
    return [...(left as readonly unknown[]), ...(right as readonly unknown[])];
  }
  if (left instanceof PyTuple && right instanceof PyTuple) {
    return new PyTuple([...left.items, ...right.items]);
  }
  return undefined;
}

function repetition(value: unknown, count: number): unknown {
  const times = Math.max(0, count);
  if (typeof value === "string") {
    checkSize(value.length * times);
    return value.repeat(times);
  }
  if (Array.isArray(value)) return repeatItems(value, times);
  return value instanceof PyTuple ? new PyTuple(repeatItems(value.items, times)) : undefined;
}

function repeatItems(items: readonly unknown[], times: number): unknown[] {
  checkSize(items.length * times);
  return Array.from({ length: times }, () => items).flat(1);
}

/** Throws MemoryError for a text or list beyond the bound of one evaluation; true otherwise. */
export function checkSize(size: number): true {
  if (size <= bounds.output) return true;
  throw new PythonError("MemoryError", `the result would exceed ${bounds.output} elements`);
}

function timePlus(left: unknown, right: unknown): unknown {
  if (left instanceof PyDateTime && right instanceof PyTimeDelta)
    return left.plus(right.microseconds);
  if (left instanceof PyTimeDelta && right instanceof PyDateTime)
    return right.plus(left.microseconds);
  if (left instanceof PyTimeDelta && right instanceof PyTimeDelta) {
    return new PyTimeDelta(left.microseconds + right.microseconds);
  }
  return undefined;
}

function difference(left: unknown, right: unknown): unknown {
  if (left instanceof PySet && right instanceof PySet) {
    return new PySet(left.items().filter((item) => !right.has(item)));
  }
  if (left instanceof PyDateTime && right instanceof PyTimeDelta)
    return left.plus(-right.microseconds);
  if (left instanceof PyTimeDelta && right instanceof PyTimeDelta) {
    return new PyTimeDelta(left.microseconds - right.microseconds);
  }
  if (left instanceof PyDateTime && right instanceof PyDateTime) {
    if ((left.offset === undefined) !== (right.offset === undefined)) {
      throw typeError("can't subtract offset-naive and offset-aware datetimes");
    }
    const seconds = left.epochSeconds - right.epochSeconds;
    return new PyTimeDelta(seconds * 1e6 + left.microsecond - right.microsecond);
  }
  return undefined;
}

/** Python's unary minus. */
export function negate(value: unknown): unknown {
  if (isFloat(value)) return float(-toFloat(value));
  if (isInt(value)) return int(-BigInt(value));
  if (value instanceof PyTimeDelta) return new PyTimeDelta(-value.microseconds);
  throw typeError(`bad operand type for unary -: '${typeName(value)}'`);
}

/** Python's unary plus. */
export function positive(value: unknown): unknown {
  if (isFloat(value)) return value;
  if (isInt(value)) return typeof value === "boolean" ? Number(value) : value;
  throw typeError(`bad operand type for unary +: '${typeName(value)}'`);
}
