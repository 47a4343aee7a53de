/** Queries that give a collection, lazily where the original is lazy. */
import { Fault, typeError } from "../faults.ts";
import { callNamed } from "../names.ts";
import { alias, both, func, method, optional, required, rest } from "../signature.ts";
import * as type from "../types.ts";
import { isTrue } from "../truth.ts";
import { isIterator, isSequence, isSet, itemsOf, membersOf, YaqlMemory } from "../values.ts";
import { walk, lazily } from "../walk.ts";
import { isWalkable, sliceFault, toTuple } from "./collections.ts";

const collection = required("collection", type.iterable);
const predicate = required("predicate", type.lambda);
const selector = required("selector", type.lambda);

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
    if (count < 0) throw sliceFault(count);
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
