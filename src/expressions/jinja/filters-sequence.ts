/** Jinja2's filters for lists, dicts and what can be walked over. */
import { arithmetic, checkSize, isInt } from "../python/arithmetic.ts";
import { dictEntries, hashKey, isDict, PySet, PyTuple } from "../python/collections.ts";
import { pyCompare, pyEquals, typeName } from "../python/compare.ts";
import { PythonError, typeError } from "../python/errors.ts";
import { Float } from "../python/values.ts";
import { sortValues } from "../python/sort.ts";
import { getAttribute, getItem, iterate, lengthOf, text, truth } from "./access.ts";
import { define, defineLenient } from "./environment.ts";
import type { DefinitionTable, FilterBody, FilterCall } from "./environment.ts";
import { methodOf } from "./methods.ts";
import { GroupTuple, JinjaObject, JinjaUndefined, need, PyIterator, PyRange } from "./runtime.ts";

type Getter = (item: unknown) => unknown;

function ignoreCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function parts(attribute: unknown): readonly unknown[] {
  if (attribute === null || attribute === undefined) return [];
  if (typeof attribute !== "string") return [attribute];
  return attribute.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** Looks an attribute (`a.b.0`) up in an item. */
function getter(attribute: unknown, fallback?: unknown): Getter {
  const path = parts(attribute);
  return (item) => {
    let value = item;
    for (const part of path) {
      value = getItem(value, part);
      if (value instanceof JinjaUndefined && fallback !== undefined && fallback !== null) {
        value = fallback;
      }
    }
    return value;
  };
}

function folded(get: Getter, caseSensitive: unknown): Getter {
  return truth(caseSensitive) ? get : (item) => ignoreCase(get(item));
}

function items(value: unknown, call: FilterCall): readonly unknown[] {
  const found = iterate(value);
  call.run.tick(found.length);
  return found;
}

function sort(
  [value, reverse, caseSensitive, attribute]: readonly unknown[],
  call: FilterCall,
): unknown {
  const paths = typeof attribute === "string" ? attribute.split(",") : [attribute];
  const getters = paths.map((path) => folded(getter(path), caseSensitive));
  return sortValues(items(value, call), truth(reverse), (item) =>
    getters.map((get) => need(get(item))),
  );
}

function dictSort([value, caseSensitive, by, reverse]: readonly unknown[]): unknown {
  if (by !== "key" && by !== "value") {
    throw new PythonError("FilterArgumentError", 'You can only sort by either "key" or "value"');
  }
  if (!isDict(value)) {
    throw new PythonError("AttributeError", `'${typeName(value)}' object has no attribute 'items'`);
  }
  const at = by === "key" ? 0 : 1;
  const pairs = sortValues(dictEntries(value), truth(reverse), (pair) =>
    truth(caseSensitive) ? pair[at] : ignoreCase(pair[at]),
  );
  return pairs.map((pair) => new PyTuple(pair));
}

function groupBy(values: readonly unknown[], call: FilterCall): unknown {
  const [value, attribute, fallback, caseSensitive] = values;
  const real = getter(attribute, fallback);
  const key = folded(real, caseSensitive);
  const groups: { readonly key: unknown; readonly members: unknown[] }[] = [];
  for (const item of sortValues(items(value, call), false, (entry) => need(key(entry)))) {
    const last = groups.at(-1);
    const current = key(item);
    if (last !== undefined && pyEquals(last.key, current)) last.members.push(item);
    else groups.push({ key: current, members: [item] });
  }
  return groups.map(({ members }) => new GroupTuple([real(members[0]), members]));
}

function extreme(values: readonly unknown[], largest: boolean, call: FilterCall): unknown {
  const [value, caseSensitive, attribute] = values;
  const key = folded(getter(attribute), caseSensitive);
  const all = items(value, call);
  if (all.length === 0) return new JinjaUndefined("No aggregated item, sequence was empty.");
  let [best] = all;
  for (const item of all.slice(1)) {
    const better = largest
      ? pyCompare(">", need(key(item)), need(key(best)))
      : pyCompare("<", need(key(item)), need(key(best)));
    if (better) best = item;
  }
  return best;
}

function unique([value, caseSensitive, attribute]: readonly unknown[], call: FilterCall): unknown {
  const key = folded(getter(attribute), caseSensitive);
  const seen = new Set<string>();
  const isFresh = (item: unknown): boolean => {
    const hashed = hashKey(need(key(item)));
    if (hashed === undefined) throw typeError(`unhashable type: '${typeName(key(item))}'`);
    const fresh = !seen.has(hashed);
    seen.add(hashed);
    return fresh;
  };
  return lazy("sync_do_unique", () => items(value, call).filter(isFresh));
}

function sum([value, attribute, start]: readonly unknown[], call: FilterCall): unknown {
  if (typeof start === "string") {
    throw typeError("sum() can't sum strings [use ''.join(seq) instead]");
  }
  const get = getter(attribute);
  let total = start;
  for (const item of items(value, call)) total = arithmetic("+", total, need(get(item)));
  return total;
}

function lazy(name: string, make: () => readonly unknown[]): PyIterator {
  return new PyIterator(make, "generator", name);
}

function batch([value, count, fill]: readonly unknown[], call: FilterCall): unknown[][] {
  const size = isInt(count) ? Math.max(1, Number(count)) : 1;
  const all = items(value, call);
  const rows: unknown[][] = [];
  for (let at = 0; at < all.length; at += size) rows.push(all.slice(at, at + size));
  const last = rows.at(-1);
  if (last !== undefined && fill !== null && fill !== undefined) {
    checkSize(size);
    while (last.length < size) last.push(fill);
  }
  return rows;
}

function slices([value, count, fill]: readonly unknown[], call: FilterCall): unknown[][] {
  const all = items(value, call);
  if (!isInt(count))
    throw typeError(`'${typeName(count)}' object cannot be interpreted as an integer`);
  const many = Number(count);
  if (many === 0) throw new PythonError("ZeroDivisionError", "integer division or modulo by zero");
  checkSize(many);
  const size = Math.floor(all.length / many);
  const extra = all.length % many;
  const rows: unknown[][] = [];
  let at = 0;
  for (let row = 0; row < many; row += 1) {
    const end = at + size + (row < extra ? 1 : 0);
    const part = all.slice(at, end);
    if (fill !== null && fill !== undefined && row >= extra) part.push(fill);
    rows.push(part);
    at = end;
  }
  return rows;
}

function lastOf(value: unknown): unknown {
  if (value instanceof PyIterator && value.isGenerator) {
    throw typeError(`'${value.pythonType}' object is not reversible`);
  }
  const isPlain = typeof value === "string" || (typeof value === "object" && value !== null);
  if (!isPlain || value instanceof PySet || value instanceof Float) {
    throw typeError(`'${typeName(value)}' object is not reversible`);
  }
  const all = iterate(value);
  if (all.length === 0) return new JinjaUndefined("No last item, sequence was empty.");
  return all.at(-1);
}

function reversed(value: unknown): unknown {
  if (typeof value === "string") return Array.from(value).toReversed().join("");
  if (typeof value !== "object" || value === null) {
    throw new PythonError("FilterArgumentError", "argument must be iterable");
  }
  const isOnce = value instanceof PyIterator && value.isGenerator;
  if (value instanceof PySet || isOnce) return iterate(value).toReversed();
  return new PyIterator(() => iterate(value).toReversed(), reverseType(value));
}

function reverseType(value: object): string {
  if (Array.isArray(value)) return "list_reverseiterator";
  if (isDict(value)) return "dict_reversekeyiterator";
  return value instanceof PyRange ? "range_iterator" : "reversed";
}

function mapped([value]: readonly unknown[], call: FilterCall): readonly unknown[] {
  if (!truth(value)) return [];
  const { rest, keywords } = call;
  if (rest.length === 0 && keywords.has("attribute")) {
    const unexpected = [...keywords.keys()].find(
      (name) => name !== "attribute" && name !== "default",
    );
    if (unexpected !== undefined) {
      throw new PythonError("FilterArgumentError", `Unexpected keyword argument '${unexpected}'`);
    }
    const get = getter(keywords.get("attribute"), keywords.get("default"));
    return items(value, call).map(get);
  }
  const [name, ...args] = rest;
  if (rest.length === 0) {
    throw new PythonError("FilterArgumentError", "map requires a filter argument");
  }
  return items(value, call).map((item) =>
    call.environment.callNamed("filter", [name, item, ...args], call),
  );
}

/** select, reject, selectattr and rejectattr. */
function chosen(keep: boolean, byAttribute: boolean): FilterBody {
  const choose = (value: unknown, call: FilterCall): readonly unknown[] => {
    if (!truth(value)) return [];
    const { rest } = call;
    if (byAttribute && rest.length === 0) {
      throw new PythonError("FilterArgumentError", "Missing parameter for attribute name");
    }
    const get = byAttribute ? getter(rest[0]) : (item: unknown) => item;
    const [name, ...args] = byAttribute ? rest.slice(1) : rest;
    const holds = (item: unknown): boolean => {
      const subject = get(item);
      if (name === undefined) return truth(subject);
      return truth(call.environment.callNamed("test", [name, subject, ...args], call));
    };
    return items(value, call).filter((item) => holds(item) === keep);
  };
  return ([value], call) => lazy("select_or_reject", () => choose(value, call));
}

function joined([value, separator, attribute]: readonly unknown[], call: FilterCall): string {
  const get = getter(attribute);
  const pieces = items(value, call).map((item) => text(get(item)));
  const by = text(separator);
  checkSize(pieces.reduce((size, piece) => size + piece.length + by.length, 0));
  return pieces.join(by);
}

function randomItem(value: unknown, call: FilterCall): unknown {
  const all = iterate(value);
  if (all.length === 0) return new JinjaUndefined("No random item, sequence was empty.");
  const answer = call.run.context.ask({ kind: "random", n: call.run.randoms });
  call.run.randoms += 1;
  return all[Math.floor(Number(answer) * all.length)];
}

function attributeOf(value: unknown, name: string): unknown {
  const found = value instanceof JinjaObject ? value.attribute(name) : methodOf(value, name);
  if (found !== undefined || name.startsWith("__")) return getAttribute(value, name);
  return getAttribute(value === null ? null : hidden(value), name);
}

/** A stand-in without items: `attr` finds attributes only. */
function hidden(value: unknown): unknown {
  return isDict(value) ? {} : value;
}

function pairsOf(value: unknown): readonly unknown[] {
  if (value instanceof JinjaUndefined) return [];
  if (!isDict(value)) throw typeError("Can only get item pairs from a mapping.");
  return dictEntries(value).map((pair) => new PyTuple(pair));
}

const length = define("len", "obj", ([value]) => lengthOf(value));
const fallback = defineLenient(
  "do_default",
  'value default_value="" boolean=false',
  ([value, other, boolean]) => {
    if (value instanceof JinjaUndefined) return other;
    return truth(boolean) && !truth(value) ? other : value;
  },
);

export const sequenceFilters: DefinitionTable = {
  attr: define("do_attr", "obj name", ([value, name]) => attributeOf(value, text(name))),
  batch: define("do_batch", "value linecount fill_with=null", (values, call) =>
    lazy("do_batch", () => batch(values, call)),
  ),
  count: length,
  length,
  d: fallback,
  default: fallback,
  dictsort: define("do_dictsort", 'value case_sensitive=false by="key" reverse=false', dictSort),
  first: define("do_first", "seq", ([value]) => {
    const all = iterate(value);
    return all.length === 0 ? new JinjaUndefined("No first item, sequence was empty.") : all[0];
  }),
  groupby: define("do_groupby", "value attribute default=null case_sensitive=false", groupBy),
  items: defineLenient("do_items", "value", ([value]) => lazy("do_items", () => pairsOf(value))),
  join: define("do_join", 'value d="" attribute=null', joined),
  last: define("do_last", "seq", ([value]) => lastOf(value)),
  list: define("do_list", "value", ([value], call) => [...items(value, call)]),
  map: define("do_map", "value *", (values, call) =>
    lazy("sync_do_map", () => mapped(values, call)),
  ),
  max: define("do_max", "value case_sensitive=false attribute=null", (values, call) =>
    extreme(values, true, call),
  ),
  min: define("do_min", "value case_sensitive=false attribute=null", (values, call) =>
    extreme(values, false, call),
  ),
  random: define("do_random", "seq", ([value], call) => randomItem(value, call)),
  reject: define("do_reject", "value *", chosen(false, false)),
  rejectattr: define("do_rejectattr", "value *", chosen(false, true)),
  reverse: define("do_reverse", "value", ([value]) => reversed(value)),
  select: define("do_select", "value *", chosen(true, false)),
  selectattr: define("do_selectattr", "value *", chosen(true, true)),
  slice: define("do_slice", "value slices fill_with=null", (values, call) =>
    lazy("sync_do_slice", () => slices(values, call)),
  ),
  sort: define("do_sort", "value reverse=false case_sensitive=false attribute=null", sort),
  sum: define("do_sum", "iterable attribute=null start=0", sum),
  unique: define("do_unique", "value case_sensitive=false attribute=null", unique),
};
