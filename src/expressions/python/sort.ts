import { pyCompare } from "./compare.ts";

/** list.sort(): stable, by Python's order. Throws its TypeError for values that have none. */
export function sortValues<Value>(
  values: readonly Value[],
  reverse = false,
  key: (value: Value) => unknown = (value) => value,
): Value[] {
  const keyed = values.map((value) => ({ value, key: key(value) }));
  const sign = reverse ? -1 : 1;
  keyed.sort((a, b) => {
    if (pyCompare("<", a.key, b.key)) return -sign;
    return pyCompare("<", b.key, a.key) ? sign : 0;
  });
  return keyed.map(({ value }) => value);
}
