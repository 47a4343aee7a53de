/** Python's containers that JavaScript lacks. */
import { bounds } from "../context.ts";
import { PythonError } from "./errors.ts";
import { Float } from "./values.ts";

export class PyTuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
  toJSON(): readonly unknown[] {
    return this.items;
  }
}

/**
 * A text that is equal for two values exactly when Python's hash table would take them for the same key (1, 1.0 and True are one);
 * undefined for what cannot be hashed (list, dict, set).
 */
export function hashKey(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return `s${value}`;
    case "number":
      return `n${value === 0 ? 0 : value}`;
    case "bigint":
      return `n${value}`;
    case "boolean":
      return value ? "n1" : "n0";
    case "undefined":
      return "none";
    case "object":
      return hashObject(value);
    case "function":
    case "symbol":
      return undefined;
  }
}

function hashObject(value: unknown): string | undefined {
  if (value === null) return "none";
  if (value instanceof Float) return hashKey(value.value);
  if (value instanceof PyTuple) return hashItems(value.items);
  if (value instanceof PyDateTime) return `d${value.sortKey()}`;
  if (value instanceof PyTimeDelta) return `t${value.microseconds}`;
  return undefined;
}

function hashItems(items: readonly unknown[]): string | undefined {
  const keys: string[] = [];
  let size = 0;
  for (const item of items) {
    const key = hashKey(item);
    if (key === undefined) return undefined;
    size += key.length;
    // Tuples that share their parts many times over would have keys without measure.
    if (size > bounds.output) throw new PythonError("MemoryError", "the key is too large");
    keys.push(`${key.length}:${key}`);
  }
  return `(${keys.join("")})`;
}

/** A set in the order of insertion. Values that cannot be hashed are left to the caller: `add` answers false for them. */
export class PySet {
  readonly #entries = new Map<string, unknown>();
  constructor(items: Iterable<unknown> = []) {
    for (const item of items) this.#insert(item);
  }
  #insert(item: unknown): void {
    const key = hashKey(item);
    if (key === undefined) throw new TypeError("unhashable");
    if (!this.#entries.has(key)) this.#entries.set(key, item);
  }
  get size(): number {
    return this.#entries.size;
  }
  has(item: unknown): boolean {
    const key = hashKey(item);
    return key !== undefined && this.#entries.has(key);
  }
  items(): unknown[] {
    return [...this.#entries.values()];
  }
  [Symbol.iterator](): Iterator<unknown> {
    return this.#entries.values();
  }
  toJSON(): unknown[] {
    return this.items();
  }
}

/** A dict whose keys are not all plain strings (or would lose their order in a JavaScript object, as "1" does). */
export class PyDict {
  readonly #entries = new Map<string, readonly [unknown, unknown]>();
  constructor(entries: Iterable<readonly [unknown, unknown]> = []) {
    for (const [key, value] of entries) {
      const hashed = hashKey(key);
      if (hashed === undefined) throw new TypeError("unhashable");
      const before = this.#entries.get(hashed);
      this.#entries.set(hashed, [before === undefined ? key : before[0], value]);
    }
  }
  get size(): number {
    return this.#entries.size;
  }
  has(key: unknown): boolean {
    const hashed = hashKey(key);
    return hashed !== undefined && this.#entries.has(hashed);
  }
  get(key: unknown): unknown {
    const hashed = hashKey(key);
    return hashed === undefined ? undefined : this.#entries.get(hashed)?.[1];
  }
  /** Only for a dict that this very evaluation made. */
  set(key: unknown, value: unknown): void {
    const hashed = hashKey(key);
    if (hashed === undefined) throw new TypeError("unhashable");
    this.#entries.set(hashed, [this.#entries.get(hashed)?.[0] ?? key, value]);
  }
  /** Only for a dict that this very evaluation made. */
  delete(key: unknown): void {
    const hashed = hashKey(key);
    if (hashed !== undefined) this.#entries.delete(hashed);
  }
  entries(): (readonly [unknown, unknown])[] {
    return [...this.#entries.values()];
  }
}

export type PlainDict = Readonly<Record<string, unknown>>;

/** A dict that is a plain object (of any realm's or no prototype), not one of our value classes. */
export function isPlainDict(value: unknown): value is PlainDict {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isDict(value: unknown): value is PlainDict | PyDict {
  return value instanceof PyDict || isPlainDict(value);
}

/** Entries in order, whichever of the two forms a dict has. */
export function dictEntries(dict: PlainDict | PyDict): (readonly [unknown, unknown])[] {
  return dict instanceof PyDict ? dict.entries() : Object.entries(dict);
}

export function dictHas(dict: PlainDict | PyDict, key: unknown): boolean {
  if (dict instanceof PyDict) return dict.has(key);
  return typeof key === "string" && Object.hasOwn(dict, key);
}

export function dictGet(dict: PlainDict | PyDict, key: unknown): unknown {
  if (dict instanceof PyDict) return dict.get(key);
  return typeof key === "string" && Object.hasOwn(dict, key) ? dict[key] : undefined;
}

const integerLike = /^(?:0|[1-9]\d{0,15})$/;

/** The dict of these entries (later keys win): a plain object where that keeps keys and their order, else a PyDict. */
export function makeDict(entries: readonly (readonly [unknown, unknown])[]): PlainDict | PyDict {
  const plain = entries.every(([key]) => typeof key === "string" && !integerLike.test(key));
  if (!plain) return new PyDict(entries);
  return Object.fromEntries(entries.map(([key, value]) => [String(key), value]));
}

export interface DateTimeFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}

const secondsPerDay = 86_400;

/** Days since 1970-01-01 of a proleptic Gregorian date. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** [year, month, day] of days since 1970-01-01. */
export function civilFromDays(days: number): [number, number, number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}

/** A point in time as Python's datetime: wall-clock fields and an offset east of UTC in seconds (undefined = naive). */
export class PyDateTime {
  /** Wall-clock seconds since 1970-01-01T00:00 of that wall clock. */
  readonly localSeconds: number;
  readonly microsecond: number;
  readonly offset: number | undefined;
  constructor(localSeconds: number, microsecond: number, offset: number | undefined) {
    this.localSeconds = localSeconds;
    this.microsecond = microsecond;
    this.offset = offset;
  }

