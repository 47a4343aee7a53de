/** Ordering, grouping and joining of collections. */
import { absent, type Lambda } from "../code.ts";
import { isEqual } from "../equality.ts";
import { Fault } from "../faults.ts";
import { compares } from "../names.ts";
import type { Run } from "../run.ts";
import type { Scope } from "../scope.ts";
import { method, optional, required, rest } from "../signature.ts";
import * as type from "../types.ts";
import { isTrue } from "../truth.ts";
import {
  hashKey,
  isIterator,
  isSequence,
  itemsOf,
  YaqlList,
  YaqlMemory,
  YaqlOrdering,
} from "../values.ts";
import { generator, walk } from "../walk.ts";

const collection = required("collection", type.iterable);
const predicate = required("predicate", type.lambda);
const selector = required("selector", type.lambda);
const lambdaOption = (name: string) => optional(name, type.lambdaOrNone, null);

function ordering(scope: Scope, items: type.Walkable): YaqlOrdering {
  return new YaqlOrdering(({ order }) => {
    const all = [...walk(items, scope.run)];
    scope.run.produce(all.length);
    return all.toSorted((left, right) => {
      for (const { select, descending } of order) {
        const result = compared(scope, select(left), select(right));
        if (result !== 0) return descending ? -result : result;
      }
      return 0;
    });
  });
}

function compared(scope: Scope, left: unknown, right: unknown): number {
  scope.run.step();
  if (compares(scope, "<", left, right)) return -1;
  return compares(scope, ">", left, right) ? 1 : 0;
}

function orders(name: string, descending: boolean) {
  return method(name, [collection, selector], ({ scope }, items, select) => {
    const result = ordering(scope, items);
    result.order.push({ select: (item) => select.call(item), descending });
    return result;
  });
}

function orders2(name: string, descending: boolean) {
  return method(name, [required("collection", type.ordering), selector], (_, items, select) => {
    items.order.push({ select: (item) => select.call(item), descending });
    return items;
  });
}

/** Calls the aggregator with the values of a group, or as older YAQL did with [key, values], whichever works first. */
class Aggregator {
  readonly #lambda: Lambda;
  #failure: Fault | undefined;
  #fallbackAllowed = true;
  constructor(lambda: Lambda) {
    this.#lambda = lambda;
  }

  call(key: unknown, values: YaqlList, run: Run): unknown {
    if (this.#failure === undefined) {
      try {
        const result = this.#lambda.call(values);
        if (!looksOld(values, result, run)) this.#fallbackAllowed = false;
        return [key, result];
      } catch (fault) {
        if (!(fault instanceof Fault) || !tolerated.has(fault.original)) throw fault;
        this.#failure = fault;
      }
    }
    const old = this.#fallbackAllowed ? this.#old(key, values) : undefined;
    if (old === undefined) throw this.#failure;
    return old;
  }

  #old(key: unknown, values: YaqlList): unknown {
    try {
      const result = this.#lambda.call([key, values]);
      return isSequence(result) && itemsOf(result).length === 2 ? result : undefined;
    } catch (fault) {
      if (fault instanceof Fault && !fatal.has(fault.original)) return undefined;
      throw fault;
    }
  }
}

const tolerated = new Set([
  "NoMatchingMethodException",
  "NoMatchingFunctionException",
  "IndexError",
]);
const fatal = new Set(["RuntimeError", "MemoryQuotaExceededException", "RecursionError"]);

function looksOld(values: YaqlList, result: unknown, run: Run): boolean {
  if (values.items.length !== 2 || !isSequence(result)) return false;
  const items = itemsOf(result);
  return items.length === 2 && isEqual(items[0], values.items[0], run);
}

function groups(scope: Scope, items: type.Walkable, keyOf: Lambda, valueOf: Lambda | null) {
  const found = new Map<unknown, { readonly key: unknown; readonly values: unknown[] }>();
  for (const item of walk(items, scope.run)) {
    const value = valueOf === null ? item : valueOf.call(item);
    const key = keyOf.call(item);
    const hash = hashKey(key);
    const group = found.get(hash) ?? { key, values: [] };
    found.set(hash, group);
    group.values.push(value);
    scope.run.produce(1);
  }
  return found.values();
}

function* zipped(
  collections: readonly type.Walkable[],
  run: Run,
  padding: unknown,
): Generator<unknown, void, undefined> {
  const iterators = collections.map((items) => walk(items, run));
  while (iterators.length > 0) {
    const row = iterators.map((iterator) => iterator.next());
    const ended = row.filter(({ done }) => done === true).length;
    if (ended === row.length || (ended > 0 && padding === absent)) return;
    run.produce(row.length);
    yield row.map((next) => (next.done === true ? padding : next.value));
  }
}

export const orderingFunctions = [
  orders("orderBy", false),
  orders("orderByDescending", true),
  orders2("thenBy", false),
  orders2("thenByDescending", true),
  method(
    "groupBy",
    [
      collection,
      required("keySelector", type.lambda),
      lambdaOption("valueSelector"),
      lambdaOption("aggregator"),
    ],
    ({ scope }, items, keyOf, ...[valueOf, aggregate]) => {
      const found = groups(scope, items, keyOf, valueOf);
      const aggregator = aggregate === null ? undefined : new Aggregator(aggregate);
      return generator(
        "map object",
        (function* () {
          for (const { key, values } of found) {
            const list = new YaqlList(values);
            yield aggregator === undefined ? [key, list] : aggregator.call(key, list, scope.run);
          }
        })(),
      );
    },
  ),
  method("zip", [rest("collections", type.iterable)], ({ scope }, collections) =>
    generator("zip object", zipped(collections, scope.run, absent)),
  ),
  method(
    "zipLongest",
    [rest("collections", type.iterable)],
    ({ scope, named }, collections) =>
      generator(
        "itertools.zip_longest object",
        zipped(collections, scope.run, named.get("default") ?? null),
      ),
    { anyNamed: true },
  ),
  method(
    "join",
    [
      required("collection1", type.iterable),
      required("collection2", type.iterable),
      predicate,
      selector,
    ],
    ({ scope }, left, right, ...[test, select]) => {
      const others = isIterator(right) ? new YaqlMemory(walk(right, scope.run)) : right;
      return generator(
        "generator object join",
        (function* () {
          for (const one of walk(left, scope.run)) {
            for (const other of walk(others, scope.run)) {
              if (isTrue(test.call(one, other))) yield select.call(one, other);
            }
          }
        })(),
      );
    },
  ),
];
