/** Paths and predicates of JSONata as closures. */
import { isObject } from "../../model/json.ts";
import { Float } from "../python/values.ts";
import { doubt, isNumeric, truthy, unwrap, visit, type Scope } from "./values.ts";

export type Run = (input: unknown, scope: Scope) => unknown;

/** One step of a path. Plain field names are the common case and are looked up without a call. */
export interface Step {
  readonly field: string | undefined;
  readonly run: Run;
  /** A leading variable takes a list as one value; a leading field is looked up in each item. */
  readonly variable: boolean;
}

/** A field by name: of an object, or of each object of a list. */
export function field(input: unknown, name: string, scope: Scope): unknown {
  if (isObject(input)) {
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    return value instanceof Float || typeof value === "bigint" ? Number(value) : value;
  }
  return Array.isArray(input) ? unwrap(fieldOfEach(input, name, scope)) : undefined;
}

function fieldOfEach(list: readonly unknown[], name: string, scope: Scope): unknown[] {
  const found: unknown[] = [];
  visit(scope, list.length);
  for (const item of list) {
    const value = Array.isArray(item) ? fieldOfEach(item, name, scope) : field(item, name, scope);
    if (Array.isArray(value)) {
      for (const each of value) found.push(each);
    } else if (value !== undefined) found.push(value);
  }
  return found;
}

/** A path from the context through each step; lists on the way are flattened by one level, as JSONata does. */
export function path(steps: readonly Step[]): Run {
  const last = steps.length - 1;
  return (input, scope) => {
    let current = input;
    for (let index = 0; index <= last; index += 1) {
      const step = steps[index];
      if (step === undefined) throw doubt;
      if (Array.isArray(current) && !(index === 0 && step.variable)) {
        return overList(steps, index, current, scope);
      }
      current =
        step.field === undefined ? step.run(current, scope) : field(current, step.field, scope);
      if (current === undefined) return undefined;
    }
    return current;
  };
}

function overList(
  steps: readonly Step[],
  from: number,
  list: readonly unknown[],
  scope: Scope,
): unknown {
  let current = list;
  for (const [index, step] of steps.entries()) {
    if (index < from) continue;
    const results = stepOverList(step, current, scope);
    const [only] = results;
    if (index === steps.length - 1 && results.length === 1 && Array.isArray(only)) return only;
    current = flatten(results, scope);
    if (current.length === 0) return undefined;
  }
  return unwrap(current);
}

function stepOverList(step: Step, list: readonly unknown[], scope: Scope): unknown[] {
  visit(scope, list.length);
  const results: unknown[] = [];
  for (const item of list) {
    const value = step.field === undefined ? step.run(item, scope) : field(item, step.field, scope);
    if (value !== undefined) results.push(value);
  }
  return results;
}

function flatten(results: readonly unknown[], scope: Scope): readonly unknown[] {
  if (!results.some((result) => Array.isArray(result))) return results;
  const flat = results.flat(1);
  visit(scope, flat.length);
  return flat;
}

/** `value[3]`: by position; negative counts from the end. */
export function byPosition(run: Run, position: number): Run {
  const index = Math.floor(position);
  return (input, scope) => {
    const value = run(input, scope);
    if (!Array.isArray(value)) return index === 0 || index === -1 ? value : undefined;
    const item: unknown = value[index < 0 ? value.length + index : index];
    // A list inside a list is kept as it is in one place and unwrapped in another.
    if (Array.isArray(item)) throw doubt;
    return item;
  };
}

/** `value[condition]`: the items for which it holds, or those at the positions that it computes. */
export function byCondition(run: Run, predicate: Run): Run {
  return (input, scope) => {
    const value = run(input, scope);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    visit(scope, list.length);
    const kept: unknown[] = [];
    for (const [index, item] of list.entries()) {
      if (Array.isArray(item)) throw doubt;
      const times = matches(predicate(item, scope), index, list.length);
      if (times === 0) continue;
      // The original keeps holes in such a sequence.
      if (item === undefined) throw doubt;
      visit(scope, times);
      for (let time = 0; time < times; time += 1) kept.push(item);
    }
    return unwrap(kept);
  };
}

/** How often the verdict of a predicate picks the item at `index`: positions may name it more than once. */
function matches(verdict: unknown, index: number, length: number): number {
  if (isNumeric(verdict)) return isAt(verdict, index, length) ? 1 : 0;
  if (!Array.isArray(verdict) || !verdict.every((item) => isNumeric(item))) {
    return truthy(verdict) ? 1 : 0;
  }
  return verdict.filter((position: unknown) => isNumeric(position) && isAt(position, index, length))
    .length;
}

function isAt(position: number, index: number, length: number): boolean {
  const floor = Math.floor(position);
  return (floor < 0 ? length + floor : floor) === index;
}
