/** Lists, dicts and sets. */
import { Fault, stopIteration, typeError } from "../faults.ts";
import { callNamed } from "../names.ts";
import type { Run } from "../run.ts";
import type { Scope } from "../scope.ts";
import { alias, both, func, method, optional, required, rest } from "../signature.ts";
import { isEqual } from "../equality.ts";
import { frozenDict, openDict } from "../convert.ts";
import * as type from "../types.ts";
import {
  entriesOf,
  hasKey,
  isIterable,
  isIterator,
  isMapping,
  isSequence,
  itemsOf,
  type Mapping,
  sizeOf,
  valueAt,
  YaqlDict,
  YaqlList,
  YaqlSet,
  YaqlView,
} from "../values.ts";
import { collect, generator, walk } from "../walk.ts";
import { absent } from "../code.ts";
import { quotedText } from "../text.ts";

const collection = required("collection", type.iterable);
const dict = required("dict", type.mapping);
const key = required("key", type.anything);
const value = required("value", type.anything);
const position = required("position", type.int);
const count = optional("count", type.int, 1);

/** Generators among the arguments are spread, generators they give too. */
export function* spread(args: Iterable<unknown>, run: Run): Generator<unknown, void, undefined> {
  for (const arg of args) {
    run.step();
    if (isIterator(arg)) yield* spread(arg, run);
    else yield arg;
  }
}

export function toTuple(items: type.Walkable, run: Run): readonly unknown[] {
  return Array.isArray(items) ? items : [...collect(items, run)];
}

function* flattened(items: type.Walkable, run: Run): Generator<unknown, void, undefined> {
  for (const item of walk(items, run)) {
    if (isWalkable(item)) yield* flattened(item, run);
    else yield item;
  }
}

export function isWalkable(item: unknown): item is type.Walkable {
  return isIterable(item);
}

function rules(args: ReadonlyArray<{ readonly source: unknown; readonly destination: unknown }>) {
  return args.map(({ source, destination }) => [source, destination] as const);
}

function lookUp(mapping: Mapping, wanted: unknown): unknown {
  const found = valueAt(mapping, wanted, absent);
  if (found === absent) throw new Fault("KeyError", quotedText(wanted));
  return found;
}

function itemAt(list: readonly unknown[] | YaqlList, index: number): unknown {
  const items = itemsOf(list);
  const at = index < 0 ? index + items.length : index;
  if (at < 0 || at >= items.length) {
    const name = list instanceof YaqlList ? "list" : "tuple";
    throw new Fault("IndexError", `${name} index out of range`);
  }
  return items[at];
}

function contains(items: type.Walkable, wanted: unknown, run: Run): boolean {
  if (items instanceof YaqlSet) {
    run.step();
    return hasKey(setAsDict(items), wanted);
  }
  if (items instanceof YaqlView && items.kind === "keys") return hasKey(items.dict, wanted);
  for (const item of walk(items, run)) if (isEqual(item, wanted, run)) return true;
  return false;
}

function setAsDict(set: YaqlSet): YaqlDict {
  const known = new YaqlDict(true);
  for (const [hash, member] of set.entries) known.entries.set(hash, [member, true]);
  return known;
}

function pairOf(item: unknown, run: Run): readonly [unknown, unknown] {
  if (typeof item === "string") {
    const [first, second] = item;
    if (second === undefined) throw stopIteration();
    return [first, second];
  }
  if (!isWalkable(item))
    throw typeError(`'${isMapping(item) ? "FrozenDict" : typeof item}' object is not iterable`);
  const [first = absent, second = absent] = walk(item, run);
  if (first === absent || second === absent) throw stopIteration();
  return [first, second];
}

function repeated(scope: Scope, list: readonly unknown[] | YaqlList, times: number): unknown {
  const items = itemsOf(list);
  const repeats = Math.max(0, times);
  scope.run.produce(items.length * repeats);
  const result = Array.from({ length: repeats }, () => items).flat();
  return list instanceof YaqlList ? new YaqlList(result) : result;
}

const dictFromRules = func(
  "dict",
  [rest("args", type.rule)],
  ({ scope }, args) => frozenDict(rules(args), scope.run),
  { rules: true },
);

