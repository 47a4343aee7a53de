import {
  dictEntries,
  dictGet,
  dictHas,
  hashKey,
  isDict,
  PyDict,
  PyTuple,
} from "../python/collections.ts";
import type { PlainDict } from "../python/collections.ts";
import { typeName } from "../python/compare.ts";
import { PythonError, typeError } from "../python/errors.ts";
import { pyRepr } from "../python/text.ts";
import { methodTable } from "./method-table.ts";
import { need, PyIterator } from "./runtime.ts";

function narrow(owner: unknown): PlainDict | PyDict {
  if (isDict(owner)) return owner;
  throw typeError("not a dict");
}

function checkKey(key: unknown): void {
  need(key);
  if (hashKey(key) === undefined) throw typeError(`unhashable type: '${typeName(key)}'`);
}

/** Sets a key in place. The dict was made by this very evaluation. */
function put(dict: PlainDict | PyDict, key: unknown, value: unknown): void {
  checkKey(key);
  if (dict instanceof PyDict) dict.set(key, value);
  else {
    Object.defineProperty(dict, String(key), {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
}

function drop(dict: PlainDict | PyDict, key: unknown): void {
  if (dict instanceof PyDict) dict.delete(key);
  else Reflect.deleteProperty(dict, String(key));
}

function pop(dict: PlainDict | PyDict, [key, fallback]: readonly unknown[]): unknown {
  checkKey(key);
  if (!dictHas(dict, key)) {
    if (fallback !== undefined) return fallback;
    throw new PythonError("KeyError", pyRepr(key));
  }
  const value = dictGet(dict, key);
  drop(dict, key);
  return value;
}

function update(dict: PlainDict | PyDict, source: unknown): void {
  if (isDict(source)) for (const [key, value] of dictEntries(source)) put(dict, key, value);
  else if (Array.isArray(source)) for (const pair of source) putPair(dict, pair);
  else throw typeError(`'${typeName(source)}' object is not iterable`);
}

function putPair(dict: PlainDict | PyDict, pair: unknown): void {
  const items: readonly unknown[] =
    pair instanceof PyTuple ? pair.items : Array.isArray(pair) ? pair : [];
  if (items.length !== 2) {
    throw new PythonError(
      "ValueError",
      `dictionary update sequence element #0 has length ${items.length}; 2 is required`,
    );
  }
  put(dict, items[0], items[1]);
}

export const dictMethods = methodTable(narrow, [
  [
    "get",
    [1, 2],
    (dict, [key, fallback]) => {
      checkKey(key);
      return dictHas(dict, key) ? (dictGet(dict, key) ?? null) : (fallback ?? null);
    },
  ],
  [
    "keys",
    [0, 0],
    (dict) => new PyIterator(() => dictEntries(dict).map(([key]) => key), "dict_keys"),
  ],
  [
    "values",
    [0, 0],
    (dict) => new PyIterator(() => dictEntries(dict).map(([, value]) => value), "dict_values"),
  ],
  [
    "items",
    [0, 0],
    (dict) =>
      new PyIterator(() => dictEntries(dict).map((pair) => new PyTuple(pair)), "dict_items"),
  ],
  ["copy", [0, 0], (dict) => (dict instanceof PyDict ? new PyDict(dict.entries()) : { ...dict })],
  ["pop", [1, 2], (dict, args) => pop(dict, args)],
  [
    "popitem",
    [0, 0],
    (dict) => {
      const last = dictEntries(dict).at(-1);
      if (last === undefined) throw new PythonError("KeyError", "'popitem(): dictionary is empty'");
      drop(dict, last[0]);
      return new PyTuple(last);
    },
  ],
  [
    "setdefault",
    [1, 2],
    (dict, [key, fallback]) => {
      if (!dictHas(dict, key)) put(dict, key, fallback ?? null);
      return dictGet(dict, key) ?? null;
    },
  ],
  [
    "clear",
    [0, 0],
    (dict) => {
      for (const [key] of dictEntries(dict)) drop(dict, key);
      return null;
    },
  ],
  [
    "fromkeys",
    [1, 2],
    (_dict, [keys, value]) => {
      const items: readonly unknown[] = Array.isArray(keys) ? keys : Array.from(String(keys));
      return new PyDict(items.map((key) => [key, value ?? null] as const));
    },
  ],
  [
    "update",
    [0, 1],
    (dict, [source], { keywords }) => {
      if (source !== undefined) update(dict, source);
      for (const [key, value] of keywords) put(dict, key, value);
      return null;
    },
    "any",
  ],
]);
