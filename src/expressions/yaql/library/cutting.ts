/** Cutting of collections, and merging of dicts. */
import { absent } from "../code.ts";
import { openDict } from "../convert.ts";
import { isEqual } from "../equality.ts";
import { type Fault, typeError } from "../faults.ts";
import type { Run } from "../run.ts";
import { method, optional, required } from "../signature.ts";
import * as type from "../types.ts";
import { isTrue } from "../truth.ts";
import {
  entriesOf,
  hasKey,
  isMapping,
  isSequence,
  itemsOf,
  type Mapping,
  valueAt,
  YaqlList,
  YaqlSet,
} from "../values.ts";
import { generator, walk } from "../walk.ts";
import { sliceFault, toTuple } from "./collections.ts";
import { typeName } from "./type-name.ts";

const collection = required("collection", type.iterable);
const predicate = required("predicate", type.lambda);
const lambdaOption = (name: string) => optional(name, type.lambdaOrNone, null);

/** Cuts a list where `edge` says so; `drop` leaves the element at the edge out. */
function* cut(
  items: readonly unknown[],
  edge: (item: unknown) => boolean,
  drop: boolean,
): Generator<unknown, void, undefined> {
  let start = 0;
  for (const [index, item] of items.entries()) {
    if (!edge(item)) continue;
    yield items.slice(start, index);
    start = drop ? index + 1 : index;
  }
  if (start !== items.length) yield items.slice(start);
}

export const cuttingFunctions = [
  method("slice", [collection, required("length", type.int)], ({ scope }, items, size) => {
    return generator(
      "generator object slice_",
      (function* () {
        const length = Number(size);
        if (length < 0) throw sliceFault(length);
        let piece: unknown[] = [];
        for (const item of length === 0 ? [] : walk(items, scope.run)) {
          piece.push(item);
          scope.run.produce(1);
          if (piece.length < length) continue;
          yield piece;
          piece = [];
        }
        if (piece.length > 0) yield piece;
      })(),
    );
  }),
  method("splitWhere", [collection, predicate], ({ scope }, items, test) =>
    generator(
      "generator object split_where",
      cut(toTuple(items, scope.run), (item) => isTrue(test.call(item)), true),
    ),
  ),
  method("sliceWhere", [collection, predicate], ({ scope }, items, test) => {
    let before: unknown = absent;
    const changes = (item: unknown): boolean => {
      const value = test.call(item);
      const changed = before !== absent && !isEqual(value, before, scope.run);
      before = value;
      return changed;
    };
    return generator(
      "generator object slice_where",
      cut(toTuple(items, scope.run), changes, false),
    );
  }),
  method("splitAt", [collection, required("index", type.int)], ({ scope }, items, index) => {
    const all = toTuple(items, scope.run);
    return new YaqlList([all.slice(0, Number(index)), all.slice(Number(index))]);
  }),
  method(
    "mergeWith",
    [
      required("dict", type.mapping),
      required("another", type.mapping),
      lambdaOption("listMerger"),
      lambdaOption("itemMerger"),
      optional("maxLevels", type.int, 0),
    ],
    ({ scope }, left, right, ...[lists, items, levels]) =>
      merged(left, right, Number(levels), {
        run: scope.run,
        lists: (a, b) =>
          lists === null ? distinct([...itemsOf(a), ...itemsOf(b)]) : lists.call(a, b),
        items: (a, b) => (items === null ? b : items.call(a, b)),
      }),
  ),
];

type Sequence = readonly unknown[] | YaqlList;
interface Mergers {
  readonly run: Run;
  readonly lists: (left: Sequence, right: Sequence) => unknown;
  readonly items: (left: unknown, right: unknown) => unknown;
}

function distinct(items: readonly unknown[]): readonly unknown[] {
  return [...new YaqlSet(items).entries.values()];
}

function merged(left: Mapping, right: Mapping, levels: number, mergers: Mergers): Mapping {
  const result: Array<readonly [unknown, unknown]> = [];
  for (const [key, value] of entriesOf(left)) {
    mergers.run.step();
    const other = hasKey(right, key) ? valueAt(right, key, null) : absent;
    result.push([key, other === absent ? value : mergedValue(value, other, levels, mergers)]);
  }
  for (const [key, value] of entriesOf(right)) if (!hasKey(left, key)) result.push([key, value]);
  return openDict(result, mergers.run);
}

function mergedValue(left: unknown, right: unknown, levels: number, mergers: Mergers): unknown {
  if (levels !== 1 && isMapping(right)) {
    if (!isMapping(left)) throw unmergeable(left, right);
    return merged(left, right, levels === 0 ? 0 : levels - 1, mergers);
  }
  if (levels !== 1 && isSequence(right)) {
    if (!isSequence(left)) throw unmergeable(left, right);
    return mergers.lists(left, right);
  }
  return mergers.items(left, right);
}

function unmergeable(left: unknown, right: unknown): Fault {
  return typeError(`Cannot merge ${className(left)} with ${className(right)}`);
}

function className(value: unknown): string {
  const name = typeName(value);
  return `<class '${name === "FrozenDict" ? "yaql.language.utils.FrozenDict" : name}'>`;
}