export const listFunctions = [
  func("list", [rest("args", type.anything)], ({ scope }, args) =>
    callNamed(scope, "toList", [], generator("generator object rec", spread(args, scope.run))),
  ),
  func("#list", [rest("args", type.anything)], ({ scope }, args) => {
    scope.run.produce(args.length);
    return args;
  }),
  method("toList", [collection], ({ scope }, items) => toTuple(items, scope.run)),
  method("flatten", [collection], ({ scope }, items) =>
    generator("generator object flatten", flattened(items, scope.run)),
  ),
  func(
    "#indexer",
    [required("list", type.sequence), required("index", type.int)],
    (_, list, index) => itemAt(list, Number(index)),
  ),
  func("#operator_in", [value, collection], ({ scope }, wanted, items) =>
    contains(items, wanted, scope.run),
  ),
  method("contains", [collection, value], ({ scope }, items, wanted) =>
    contains(items, wanted, scope.run),
  ),
  func(
    "#operator_+",
    [required("left", type.iterable), required("right", type.iterable)],
    ({ scope }, left, right) => {
      if (Array.isArray(left) && Array.isArray(right)) {
        scope.run.produce(left.length + right.length);
        return [...left, ...right];
      }
      if (left instanceof YaqlSet && right instanceof YaqlSet) {
        return new YaqlSet([...left.entries.values(), ...right.entries.values()]);
      }
      return generator(
        "itertools.chain object",
        (function* () {
          yield* walk(left, scope.run);
          yield* walk(right, scope.run);
        })(),
      );
    },
  ),
  func(
    "#operator_*",
    [required("left", type.sequence), required("right", type.int)],
    ({ scope }, list, times) => repeated(scope, list, Number(times)),
  ),
  func(
    "#operator_*",
    [required("left", type.int), required("right", type.sequence)],
    ({ scope }, times, list) => repeated(scope, list, Number(times)),
  ),
  func("isList", [required("arg", type.anything)], (_, arg) => isSequence(arg)),
  both("len", [required("sequence", type.sequence)], (_, list) => itemsOf(list).length),
];

export const dictFunctions = [
  dictFromRules,
  alias("#map", dictFromRules),
  func(
    "dict",
    [required("items", type.iterable)],
    ({ scope }, items) => {
      const pairs = [...walk(items, scope.run)].map((item) => pairOf(item, scope.run));
      return frozenDict(pairs, scope.run);
    },
    { rules: true },
  ),
  method(
    "toDict",
    [
      collection,
      required("keySelector", type.lambda),
      optional("valueSelector", type.lambdaOrNone, null),
    ],
    ({ scope }, items, keyOf, valueOf) => {
      const pairs: Array<readonly [unknown, unknown]> = [];
      for (const item of walk(items, scope.run)) {
        pairs.push([keyOf.call(item), valueOf === null ? item : valueOf.call(item)]);
      }
      return openDict(pairs, scope.run);
    },
  ),
  func("#operator_.", [dict, required("key", type.keyword)], (_, mapping, name) =>
    lookUp(mapping, name),
  ),
  func("#indexer", [dict, key], (_, mapping, wanted) => lookUp(mapping, wanted)),
  func(
    "#indexer",
    [dict, key, required("default", type.anything)],
    (_, mapping, wanted, fallback) => valueAt(mapping, wanted, fallback),
  ),
  method(
    "get",
    [dict, key, optional("default", type.anything, null)],
    (_, mapping, wanted, fallback) => valueAt(mapping, wanted, fallback),
  ),
  method(
    "set",
    [dict, key, value],
    ({ scope }, mapping, wanted, fresh) =>
      frozenDict([...entriesOf(mapping), [wanted, fresh]], scope.run),
    { rules: true },
  ),
  method(
    "set",
    [dict, required("replacements", type.mapping)],
    ({ scope }, mapping, fresh) =>
      frozenDict([...entriesOf(mapping), ...entriesOf(fresh)], scope.run),
    { rules: true },
  ),
  method(
    "set",
    [dict, rest("args", type.rule)],
    ({ scope }, mapping, args) => frozenDict([...entriesOf(mapping), ...rules(args)], scope.run),
    { rules: true },
  ),
  method("keys", [dict], (_, mapping) => new YaqlView("keys", mapping)),
  method("values", [dict], (_, mapping) => new YaqlView("values", mapping)),
  method("items", [dict], (_, mapping) => new YaqlView("items", mapping)),
  method("containsKey", [dict, key], (_, mapping, wanted) => hasKey(mapping, wanted)),
  method("containsValue", [dict, value], ({ scope }, mapping, wanted) =>
    contains(new YaqlView("values", mapping), wanted, scope.run),
  ),
  func(
    "#operator_+",
    [required("left", type.mapping), required("right", type.mapping)],
    ({ scope }, left, right) => frozenDict([...entriesOf(left), ...entriesOf(right)], scope.run),
  ),
  func("isDict", [required("arg", type.anything)], (_, arg) => isMapping(arg)),
  both("len", [dict], (_, mapping) => sizeOf(mapping)),
  method("delete", [dict, rest("keys", type.anything)], ({ scope }, mapping, keys) =>
    without(mapping, keys, scope.run),
  ),
  method("deleteAll", [dict, required("keys", type.iterable)], ({ scope }, mapping, keys) =>
    without(mapping, walk(keys, scope.run), scope.run),
  ),
];

