import { checkSize, isInt } from "../python/arithmetic.ts";
import { isDict, PySet, PyTuple } from "../python/collections.ts";
import { pyEquals, typeName } from "../python/compare.ts";
import { PythonError, typeError, valueError } from "../python/errors.ts";
import { pyRepr } from "../python/text.ts";
import { methodTable } from "./method-table.ts";
import { PyIterator, PyRange } from "./runtime.ts";
import { sortValues } from "../python/sort.ts";

function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PySet) return value.items();
  if (value instanceof PyIterator) return value.take();
  if (value instanceof PyRange) return value.items();
  if (typeof value === "string") return Array.from(value);
  if (isDict(value)) return Object.keys(value);
  throw typeError(`'${typeName(value)}' object is not iterable`);
}

function narrowList(owner: unknown): unknown[] {
  if (Array.isArray(owner)) return owner;
  throw typeError("not a list");
}

function indexOf(list: readonly unknown[], args: readonly unknown[], shown: string): number {
  const [wanted, from, to] = args;
  const start = position(list, from, 0);
  const end = position(list, to, list.length);
  const at = list.findIndex(
    (item, place) => place >= start && place < end && pyEquals(item, wanted),
  );
  if (at === -1) throw valueError(shown);
  return at;
}

function position(list: readonly unknown[], value: unknown, fallback: number): number {
  if (!isInt(value)) return fallback;
  const at = Number(value);
  return at < 0 ? Math.max(0, at + list.length) : at;
}

function popAt(list: unknown[], at: unknown): unknown {
  if (list.length === 0) throw new PythonError("IndexError", "pop from empty list");
  const index = isInt(at) ? Number(at) : -1;
  if (index >= list.length || index < -list.length) {
    throw new PythonError("IndexError", "pop index out of range");
  }
  return list.splice(index, 1)[0];
}

function count(list: readonly unknown[], wanted: unknown): number {
  return list.filter((item) => pyEquals(item, wanted)).length;
}

export const listMethods = methodTable(narrowList, [
  [
    "append",
    [1, 1],
    (list, [item]) => {
      checkSize(list.length + 1);
      list.push(item);
      return null;
    },
  ],
  [
    "extend",
    [1, 1],
    (list, [more]) => {
      const added = items(more);
      checkSize(list.length + added.length);
      list.push(...added);
      return null;
    },
  ],
  [
    "insert",
    [2, 2],
    (list, [at, item]) => {
      list.splice(position(list, at, 0), 0, item);
      return null;
    },
  ],
  ["pop", [0, 1], (list, [at]) => popAt(list, at)],
  [
    "remove",
    [1, 1],
    (list, args) => {
      list.splice(indexOf(list, args, "list.remove(x): x not in list"), 1);
      return null;
    },
  ],
  ["index", [1, 3], (list, args) => indexOf(list, args, `${pyRepr(args[0])} is not in list`)],
  ["count", [1, 1], (list, [wanted]) => count(list, wanted)],
  [
    "reverse",
    [0, 0],
    (list) => {
      list.reverse();
      return null;
    },
  ],
  ["copy", [0, 0], (list) => [...list]],
  [
    "clear",
    [0, 0],
    (list) => {
      list.length = 0;
      return null;
    },
  ],
  [
    "sort",
    [0, 0],
    (list, _args, { keywords, run }) => {
      run.tick(list.length);
      const sorted = sortValues(list, keywords.get("reverse") === true);
      list.splice(0, list.length, ...sorted);
      return null;
    },
    "any",
  ],
]);

function narrowTuple(owner: unknown): PyTuple {
  if (owner instanceof PyTuple) return owner;
  throw typeError("not a tuple");
}

export const tupleMethods = methodTable(narrowTuple, [
  ["index", [1, 3], (tuple, args) => indexOf(tuple.items, args, "tuple.index(x): x not in tuple")],
  ["count", [1, 1], (tuple, [wanted]) => count(tuple.items, wanted)],
]);

function narrowSet(owner: unknown): PySet {
  if (owner instanceof PySet) return owner;
  throw typeError("not a set");
}

function others(args: readonly unknown[]): PySet[] {
  return args.map((arg) => new PySet(items(arg)));
}

export const setMethods = methodTable(narrowSet, [
  ["copy", [0, 0], (set) => set],
  ["union", [0, 99], (set, args) => new PySet([...set.items(), ...args.flatMap(items)])],
  [
    "intersection",
    [0, 99],
    (set, args) => {
      const all = others(args);
      return new PySet(set.items().filter((item) => all.every((other) => other.has(item))));
    },
  ],
  [
    "difference",
    [0, 99],
    (set, args) => {
      const all = others(args);
      return new PySet(set.items().filter((item) => !all.some((other) => other.has(item))));
    },
  ],
  [
    "symmetric_difference",
    [1, 1],
    (set, [arg]) => {
      const other = new PySet(items(arg));
      const only = set.items().filter((item) => !other.has(item));
      return new PySet([...only, ...other.items().filter((item) => !set.has(item))]);
    },
  ],
  [
    "issubset",
    [1, 1],
    (set, [arg]) => {
      const other = new PySet(items(arg));
      return set.items().every((item) => other.has(item));
    },
  ],
  ["issuperset", [1, 1], (set, [arg]) => items(arg).every((item) => set.has(item))],
  ["isdisjoint", [1, 1], (set, [arg]) => !items(arg).some((item) => set.has(item))],
]);
