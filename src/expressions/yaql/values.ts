/** Values of YAQL while it runs. Data from outside counts as frozen: an Array is a tuple and a plain object a frozen dict, so nothing
 * is copied on the way in. What Python would make a list or a dict of its own has a class here. */
import { bounds } from "../context.ts";
import { Float } from "../python/values.ts";
import { Fault, typeError } from "./faults.ts";
import { YaqlRegex } from "./regex.ts";
import { hashTemporal, isTemporal } from "./temporal.ts";

/** A list of Python: unlike a tuple it is no member of sets and equals no tuple. */
export class YaqlList {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A dict that YAQL made; keys may be any hashable value. `frozen` ones are hashable themselves. */
export class YaqlDict {
  readonly entries = new Map<unknown, readonly [key: unknown, value: unknown]>();
  readonly frozen: boolean;
  constructor(frozen: boolean, entries: Iterable<readonly [unknown, unknown]> = []) {
    this.frozen = frozen;
    for (const [key, value] of entries) this.set(key, value);
  }
  set(key: unknown, value: unknown): void {
    const hash = hashKey(key);
    // As in Python the first of two equal keys stays.
    this.entries.set(hash, [this.entries.get(hash)?.[0] ?? key, value]);
  }
}

/** A frozenset; it keeps the order of insertion. */
export class YaqlSet {
  readonly entries = new Map<unknown, unknown>();
  constructor(values: Iterable<unknown> = []) {
    for (const value of values) {
      const hash = hashKey(value);
      if (!this.entries.has(hash)) this.entries.set(hash, value);
    }
  }
}

/** `keys()`, `values()` or `items()` of a dict. */
export class YaqlView {
  readonly kind: "keys" | "values" | "items";
  readonly dict: Mapping;
  constructor(kind: "keys" | "values" | "items", dict: Mapping) {
    this.kind = kind;
    this.dict = dict;
  }
}

/** A generator: what it gave once is gone. `label` is how Python would print it. */
export class YaqlIterator {
  readonly label: string;
  readonly iterator: Iterator<unknown, unknown, undefined>;
  constructor(label: string, iterator: Iterator<unknown, unknown, undefined>) {
    this.label = label;
    this.iterator = iterator;
  }
  *[Symbol.iterator](): Generator<unknown, void, undefined> {
    for (;;) {
      const next = this.iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
}

/** A generator that remembers what it gave (`memorize()`), so that it can be walked again. */
export class YaqlMemory {
  readonly #source: Iterator<unknown>;
  readonly #seen: unknown[] = [];
  constructor(source: Iterable<unknown>) {
    this.#source = source[Symbol.iterator]();
  }
  *[Symbol.iterator](): Generator<unknown, void, undefined> {
    for (let index = 0; ; index++) {
      if (index >= this.#seen.length) {
        const next = this.#source.next();
        if (next.done === true) return;
        this.#seen.push(next.value);
      }
      yield this.#seen[index];
    }
  }
}

/** `orderBy()`: sorted when it is first walked, so that `thenBy()` can still add to the order. */
export class YaqlOrdering {
  readonly order: Array<{
    readonly select: (item: unknown) => unknown;
    readonly descending: boolean;
  }> = [];
  readonly #sort: (ordering: YaqlOrdering) => readonly unknown[];
  #sorted: readonly unknown[] | undefined;
  constructor(sort: (ordering: YaqlOrdering) => readonly unknown[]) {
    this.#sort = sort;
  }
  [Symbol.iterator](): Iterator<unknown> {
    this.#sorted ??= this.#sort(this);
    return this.#sorted[Symbol.iterator]();
  }
}

/** `a => b` as an evaluated argument. */
export class MappingRule {
  readonly source: unknown;
  readonly destination: unknown;
  constructor(source: unknown, destination: unknown) {
    this.source = source;
    this.destination = destination;
  }
}

export type PlainObject = Readonly<Record<string, unknown>>;
export type Mapping = PlainObject | YaqlDict;

/** True for data objects; never for an instance of a class. */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isMapping(value: unknown): value is Mapping {
  return value instanceof YaqlDict || isPlainObject(value);
}

export function isSequence(value: unknown): value is readonly unknown[] | YaqlList {
  return Array.isArray(value) || value instanceof YaqlList;
}

/** True for sets and for the views that act as sets. */
export function isSet(value: unknown): value is YaqlSet | YaqlView {
  return value instanceof YaqlSet || (value instanceof YaqlView && value.kind !== "values");
}

export function isIterator(value: unknown): value is YaqlIterator | YaqlMemory {
  return value instanceof YaqlIterator || value instanceof YaqlMemory;
}

/** What can be walked; text and dicts cannot. */
export function isIterable(value: unknown): boolean {
  return (
    isSequence(value) ||
    value instanceof YaqlSet ||
    value instanceof YaqlView ||
    value instanceof YaqlOrdering ||
    isIterator(value)
  );
}

export function isNumber(value: unknown): value is number | bigint | Float {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Float;
}

/** True for Python's int without bool. */
export function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

export function itemsOf(value: readonly unknown[] | YaqlList): readonly unknown[] {
  return value instanceof YaqlList ? value.items : value;
}

export function hasKey(mapping: Mapping, key: unknown): boolean {
  if (mapping instanceof YaqlDict) return mapping.entries.has(hashKey(key));
  return typeof hashKey(key) === "string" && typeof key === "string" && Object.hasOwn(mapping, key);
}

/** The value under a key, or `absent`. Throws a TypeError fault for an unhashable key. */
export function valueAt(mapping: Mapping, key: unknown, absent: unknown): unknown {
  if (mapping instanceof YaqlDict) {
    const entry = mapping.entries.get(hashKey(key));
    return entry === undefined ? absent : entry[1];
  }
  if (typeof key === "string") return Object.hasOwn(mapping, key) ? mapping[key] : absent;
  hashKey(key);
  return absent;
}

export function entriesOf(mapping: Mapping): ReadonlyArray<readonly [unknown, unknown]> {
  return mapping instanceof YaqlDict ? [...mapping.entries.values()] : Object.entries(mapping);
}

export function sizeOf(mapping: Mapping): number {
  return mapping instanceof YaqlDict ? mapping.entries.size : Object.keys(mapping).length;
}

export function viewItems(view: YaqlView): readonly unknown[] {
  const entries = entriesOf(view.dict);
  if (view.kind === "items") return entries;
  return entries.map(([key, value]) => (view.kind === "keys" ? key : value));
}

/** Members of a set or of a view that acts as one. */
export function membersOf(set: YaqlSet | YaqlView): readonly unknown[] {
  return set instanceof YaqlSet ? [...set.entries.values()] : viewItems(set);
}

/** A primitive that is the same for equal values of Python (1, 1.0 and true are equal). Throws for unhashable values. */
export function hashKey(value: unknown): unknown {
  remaining = bounds.steps;
  return keyOf(value);
}

function keyOf(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return hashText(value);
    case "boolean":
      return Number(value);
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case "number":
      return value;
    case "object":
      return value === null ? null : hashObject(value);
    case "undefined":
    case "function":
    case "symbol":
      return value ?? null;
  }
}

// Keys of other kinds start with a NUL.
function hashText(text: string): string {
  return text.startsWith("\0") ? `\0s${text}` : text;
}

function hashObject(value: object): unknown {
  if (value instanceof Float) {
    // Large integral floats equal the integer of the same value.
    return Number.isSafeInteger(value.value) ? value.value : BigInt(value.value);
  }
  if (Array.isArray(value)) return `\0t${value.map(hashPart).join(",")}`;
  if (value instanceof YaqlSet)
    return `\0f${[...value.entries.values()].map(hashPart).toSorted().join(",")}`;
  if (isTemporal(value)) return hashTemporal(value);
  if (value instanceof YaqlRegex) return `\0r${value.key}`;
  if (isMapping(value)) return hashMapping(value);
  if (value instanceof YaqlList) throw typeError("unhashable type: 'list'");
  if (value instanceof YaqlView && value.kind !== "values") {
    throw typeError(`unhashable type: '${value.kind === "keys" ? "KeysView" : "ItemsView"}'`);
  }
  return value;
}

function hashMapping(mapping: Mapping): string {
  if (mapping instanceof YaqlDict && !mapping.frozen) throw typeError("unhashable type: 'dict'");
  const pairs = entriesOf(mapping).map(([key, item]) => `${hashPart(key)}:${hashPart(item)}`);
  return `\0d${pairs.toSorted().join(",")}`;
}

let nextIdentity = 0;
const identities = new WeakMap<object, number>();

// Work left for the key being made: shared parts can make small data endless to walk. Keys are made one at a time.
let remaining = 0;

function hashPart(value: unknown): string {
  if (--remaining < 0) {
    throw new Fault("MemoryQuotaExceededException", "Expression consumed too much memory");
  }
  const hash = keyOf(value);
  if (typeof hash === "object" && hash !== null) {
    const identity = identities.get(hash) ?? nextIdentity++;
    identities.set(hash, identity);
    return `o${identity}`;
  }
  return typeof hash === "string" ? `${hash.length}:${hash}` : `${typeof hash}${String(hash)}`;
}