function without(mapping: Mapping, keys: Iterable<unknown>, run: Run): YaqlDict {
  const gone = new YaqlSet(keys);
  const kept = openDict(entriesOf(mapping), run);
  for (const hash of gone.entries.keys()) kept.entries.delete(hash);
  return kept;
}

/** What deleting, replacing and inserting by position have in common. */
function inRange(index: number, start: number, length: number): boolean {
  return length >= 0 ? start <= index && index < start + length : index >= start;
}

export const editingFunctions = [
  method("delete", [collection, position, count], ({ scope }, items, start, length) =>
    generator(
      "generator object delete",
      (function* () {
        let index = 0;
        for (const item of walk(items, scope.run)) {
          if (!inRange(index++, Number(start), Number(length))) yield item;
        }
      })(),
    ),
  ),
  method(
    "replace",
    [collection, position, value, count],
    ({ scope }, items, start, ...[fresh, length]) =>
      replacing(scope.run, items, () => [fresh], [Number(start), Number(length), "replace"]),
  ),
  method(
    "replaceMany",
    [collection, position, required("values", type.iterable), count],
    ({ scope }, items, start, ...[fresh, length]) =>
      replacing(scope.run, items, () => walk(fresh, scope.run), [
        Number(start),
        Number(length),
        "replace_many",
      ]),
  ),
  method(
    "insert",
    [required("collection", type.iterableNoSet), position, value],
    ({ scope }, items, at, fresh) =>
      generator("generator object iter_insert", inserting(scope.run, items, Number(at), [fresh])),
  ),
  method(
    "insert",
    [required("collection", type.sequence), position, value],
    ({ scope }, items, at, fresh) => {
      scope.run.produce(itemsOf(items).length);
      return new YaqlList(itemsOf(items).toSpliced(Number(at), 0, fresh));
    },
  ),
  method(
    "insertMany",
    [collection, position, required("values", type.iterable)],
    ({ scope }, items, at, fresh) =>
      generator(
        "generator object insert_many",
        (function* () {
          if (Number(at) < 0) yield* walk(fresh, scope.run);
          yield* inserting(scope.run, items, Number(at), walk(fresh, scope.run));
        })(),
      ),
  ),
];

function replacing(
  run: Run,
  items: type.Walkable,
  fresh: () => Iterable<unknown>,
  [start, length, label]: readonly [number, number, string],
) {
  return generator(
    `generator object ${label}`,
    (function* () {
      let done = false;
      let index = 0;
      for (const item of walk(items, run)) {
        if (!inRange(index++, start, length)) yield item;
        else if (!done) {
          done = true;
          yield* fresh();
        }
      }
    })(),
  );
}

function* inserting(run: Run, items: type.Walkable, at: number, fresh: Iterable<unknown>) {
  let index = -1;
  for (const item of walk(items, run)) {
    index++;
    if (index === at) yield* fresh;
    yield item;
  }
  if (at > index) yield* fresh;
}
