/** Sets. Views of a dict count as sets where they are only compared. */
import { Fault } from "../faults.ts";
import { callNamed } from "../names.ts";
import type { Run } from "../run.ts";
import { both, func, method, required, rest } from "../signature.ts";
import { isSubset, keysOf } from "../equality.ts";
import * as type from "../types.ts";
import { isSet, membersOf, YaqlSet, type YaqlView } from "../values.ts";
import { generator, walk } from "../walk.ts";
import { spread } from "./collections.ts";
import { typeName } from "./type-name.ts";

type SetLike = YaqlSet | YaqlView;
const sides = [required("left", type.set), required("right", type.set)] as const;
const set = required("set", type.set);
const values = rest("values", type.anything);

/** Views lack the methods of Python's frozenset. */
function own(left: SetLike, operation: string): YaqlSet {
  if (left instanceof YaqlSet) return left;
  throw new Fault("AttributeError", `'${typeName(left)}' object has no attribute '${operation}'`);
}

function counted(members: Iterable<unknown>, run: Run): YaqlSet {
  const result = new YaqlSet(members);
  run.step(result.entries.size >>> 2);
  run.produce(result.entries.size);
  return result;
}

function without(left: YaqlSet, right: YaqlSet, run: Run): YaqlSet {
  return counted(
    kept(left, (hash) => !right.entries.has(hash)),
    run,
  );
}

function kept(from: YaqlSet, keep: (hash: unknown) => boolean): readonly unknown[] {
  return [...from.entries].filter(([hash]) => keep(hash)).map(([, member]) => member);
}

function asSet(view: SetLike): YaqlSet {
  return view instanceof YaqlSet ? view : new YaqlSet(membersOf(view));
}

function comparison(
  operator: string,
  holds: (left: ReadonlySet<unknown>, right: ReadonlySet<unknown>) => boolean,
) {
  return func(`#operator_${operator}`, sides, ({ scope }, left, right) => {
    const [a, b] = [keysOf(membersOf(left)), keysOf(membersOf(right))];
    scope.run.step((a.size + b.size) >>> 2);
    return holds(a, b);
  });
}

export const setFunctions = [
  func("isSet", [required("arg", type.anything)], (_, arg) => isSet(arg)),
  func("set", [rest("args", type.anything)], ({ scope }, args) =>
    callNamed(scope, "toSet", [], generator("generator object rec", spread(args, scope.run))),
  ),
  method("toSet", [required("collection", type.iterable)], ({ scope }, items) =>
    counted(walk(items, scope.run), scope.run),
  ),
  both("len", [set], (_, members) => membersOf(members).length),
  comparison("<", (a, b) => a.size < b.size && isSubset(a, b)),
  comparison("<=", (a, b) => isSubset(a, b)),
  comparison(">", (a, b) => a.size > b.size && isSubset(b, a)),
  comparison(">=", (a, b) => isSubset(b, a)),
  method("union", sides, ({ scope }, left, right) =>
    counted([...own(left, "union").entries.values(), ...membersOf(right)], scope.run),
  ),
  method("intersect", sides, ({ scope }, left, right) => {
    const other = asSet(right);
    return counted(
      kept(own(left, "intersection"), (hash) => other.entries.has(hash)),
      scope.run,
    );
  }),
  method("difference", sides, ({ scope }, left, right) =>
    without(own(left, "difference"), asSet(right), scope.run),
  ),
  func("#operator_-", sides, ({ scope }, left, right) =>
    without(own(left, "difference"), asSet(right), scope.run),
  ),
  method("symmetricDifference", sides, ({ scope }, left, right) => {
    const [a, b] = [own(left, "symmetric_difference"), asSet(right)];
    return counted(
      [...membersOf(without(a, b, scope.run)), ...membersOf(without(b, a, scope.run))],
      scope.run,
    );
  }),
  method("add", [set, values], ({ scope }, members, added) =>
    counted([...own(members, "union").entries.values(), ...added], scope.run),
  ),
  method("remove", [set, values], ({ scope }, members, removed) =>
    without(own(members, "difference"), new YaqlSet(removed), scope.run),
  ),
];
