/** Sequences made from nothing. */
import { bounds } from "../../context.ts";
import { Fault } from "../faults.ts";
import { func, method, optional, required } from "../signature.ts";
import * as type from "../types.ts";
import { isTrue } from "../truth.ts";
import type { YaqlIterator } from "../values.ts";
import { lazily, walk } from "../walk.ts";

const predicate = required("predicate", type.lambda);
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
    (_, start, test, ...[produce, map, decycle]) =>
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
    ({ scope }, start, produce, ...[map, decycle, depthFirst]) =>
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
