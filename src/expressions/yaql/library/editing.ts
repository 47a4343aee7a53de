/** Deleting, replacing and inserting by position. */
import type { Run } from "../run.ts";
import { method, optional, required } from "../signature.ts";
import * as type from "../types.ts";
import { itemsOf, YaqlList } from "../values.ts";
import { generator, walk } from "../walk.ts";

const collection = required("collection", type.iterable);
const value = required("value", type.anything);
const position = required("position", type.int);
const count = optional("count", type.int, 1);

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
