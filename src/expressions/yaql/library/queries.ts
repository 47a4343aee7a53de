/** Queries: what filters, maps and folds collections, lazily where the original is lazy. */
import { bounds } from "../../context.ts";
import { absent } from "../code.ts";
import { Fault, stopIteration, typeError } from "../faults.ts";
import { isEqual } from "../equality.ts";
import { callNamed } from "../names.ts";
import { alias, both, func, method, optional, required, rest } from "../signature.ts";
import * as type from "../types.ts";
import { isTrue } from "../truth.ts";
import {
  isIterator,
  isSequence,
  isSet,
  itemsOf,
  membersOf,
  YaqlIterator,
  YaqlMemory,
} from "../values.ts";
import { firstOf, generator, reduce, walk } from "../walk.ts";
import { isWalkable, toTuple } from "./collections.ts";

const collection = required("collection", type.iterable);
const predicate = required("predicate", type.lambda);
const selector = required("selector", type.lambda);
const maybe = optional("predicate", type.lambdaOrNone, null);
const anyOrAbsent = type.omissible(type.anything);
const seed = optional("seed", anyOrAbsent, absent);
const initial = optional("initial", anyOrAbsent, absent);
const fallback = optional("default", anyOrAbsent, absent);

/** A generator built from a generator function. */
function lazily(label: string, body: () => Generator<unknown, void, undefined>): YaqlIterator {
  return generator(label, body());
}

const where = method("where", [collection, predicate], ({ scope }, items, test) =>
  lazily("filter object", function* () {
    for (const item of walk(items, scope.run)) if (isTrue(test.call(item))) yield item;
  }),
);
const select = method("select", [collection, selector], ({ scope }, items, map) =>
  lazily("map object", function* () {
    for (const item of walk(items, scope.run)) yield map.call(item);
  }),
);
const limit = method(
  "limit",
  [collection, required("count", type.int)],
  ({ scope }, items, most) => {
    const count = Number(most);
    if (count < 0) throw sliceFault("Stop argument for islice()");
    return lazily("itertools.islice object", function* () {
      if (count === 0) return;
      let index = 0;
      for (const item of walk(items, scope.run)) {
        yield item;
        if (++index >= count) return;
      }
    });
  },
);
const aggregate = method(
  "aggregate",
  [collection, selector, seed],
  ({ scope }, items, combine, from) =>
    reduce(items, scope.run, (left, right) => combine.call(left, right), from),
);

function sliceFault(what: string): Fault {
  return new Fault("ValueError", `${what} must be None or an integer: 0 <= x <= sys.maxsize.`);
}

export const filteringFunctions = [
  where,
  alias("filter", where),
  select,
  alias("map", select),
  limit,
  alias("take", limit),
  func(
    "#operator_.",
    [collection, required("attribute", type.keywordCode)],
    ({ scope }, items, name) =>
      lazily("map object", function* () {
        for (const item of walk(items, scope.run))
          yield callNamed(scope, "#operator_.", [item, name]);
      }),
  ),
  method("skip", [collection, required("count", type.int)], ({ scope }, items, count) => {
    if (Number(count) < 0) {
      throw new Fault(
        "ValueError",
        "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.",
      );
    }
    return lazily("itertools.islice object", function* () {
      let index = 0;
      for (const item of walk(items, scope.run)) if (index++ >= Number(count)) yield item;
    });
  }),
  both("append", [collection, rest("args", type.anything)], ({ scope }, items, more) =>
    lazily("generator object append", function* () {
      yield* walk(items, scope.run);
      yield* more;
    }),
  ),
  both(
    "distinct",
    [collection, optional("keySelector", type.lambdaOrNone, null)],
    ({ scope }, items, keyOf) =>
      lazily("generator object distinct", function* () {
        const seen = new Set<unknown>();
        for (const item of walk(items, scope.run)) {
          const hash = type.hashOf(keyOf === null ? item : keyOf.call(item));
          if (seen.has(hash)) continue;
          seen.add(hash);
          yield item;
        }
      }),
  ),
  both(
    "enumerate",
    [collection, optional("start", type.nullable(type.int), 0)],
    ({ scope }, items, start) => {
      if (start === null) throw typeError("'NoneType' object cannot be interpreted as an integer");
      return lazily("generator object enumerate_", function* () {
        let index = Number(start);
        for (const item of walk(items, scope.run)) yield type.listOf([index++, item]);
      });
    },
  ),
  both("concat", [rest("collections", type.iterable)], ({ scope }, collections) =>
    lazily("itertools.chain object", function* () {
      for (const items of collections) yield* walk(items, scope.run);
    }),
  ),
  method("takeWhile", [collection, predicate], ({ scope }, items, test) =>
    lazily("itertools.takewhile object", function* () {
      for (const item of walk(items, scope.run)) {
        if (!isTrue(test.call(item))) return;
        yield item;
      }
    }),
  ),
  method("skipWhile", [collection, predicate], ({ scope }, items, test) =>
    lazily("itertools.dropwhile object", function* () {
      let dropping = true;
      for (const item of walk(items, scope.run)) {
        dropping &&= isTrue(test.call(item));
        if (!dropping) yield item;
      }
    }),
  ),
  method("selectMany", [collection, selector], ({ scope }, items, map) =>
    lazily("generator object select_many", function* () {
      for (const item of walk(items, scope.run)) {
        const inner = map.call(item);
        if (isWalkable(inner)) yield* walk(inner, scope.run);
        else yield inner;
      }
    }),
  ),
  method("cycle", [collection], ({ scope }, items) =>
    lazily("itertools.cycle object", function* () {
      const saved: unknown[] = [];
      for (const item of walk(items, scope.run)) {
        saved.push(item);
        scope.run.produce(1);
        yield item;
      }
      while (saved.length > 0) {
        for (const item of saved) {
          scope.run.step();
          yield item;
        }
      }
    }),
  ),
  method("reverse", [collection], ({ scope }, items) =>
    lazily("reversed object", function* () {
      yield* toTuple(items, scope.run).toReversed();
    }),
  ),
  method("memorize", [collection], ({ scope }, items) =>
    isIterator(items) ? new YaqlMemory(walk(items, scope.run)) : items,
  ),
  method(
    "defaultIfEmpty",
    [collection, required("default", type.iterable)],
    ({ scope }, items, other) => {
      if (isSequence(items)) return itemsOf(items).length === 0 ? other : items;
      if (isSet(items)) return membersOf(items).length === 0 ? other : items;
      const memory = new YaqlMemory(walk(items, scope.run));
      for (const first of memory) {
        void first;
        return memory;
      }
      return other;
    },
  ),
];

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

