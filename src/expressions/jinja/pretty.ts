/** pprint.pformat of Python at 80 columns. */
import { dictEntries, isDict, makeDict, PyTuple } from "../python/collections.ts";
import { sortValues } from "../python/sort.ts";
import { pyRepr } from "../python/text.ts";

const width = 80;

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (value instanceof PyTuple) return new PyTuple(value.items.map(sortedKeys));
  if (!isDict(value)) return value;
  const entries = dictEntries(value).map(([key, item]) => [key, sortedKeys(item)] as const);
  try {
    return makeDict(sortValues(entries, false, ([key]) => key));
  } catch {
    return makeDict(entries);
  }
}

function format(value: unknown, indent: number, allowance: number): string {
  const flat = pyRepr(value);
  if (flat.length <= width - indent - allowance) return flat;
  const separator = `,\n${" ".repeat(indent + 1)}`;
  if (isDict(value)) {
    const entries = dictEntries(value);
    const lines = entries.map(([key, item], at) => {
      const shown = pyRepr(key);
      const last = at === entries.length - 1;
      return `${shown}: ${format(item, indent + shown.length + 3, last ? allowance + 1 : 1)}`;
    });
    return `{${lines.join(separator)}}`;
  }
  const items = value instanceof PyTuple ? value.items : value;
  if (!Array.isArray(items)) return flat;
  const lines = items.map((item, at) =>
    format(item, indent + 1, at === items.length - 1 ? allowance + 1 : 1),
  );
  const [open, close] =
    value instanceof PyTuple ? ["(", items.length === 1 ? ",)" : ")"] : ["[", "]"];
  return `${open}${lines.join(separator)}${close}`;
}

/** The value over as many lines as it needs, keys sorted. */
export function pretty(value: unknown): string {
  return format(sortedKeys(value), 0, 0);
}
