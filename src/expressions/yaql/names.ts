/** Finding functions by name. */
import { absent } from "./code.ts";
import { invoke } from "./dispatch.ts";
import type { FunctionDefinition } from "./signature.ts";
import type { Scope } from "./scope.ts";
import { compareText } from "../python/compare.ts";

/** The library by name: layers, nearest first, of overloads. */
export type Library = ReadonlyMap<string, ReadonlyArray<readonly FunctionDefinition[]>>;

/** Calls a function (or, with a receiver, a method) by name. Arguments are code or values. */
export function callNamed(
  scope: Scope,
  name: string,
  args: readonly unknown[],
  receiver: unknown = absent,
): unknown {
  return invoke({ name, scope, receiver, args }, layersOf(scope, name));
}

/** All overloads of a name that are visible in a scope. */
export function layersOf(scope: Scope, name: string): ReadonlyArray<readonly FunctionDefinition[]> {
  // A trailing underscore means nothing in the original: `len_` is `len`.
  const key = name.endsWith("_") ? name.replace(/_+$/, "") : name;
  const known = scope.run.library.get(key) ?? [];
  return scope.run.redefined ? [...scope.functions(key), ...known] : known;
}

/** `left < right` or `left > right`, whatever these operators mean in this scope. */
export function compares(
  scope: Scope,
  operator: "<" | ">",
  left: unknown,
  right: unknown,
): boolean {
  if (!scope.run.redefined) {
    if (typeof left === "number" && typeof right === "number") {
      return operator === "<" ? left < right : left > right;
    }
    if (typeof left === "string" && typeof right === "string") {
      const order = compareText(left, right);
      return operator === "<" ? order < 0 : order > 0;
    }
  }
  return callNamed(scope, `#operator_${operator}`, [left, right]) === true;
}
