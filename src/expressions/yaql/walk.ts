/** Walking collections, each element counted against the bounds. */
import { absent } from "./code.ts";
import { Fault, stopIteration } from "./faults.ts";
import type { Run } from "./run.ts";
import type { Walkable } from "./types.ts";
import {
  itemsOf,
  membersOf,
  viewItems,
  YaqlIterator,
  YaqlList,
  YaqlSet,
  YaqlView,
} from "./values.ts";

/** The elements of anything that can be walked; a generator gives each only once. */
export function* walk(collection: Walkable, run: Run): Generator<unknown, void, undefined> {
  for (const item of elements(collection)) {
    run.step();
    yield item;
  }
}

function elements(collection: Walkable): Iterable<unknown> {
  if (Array.isArray(collection)) return collection;
  if (collection instanceof YaqlList) return collection.items;
  if (collection instanceof YaqlSet) return membersOf(collection);
  if (collection instanceof YaqlView) return viewItems(collection);
  return collection;
}

/** All elements; counted as produced, because a list of them now exists. */
export function collect(collection: Walkable, run: Run): readonly unknown[] {
  if (Array.isArray(collection) || collection instanceof YaqlList) return itemsOf(collection);
  const items: unknown[] = [];
  for (const item of walk(collection, run)) {
    run.produce(1);
    items.push(item);
  }
  return items;
}

/** A generator that Python would print as `<label object at 0x…>`. */
export function generator(label: string, iterable: Iterable<unknown>): YaqlIterator {
  const iterator = iterable[Symbol.iterator]();
  return new YaqlIterator(label, {
    next() {
      const next = iterator.next();
      return next.done === true ? { done: true, value: undefined } : next;
    },
  });
}

/** Folds from the left, as `functools.reduce` does. */
export function reduce(
  collection: Walkable,
  run: Run,
  combine: (left: unknown, right: unknown) => unknown,
  seed: unknown,
): unknown {
  let result = seed;
  for (const item of walk(collection, run)) {
    result = result === absent ? item : combine(result, item);
  }
  if (result === absent) {
    throw new Fault("TypeError", "reduce() of empty iterable with no initial value");
  }
  return result;
}

/** The first element. Throws StopIteration when there is none. */
export function firstOf(collection: Walkable, run: Run, fallback: unknown): unknown {
  for (const item of walk(collection, run)) return item;
  if (fallback === absent) throw stopIteration();
  return fallback;
}

/** The same, built from a generator function. */
export function lazily(
  label: string,
  body: () => Generator<unknown, void, undefined>,
): YaqlIterator {
  return generator(label, body());
}
