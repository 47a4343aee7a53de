/** What the steps of a JSONPath lead to. */
import { dictEntries, dictGet, dictHas, isDict, PyTuple } from "./python/collections.ts";
import { typeName } from "./python/compare.ts";
import { PythonError, typeError } from "./python/errors.ts";
import { pyRepr } from "./python/text.ts";

/** A value and what it was found in, so that `parent` and `$` can go back. */
interface Datum {
  readonly value: unknown;
  readonly context: Datum | undefined;
}

export type Find = (datum: Datum) => readonly Datum[];

function child(datum: Datum, value: unknown): Datum {
  return { value, context: datum };
}

export const self: Find = (datum) => [datum];

export const root: Find = (datum) => {
  let top = datum;
  while (top.context !== undefined) top = top.context;
  return [top];
};

export const parent: Find = (datum) => (datum.context === undefined ? [] : [datum.context]);

export function fields(names: readonly string[]): Find {
  return ({ value, ...rest }) => {
    const datum = { value, ...rest };
    if (!isDict(value)) return [];
    if (names.includes("*")) return dictEntries(value).map(([, item]) => child(datum, item));
    return names
      .filter((name) => dictHas(value, name))
      .map((name) => child(datum, dictGet(value, name)));
  };
}

function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return value.items;
  if (typeof value === "string") return Array.from(value);
  throw typeError(`object of type '${typeName(value)}' has no len()`);
}

export function index(at: number): Find {
  return (datum) => {
    if (isDict(datum.value)) return indexOfDict(datum, at);
    const all = items(datum.value);
    if (all.length <= at) return [];
    if (at < -all.length)
      throw new PythonError("IndexError", `${typeName(datum.value)} index out of range`);
    return [child(datum, all.at(at))];
  };
}

function indexOfDict(datum: Datum, at: number): readonly Datum[] {
  if (!isDict(datum.value) || dictEntries(datum.value).length <= at) return [];
  if (!dictHas(datum.value, at)) throw new PythonError("KeyError", pyRepr(at));
  return [child(datum, dictGet(datum.value, at))];
}

interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly step: number | undefined;
}

/** The indexes a slice of Python selects from a sequence. Throws ValueError for step 0. */
export function sliceIndexes(length: number, range: Slice): number[] {
  const step = range.step ?? 1;
  if (step === 0) throw new PythonError("ValueError", "slice step cannot be zero");
  const low = step < 0 ? -1 : 0;
  const high = step < 0 ? length - 1 : length;
  const clamp = (at: number): number => Math.min(Math.max(at < 0 ? at + length : at, low), high);
  const from = range.from === undefined ? (step < 0 ? high : low) : clamp(range.from);
  const to = range.to === undefined ? (step < 0 ? low : high) : clamp(range.to);
  const indexes: number[] = [];
  for (let at = from; step < 0 ? at > to : at < to; at += step) indexes.push(at);
  return indexes;
}

export function slice(range: Slice): Find {
  return (datum) => {
    const { value } = datum;
    const scalar =
      typeof value === "string" || typeof value === "boolean" || typeName(value) === "int";
    const all = isDict(value) || scalar ? [value] : items(value);
    return sliceIndexes(all.length, range).map((at) => child(datum, all[at]));
  };
}

export function join(left: Find, right: Find): Find {
  return (datum) => left(datum).flatMap(right);
}

export function descend(right: Find): Find {
  const search: Find = (datum) => {
    const found = [...right(datum)];
    if (Array.isArray(datum.value)) {
      for (const item of datum.value) found.push(...search(child(datum, item)));
    } else if (isDict(datum.value)) {
      for (const [, item] of dictEntries(datum.value)) found.push(...search(child(datum, item)));
    }
    return found;
  };
  return search;
}
