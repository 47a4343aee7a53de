/** Queries that give one value, and those that keep a running one. */
import { absent } from "../code.ts";
import { stopIteration, typeError } from "../faults.ts";
import { isEqual } from "../equality.ts";
import { callNamed } from "../names.ts";
import { alias, both, func, method, optional, required } from "../signature.ts";
import * as type from "../types.ts";
import { isTrue } from "../truth.ts";
import { isSequence, itemsOf } from "../values.ts";
import { firstOf, reduce, walk, lazily } from "../walk.ts";
import { isWalkable } from "./collections.ts";

const collection = required("collection", type.iterable);
const predicate = required("predicate", type.lambda);
const selector = required("selector", type.lambda);
const maybe = optional("predicate", type.lambdaOrNone, null);
const anyOrAbsent = type.omissible(type.anything);
const seed = optional("seed", anyOrAbsent, absent);
const initial = optional("initial", anyOrAbsent, absent);
const fallback = optional("default", anyOrAbsent, absent);

const aggregate = method(
  "aggregate",
  [collection, selector, seed],
  ({ scope }, items, combine, from) =>
    reduce(items, scope.run, (left, right) => combine.call(left, right), from),
);

export const foldingFunctions = [
  aggregate,
  alias("reduce", aggregate),
  both("any", [collection, maybe], ({ scope }, items, test) => {
    for (const item of walk(items, scope.run))
      if (test === null || isTrue(test.call(item))) return true;
    return false;
  }),
  both("all", [collection, maybe], ({ scope }, items, test) => {
    for (const item of walk(items, scope.run)) {
      if (!isTrue(test === null ? item : test.call(item))) return false;
    }
    return true;
  }),
  both("len", [required("collection", type.iterator)], ({ scope }, items) =>
    countOf(walk(items, scope.run)),
  ),
  method("count", [collection], ({ scope }, items) => countOf(walk(items, scope.run))),
  ...(["sum", "max", "min"] as const).map((name) =>
    method(name, [collection, initial], ({ scope }, items, from) => {
      const operator = name === "sum" ? "#operator_+" : name;
      return reduce(
        items,
        scope.run,
        (left, right) => callNamed(scope, operator, [left, right]),
        from,
      );
    }),
  ),
  method("first", [collection, fallback], ({ scope }, items, other) =>
    firstOf(items, scope.run, other),
  ),
  method("single", [collection], ({ scope }, items) => {
    const [first = absent, second = absent] = walk(items, scope.run);
    if (first === absent) throw stopIteration();
    if (second !== absent) throw stopIteration("Collection contains more than one item");
    return first;
  }),
  method("last", [collection, fallback], ({ scope }, items, other) => {
    let last: unknown = other;
    for (const item of isSequence(items) ? itemsOf(items).slice(-1) : walk(items, scope.run))
      last = item;
    if (last === absent) throw stopIteration();
    return last;
  }),
  ...(["indexOf", "lastIndexOf"] as const).map((name) =>
    method(name, [collection, required("item", type.anything)], ({ scope }, items, wanted) =>
      position(
        walk(items, scope.run),
        (item) => isEqual(item, wanted, scope.run),
        name === "lastIndexOf",
      ),
    ),
  ),
  ...(["indexWhere", "lastIndexWhere"] as const).map((name) =>
    method(name, [collection, predicate], ({ scope }, items, test) =>
      position(
        walk(items, scope.run),
        (item) => isTrue(test.call(item)),
        name === "lastIndexWhere",
      ),
    ),
  ),
  method("accumulate", [collection, selector, seed], ({ scope }, items, combine, from) =>
    lazily("generator object accumulate", function* () {
      let total: unknown = from;
      if (total !== absent) yield total;
      for (const item of walk(items, scope.run)) {
        total = total === absent ? item : combine.call(total, item);
        yield total;
      }
      if (total === absent) throw typeError("accumulate() of empty sequence with no initial value");
    }),
  ),
  func("isIterable", [required("value", type.anything)], (_, value) => isWalkable(value)),
];

function countOf(items: Iterable<unknown>): number {
  let count = 0;
  for (const item of items) {
    void item;
    count++;
  }
  return count;
}

function position(
  items: Iterable<unknown>,
  matches: (item: unknown) => boolean,
  last: boolean,
): number {
  let found = -1;
  let index = 0;
  for (const item of items) {
    if (matches(item)) {
      if (!last) return index;
      found = index;
    }
    index++;
  }
  return found;
}