  static of(fields: DateTimeFields, offset: number | undefined): PyDateTime {
    const days = daysFromCivil(fields.year, fields.month, fields.day);
    const seconds = days * secondsPerDay + fields.hour * 3600 + fields.minute * 60 + fields.second;
    return new PyDateTime(seconds, fields.microsecond, offset);
  }

  /** Seconds since the epoch; a naive time counts as UTC. */
  get epochSeconds(): number {
    return this.localSeconds - (this.offset ?? 0);
  }

  fields(): DateTimeFields {
    const days = Math.floor(this.localSeconds / secondsPerDay);
    const rest = this.localSeconds - days * secondsPerDay;
    const [year, month, day] = civilFromDays(days);
    return {
      year,
      month,
      day,
      hour: Math.floor(rest / 3600),
      minute: Math.floor((rest % 3600) / 60),
      second: rest % 60,
      microsecond: this.microsecond,
    };
  }

  /** The same instant plus microseconds. */
  plus(microseconds: number): PyDateTime {
    const total = this.microsecond + microseconds;
    const carry = Math.floor(total / 1e6);
    return new PyDateTime(this.localSeconds + carry, total - carry * 1e6, this.offset);
  }

  sortKey(): string {
    return `${this.offset === undefined ? "naive" : "aware"}${this.epochSeconds}.${this.microsecond}`;
  }

  /** `2026-01-01T10:00:00.000001+09:00`, as datetime.isoformat(separator). */
  isoformat(separator = "T"): string {
    const at = this.fields();
    const date = `${pad(at.year, 4)}-${pad(at.month)}-${pad(at.day)}`;
    const micro = at.microsecond === 0 ? "" : `.${pad(at.microsecond, 6)}`;
    const time = `${pad(at.hour)}:${pad(at.minute)}:${pad(at.second)}${micro}`;
    return `${date}${separator}${time}${offsetText(this.offset)}`;
  }

  toJSON(): string {
    return this.isoformat();
  }
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}

/** `+09:00`, or "" for a naive time. */
export function offsetText(offset: number | undefined): string {
  if (offset === undefined) return "";
  const size = Math.abs(offset);
  const seconds = size % 60 === 0 ? "" : `:${pad(size % 60)}`;
  return `${offset < 0 ? "-" : "+"}${pad(Math.floor(size / 3600))}:${pad(Math.floor((size % 3600) / 60))}${seconds}`;
}

/** A span of time; whole microseconds. */
export class PyTimeDelta {
  readonly microseconds: number;
  constructor(microseconds: number) {
    this.microseconds = microseconds;
  }
  toString(): string {
    const days = Math.floor(this.microseconds / 864e8);
    const rest = this.microseconds - days * 864e8;
    const seconds = Math.floor(rest / 1e6);
    const micro = rest - seconds * 1e6;
    const clock = `${Math.floor(seconds / 3600)}:${pad(Math.floor((seconds % 3600) / 60))}:${pad(seconds % 60)}`;
    const prefix = days === 0 ? "" : `${days} day${Math.abs(days) === 1 ? "" : "s"}, `;
    return `${prefix}${clock}${micro === 0 ? "" : `.${pad(micro, 6)}`}`;
  }
  toJSON(): string {
    return this.toString();
  }
}
