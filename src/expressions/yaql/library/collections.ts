/** Lists, and what all collections have in common. */
import { Fault, typeError, valueError } from "../faults.ts";
import { callNamed } from "../names.ts";
import type { Run } from "../run.ts";
import type { Scope } from "../scope.ts";
import { both, func, method, required, rest } from "../signature.ts";
import { isEqual } from "../equality.ts";
import * as type from "../types.ts";
import {
  hasKey,
  isIterable,
  isIterator,
  isMapping,
  isSequence,
  itemsOf,
  YaqlDict,
  YaqlList,
  YaqlSet,
  YaqlView,
} from "../values.ts";
import { collect, generator, walk } from "../walk.ts";
import { typeName } from "./type-name.ts";

const collection = required("collection", type.iterable);
const value = required("value", type.anything);

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

/** A negative stop for `itertools.islice`; -1 is also how C reports an error, hence the other wording. */
export function sliceFault(stop: number): Fault {
  const what = stop === -1 ? "Stop argument" : "Indices";
  return new Fault(
    "ValueError",
    `${what} for islice() must be None or an integer: 0 <= x <= sys.maxsize.`,
  );
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

function itemAt(list: readonly unknown[] | YaqlList, index: number): unknown {
  const items = itemsOf(list);
  const at = index < 0 ? index + items.length : index;
  if (at < 0 || at >= items.length) {
    const name = list instanceof YaqlList ? "list" : "tuple";
    throw new Fault("IndexError", `${name} index out of range`);
  }
  return items[at];
}

export function contains(items: type.Walkable, wanted: unknown, run: Run): boolean {
  if (items instanceof YaqlSet) {
    run.step();
    return hasKey(setAsDict(items), wanted);
  }
  if (items instanceof YaqlView && items.kind === "keys") return hasKey(items.dict, wanted);
  if (items instanceof YaqlView && items.kind === "items") requirePair(wanted, run);
  for (const item of walk(items, run)) if (isEqual(item, wanted, run)) return true;
  return false;
}

/** What is looked for among `items()` must be a pair. */
function requirePair(wanted: unknown, run: Run): void {
  if (!isWalkable(wanted) && typeof wanted !== "string" && !isMapping(wanted)) {
    throw typeError(`cannot unpack non-iterable ${typeName(wanted)} object`);
  }
  const [...parts] = walk(type.walkable(wanted), run);
  if (parts.length > 2) throw valueError("too many values to unpack (expected 2)");
  if (parts.length < 2) {
    throw valueError(`not enough values to unpack (expected 2, got ${parts.length})`);
  }
}

function setAsDict(set: YaqlSet): YaqlDict {
  const known = new YaqlDict(true);
  for (const [hash, member] of set.entries) known.entries.set(hash, [member, true]);
  return known;
}

function repeated(scope: Scope, list: readonly unknown[] | YaqlList, times: number): unknown {
  const items = itemsOf(list);
  const repeats = Math.max(0, times);
  scope.run.produce(items.length * repeats);
  const result = Array.from({ length: repeats }, () => items).flat();
  return list instanceof YaqlList ? new YaqlList(result) : result;
}

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
