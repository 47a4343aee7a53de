/** JSONata's idea of truth, text, equality and numbers; and the two ways out of a compiled expression. */
import { bounds, type EvaluationContext } from "../context.ts";
import { isObject } from "../../model/json.ts";

/** Thrown when the compiled form cannot be sure to answer as JSONata does: the whole expression is then evaluated by the original. */
export const doubt = new Error("left to the original");

/** An error that JSONata itself would raise. */
export class JsonataFault extends Error {
  override readonly name = "JsonataFault";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What one evaluation carries along. */
export interface Scope {
  readonly root: unknown;
  readonly context: EvaluationContext;
  /** Variables bound so far, by slot. */
  readonly slots: unknown[];
  /** Items visited; beyond `bounds.steps` the work moves to a child with a deadline. */
  steps: number;
}

export function visit(scope: Scope, items: number): void {
  scope.steps += items;
  if (scope.steps > bounds.steps) throw doubt;
}

/** JSONata's `$boolean`; undefined stays undefined. */
export function boolean(value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return value.length > 0;
  if (typeof value === "number") return finite(value) !== 0;
  if (Array.isArray(value)) {
    return value.length === 1 ? boolean(value[0]) : value.some((item) => boolean(item) === true);
  }
  return isObject(value) && Object.keys(value).length > 0;
}

export function truthy(value: unknown): boolean {
  return boolean(value) === true;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw doubt;
  return value;
}

/** True for a number that JSONata calculates with. */
export function isNumeric(value: unknown): value is number {
  return typeof value === "number" && finite(value) === value;
}

/** JSONata's `$string` of a defined value. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return JSON.stringify(rounded(value));
  return bounded(
    JSON.stringify(value, (_key, item: unknown) =>
      typeof item === "number" || typeof item === "bigint" ? rounded(Number(item)) : item,
    ),
  );
}

export function bounded(result: string): string {
  if (result.length > bounds.output) throw doubt;
  return result;
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(finite(value).toPrecision(15));
}

/** JSONata's `=`: deep, for two defined values. */
export function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object") return false;
  if (left === null || right === null) return false;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) throw doubt;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
  );
}

/** A sequence as JSONata hands it on: nothing, the only item, or the list. */
export function unwrap(sequence: readonly unknown[]): unknown {
  if (sequence.length === 0) return undefined;
  return sequence.length === 1 ? sequence[0] : sequence;
}
