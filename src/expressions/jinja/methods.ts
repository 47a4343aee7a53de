/** Methods of Python's values that a template may call. */
import { isFloat, isInt, toFloat } from "../python/arithmetic.ts";
import { isDict, PyDateTime, PySet, PyTuple } from "../python/collections.ts";
import { typeName } from "../python/compare.ts";
import { typeError } from "../python/errors.ts";
import { dictMethods } from "./methods-dict.ts";
import { listMethods, setMethods, tupleMethods } from "./methods-list.ts";
import { textMethods } from "./methods-text.ts";
import type { MethodTable } from "./method-table.ts";
import { PyFunction } from "./runtime.ts";

function tableOf(value: unknown): MethodTable | undefined {
  if (typeof value === "string") return textMethods;
  if (Array.isArray(value)) return listMethods;
  if (value instanceof PyTuple) return tupleMethods;
  if (value instanceof PySet) return setMethods;
  return isDict(value) ? dictMethods : undefined;
}

/** The bound method or plain attribute of that name; undefined when the value has none. */
export function methodOf(owner: unknown, name: string): unknown {
  const table = tableOf(owner);
  if (table === undefined) return numberAttribute(owner, name) ?? timeAttribute(owner, name);
  const method = table.get(name);
  if (method === undefined) return undefined;
  const type = typeName(owner);
  return new PyFunction((args, keywords, run) => {
    const positional = withKeywords(method.keywords, args, keywords, `${type}.${name}`);
    checkCount(type, name, method.arity, positional.length);
    run.handle(owner);
    return method.run(owner, positional, { run, keywords });
  }, `<built-in method ${name} of ${type} object at 0x>`);
}

/** Puts named arguments where the positional ones would stand. */
function withKeywords(
  names: readonly string[] | "any",
  args: readonly unknown[],
  keywords: ReadonlyMap<string, unknown>,
  shown: string,
): readonly unknown[] {
  if (keywords.size === 0 || names === "any") return args;
  if (names.length === 0) throw typeError(`${shown}() takes no keyword arguments`);
  const values = [...args];
  for (const [keyword, value] of keywords) {
    const at = names.indexOf(keyword);
    if (at === -1) {
      const bare = shown.split(".").at(-1) ?? shown;
      throw typeError(`'${keyword}' is an invalid keyword argument for ${bare}()`);
    }
    while (values.length < at) values.push(undefined);
    values[at] = value;
  }
  return values;
}

function checkCount(
  type: string,
  name: string,
  [least, most]: readonly [number, number],
  given: number,
): void {
  if (given >= least && given <= most) return;
  if (most === 0) throw typeError(`${type}.${name}() takes no arguments (${given} given)`);
  if (least === 1 && most === 1) {
    throw typeError(`${type}.${name}() takes exactly one argument (${given} given)`);
  }
  const [word, count] = given < least ? ["least", least] : ["most", most];
  throw typeError(
    `${name} expected at ${word} ${count} argument${count === 1 ? "" : "s"}, got ${given}`,
  );
}

function constant(value: unknown, name: string): PyFunction {
  return new PyFunction(() => value, `<built-in method ${name}>`);
}

function numberAttribute(owner: unknown, name: string): unknown {
  if (isInt(owner)) return integerAttribute(owner, name);
  if (!isFloat(owner)) return undefined;
  if (name === "real") return owner;
  return name === "is_integer" ? constant(Number.isInteger(toFloat(owner)), name) : undefined;
}

function integerAttribute(owner: number | bigint | boolean, name: string): unknown {
  const value = typeof owner === "boolean" ? Number(owner) : owner;
  switch (name) {
    case "real":
    case "numerator":
      return value;
    case "imag":
      return 0;
    case "denominator":
      return 1;
    case "conjugate":
      return constant(value, name);
    case "bit_length":
      return constant(value < 0 ? bits(-BigInt(value)) : bits(BigInt(value)), name);
    default:
      return undefined;
  }
}

function bits(size: bigint): number {
  return size === 0n ? 0 : size.toString(2).length;
}

function timeAttribute(owner: unknown, name: string): unknown {
  if (!(owner instanceof PyDateTime)) return undefined;
  if (name === "isoformat") return constant(owner.isoformat(), name);
  if (name === "timestamp") return constant(owner.epochSeconds + owner.microsecond / 1e6, name);
  const fields = new Map(Object.entries(owner.fields()));
  return fields.get(name);
}
