/** Values on their way out of YAQL and into it: lists and dicts as the rest of the program knows them. */
import {
  dictEntries,
  hashKey,
  isDict,
  makeDict,
  PyDict,
  PySet,
  PyTuple,
} from "../python/collections.ts";
import { Float } from "../python/values.ts";
import { typeError } from "./faults.ts";
import { typeName } from "./library/type-name.ts";
import type { Run } from "./run.ts";
import { Scope } from "./scope.ts";
import {
  isIterable,
  isPlainObject,
  isSet,
  MappingRule,
  membersOf,
  YaqlDict,
  YaqlList,
  YaqlSet,
  type YaqlView,
} from "./values.ts";
import type { Walkable } from "./types.ts";
import { walk } from "./walk.ts";

/** The result of an evaluation: tuples, generators and views become lists, dicts with other than text keys a PyDict. Data that
 * holds nothing of YAQL's own is shared, not copied. */
export function outgoing(value: unknown, run: Run): unknown {
  if (typeof value !== "object" || value === null || value instanceof Float) return value ?? null;
  if (Array.isArray(value)) return outgoingItems(value, run);
  if (isPlainObject(value)) return outgoingPlain(value, run);
  if (value instanceof YaqlDict) return outgoingDict(value, run);
  if (isSet(value)) return outgoingSet(value, run);
  if (isWalkable(value)) return outgoingWalk(value, run);
  // A context (`let(1)` alone) or a rule would carry the interpreter itself out.
  if (value instanceof Scope) throw unserialisable("Context");
  if (value instanceof MappingRule) throw unserialisable("MappingRule");
  return value;
}

function outgoingDict(dict: YaqlDict, run: Run): unknown {
  run.produce(dict.entries.size);
  return makeDict(
    [...dict.entries.values()].map(([key, item]) => [
      hashable(outgoing(key, run)),
      outgoing(item, run),
    ]),
  );
}

function outgoingSet(set: YaqlSet | YaqlView, run: Run): unknown {
  const members = membersOf(set).map((member) => outgoing(member, run));
  return run.setsAsLists ? members : new PySet(members.map(hashable));
}

function outgoingWalk(value: Walkable, run: Run): unknown {
  const items: unknown[] = [];
  for (const item of walk(value, run)) {
    run.produce(1);
    items.push(outgoing(item, run));
  }
  return items;
}

function unserialisable(name: string): Error {
  return typeError(`Object of type ${name} is not JSON serializable`);
}

function isWalkable(value: unknown): value is Walkable {
  return isIterable(value);
}

function outgoingItems(items: readonly unknown[], run: Run): readonly unknown[] {
  run.produce(items.length);
  let copy: unknown[] | undefined;
  for (const [index, item] of items.entries()) {
    const out = outgoing(item, run);
    if (out === item || (out === null && item === undefined)) continue;
    copy ??= [...items];
    copy[index] = out;
  }
  return copy ?? items;
}

function outgoingPlain(object: Readonly<Record<string, unknown>>, run: Run): unknown {
  let changed = false;
  run.produce(1);
  const entries = Object.entries(object).map(([key, item]): readonly [string, unknown] => {
    const out = outgoing(item, run);
    changed ||= out !== item;
    return [key, out];
  });
  return changed ? Object.fromEntries(entries) : object;
}

/** The member of a set or key of a dict, which Python makes a list or dict before it asks for its hash. */
function hashable(value: unknown): unknown {
  if (Array.isArray(value)) throw typeError("unhashable type: 'list'");
  if (value instanceof PySet) throw typeError("unhashable type: 'set'");
  if (isDict(value)) throw typeError("unhashable type: 'dict'");
  if (hashKey(value) === undefined) throw typeError(`unhashable type: '${typeName(value)}'`);
  return value;
}

/** A value that a function shared by the languages gave: its lists are lists, its dicts dicts. */
export function incoming(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value ?? null;
  if (Array.isArray(value)) return new YaqlList(value.map(incoming));
  if (value instanceof PyTuple) return value.items.map(incoming);
  if (value instanceof PySet) return new YaqlSet(value.items().map(incoming));
  if (!isDict(value)) return value;
  return new YaqlDict(
    false,
    dictEntries(value).map(([key, item]) => [incoming(key), incoming(item)]),
  );
}

/** A value of the context: data stays as it is, only Python's containers are made YAQL's. */
export function adopted(value: unknown): unknown {
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PySet) return new YaqlSet(value.items());
  if (value instanceof PyDict) return new YaqlDict(true, value.entries());
  return value ?? null;
}

/** A dict of YAQL from its entries. */
export function frozenDict(entries: Iterable<readonly [unknown, unknown]>, run: Run): YaqlDict {
  const dict = new YaqlDict(true, entries);
  run.produce(dict.entries.size);
  return dict;
}

/** A dict that Python would let change (`toDict`, `mergeWith`, `deleteAll`): no member of sets. */
export function openDict(entries: Iterable<readonly [unknown, unknown]>, run: Run): YaqlDict {
  const dict = new YaqlDict(false, entries);
  run.produce(dict.entries.size);
  return dict;
}
