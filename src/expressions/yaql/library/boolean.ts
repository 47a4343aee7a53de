/** Boolean operators, equality, and what decides between branches. */
import { isEqual } from "../equality.ts";
import { func, method, required, rest } from "../signature.ts";
import * as type from "../types.ts";
import { isTrue } from "../truth.ts";
import { generator } from "../walk.ts";

const pair = [required("left", type.anything), required("right", type.anything)] as const;
const lazyPair = [required("left", type.lambda), required("right", type.lambda)] as const;
const cases = [rest("args", type.lambda)] as const;

export const booleanFunctions = [
  func("#operator_and", lazyPair, (_, left, right) => {
    const value = left.call();
    return isTrue(value) ? right.call() : value;
  }),
  func("#operator_or", lazyPair, (_, left, right) => {
    const value = left.call();
    return isTrue(value) ? value : right.call();
  }),
  func("#unary_operator_not", [required("arg", type.anything)], (_, arg) => !isTrue(arg)),
  func("bool", [required("value", type.anything)], (_, value) => isTrue(value)),
  func("isBoolean", [required("value", type.anything)], (_, value) => typeof value === "boolean"),
  func("*equal", pair, ({ scope }, left, right) => isEqual(left, right, scope.run)),
  func("*not_equal", pair, ({ scope }, left, right) => !isEqual(left, right, scope.run)),
  ...nullComparisons(),
];

/** null is less than everything else and equal to itself. */
function nullComparisons() {
  const table = [
    ["#operator_<", false, true, false],
    ["#operator_<=", false, true, true],
    ["#operator_>", true, false, false],
    ["#operator_>=", true, false, true],
  ] as const;
  return table.flatMap(([name, toNull, fromNull, both]) => [
    func(name, [required("left", type.something), required("right", type.none)], () => toNull),
    func(name, [required("left", type.none), required("right", type.something)], () => fromNull),
    func(name, [required("left", type.none), required("right", type.none)], () => both),
  ]);
}

export const branchingFunctions = [
  func(
    "switch",
    [rest("args", type.lazyRule)],
    (_, rules) => {
      for (const { source, destination } of rules) {
        if (isTrue(source.call())) return destination.call();
      }
      return null;
    },
    { rules: true },
  ),
  func("selectCase", cases, (_, lambdas) => {
    const index = lambdas.findIndex((lambda) => isTrue(lambda.call()));
    return index < 0 ? lambdas.length : index;
  }),
  func("selectAllCases", cases, (_, lambdas) =>
    generator(
      "generator object select_all_cases",
      (function* () {
        for (const [index, lambda] of lambdas.entries()) if (isTrue(lambda.call())) yield index;
      })(),
    ),
  ),
  func("examine", cases, (_, lambdas) =>
    generator(
      "generator object examine",
      (function* () {
        for (const lambda of lambdas) yield isTrue(lambda.call());
      })(),
    ),
  ),
  method("switchCase", [required("case", type.int), ...cases], (_, which, lambdas) => {
    const index = Number(which);
    const chosen = index >= 0 ? lambdas[index] : undefined;
    return (chosen ?? lambdas.at(-1))?.call() ?? null;
  }),
  func("coalesce", cases, (_, lambdas) => {
    for (const lambda of lambdas) {
      const value = lambda.call();
      if (value !== null) return value;
    }
    return null;
  }),
];