const integer = type.int;

export const producingFunctions = [
  func("range", [required("stop", integer)], (_, stop) => range(0, Number(stop), 1)),
  func(
    "range",
    [required("start", integer), required("stop", integer), optional("step", integer, 1)],
    (_, start, stop, step) => {
      if (Number(step) === 0) throw new Fault("ValueError", "range() arg 3 must not be zero");
      return range(Number(start), Number(stop), Number(step));
    },
  ),
  func(
    "sequence",
    [optional("start", integer, 0), optional("step", integer, 1)],
    ({ scope }, start, step) =>
      lazily("itertools.count object", function* () {
        for (let value = Number(start); ; value += Number(step)) {
          scope.run.step();
          yield value;
        }
      }),
  ),
  method(
    "repeat",
    [required("value", type.anything), optional("times", integer, -1)],
    ({ scope }, value, times) =>
      lazily("itertools.repeat object", function* () {
        const most = Number(times) < 0 ? Infinity : Number(times);
        for (let index = 0; index < most; index++) {
          scope.run.step();
          yield value;
        }
      }),
  ),
  func(
    "generate",
    [
      required("initial", type.anything),
      predicate,
      required("producer", type.lambda),
      optional("selector", type.lambdaOrNone, null),
      optional("decycle", type.bool, false),
    ],
    (_, start, test, produce, ...[map, decycle]) =>
      lazily("generator object generate", function* () {
        const past = new Set<unknown>();
        for (let item: unknown = start; isTrue(test.call(item)); item = produce.call(item)) {
          if (decycle) {
            const hash = type.hashOf(item);
            if (past.has(hash)) return;
            past.add(hash);
          }
          yield map === null ? item : map.call(item);
        }
      }),
  ),
  func(
    "generateMany",
    [
      required("initial", type.anything),
      required("producer", type.lambda),
      optional("selector", type.lambdaOrNone, null),
      optional("decycle", type.bool, false),
      optional("depthFirst", type.bool, false),
    ],
    ({ scope }, start, produce, map, ...[decycle, depthFirst]) =>
      lazily("generator object generate_many", function* () {
        const past = new Set<unknown>();
        let queue: unknown[] = [start];
        while (queue.length > 0) {
          const item = queue.shift();
          scope.run.step(1 + (queue.length >>> 6));
          if (decycle) {
            const hash = type.hashOf(item);
            if (past.has(hash)) continue;
            past.add(hash);
          }
          yield map === null ? item : map.call(item);
          const produced = [...walk(type.walkable(produce.call(item)), scope.run)];
          scope.run.produce(produced.length);
          queue = depthFirst ? [...produced, ...queue] : [...queue, ...produced];
        }
      }),
  ),
];

function range(start: number, stop: number, step: number): YaqlIterator {
  return lazily("range_iterator object", function* () {
    let count = 0;
    for (let value = start; step > 0 ? value < stop : value > stop; value += step) {
      if (count++ >= bounds.range) {
        throw new Fault(
          "CollectionTooLargeException",
          `Collection length exceeds ${bounds.range} elements`,
        );
      }
      yield value;
    }
  });
}
