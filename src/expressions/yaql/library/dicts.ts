/** Dicts. */
import { Fault, stopIteration } from "../faults.ts";
import type { Run } from "../run.ts";
import { alias, both, func, method, optional, required, rest } from "../signature.ts";
import { frozenDict, openDict } from "../convert.ts";
import * as type from "../types.ts";
import {
  entriesOf,
  hasKey,
  isMapping,
  type Mapping,
  sizeOf,
  valueAt,
  type YaqlDict,
  YaqlView,
} from "../values.ts";
import { walk } from "../walk.ts";
import { absent } from "../code.ts";
import { quotedText } from "../text.ts";
import { contains } from "./collections.ts";

const collection = required("collection", type.iterable);
const dict = required("dict", type.mapping);
const key = required("key", type.anything);
const value = required("value", type.anything);

function rules(args: ReadonlyArray<{ readonly source: unknown; readonly destination: unknown }>) {
  return args.map(({ source, destination }) => [source, destination] as const);
}

function lookUp(mapping: Mapping, wanted: unknown): unknown {
  const found = valueAt(mapping, wanted, absent);
  if (found === absent) throw new Fault("KeyError", quotedText(wanted));
  return found;
}

function pairOf(item: unknown, run: Run): readonly [unknown, unknown] {
  const [first = absent, second = absent] = walk(type.walkable(item), run);
  if (first === absent || second === absent) throw stopIteration();
  return [first, second];
}

const dictFromRules = func(
  "dict",
  [rest("args", type.rule)],
  ({ scope }, args) => frozenDict(rules(args), scope.run),
  { rules: true },
);

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
  const kept = openDict(entriesOf(mapping), run);
  for (const each of keys) if (kept.entries.size > 0) kept.entries.delete(type.hashOf(each));
  return kept;
}
