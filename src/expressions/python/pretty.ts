/** pprint.pformat of Python. */
import { dictEntries, isDict, makeDict, PyTuple } from "./collections.ts";
import { sortValues } from "./sort.ts";
import { pyRepr } from "./text.ts";

export interface PrettyOptions {
  /** Columns; 80 where not given. */
  readonly width?: number;
  /** True where not given. */
  readonly sortKeys?: boolean;
}

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

interface Place {
  readonly indent: number;
  /** Columns to leave free at the end of the last line. */
  readonly allowance: number;
  readonly width: number;
}

function format(value: unknown, place: Place): string {
  const { indent, allowance, width } = place;
  const flat = pyRepr(value);
  if (flat.length <= width - indent - allowance) return flat;
  const separator = `,\n${" ".repeat(indent + 1)}`;
  if (isDict(value)) {
    const entries = dictEntries(value);
    const lines = entries.map(([key, item], at) => {
      const shown = pyRepr(key);
      const last = at === entries.length - 1;
      return `${shown}: ${format(item, { width, indent: indent + shown.length + 3, allowance: last ? allowance + 1 : 1 })}`;
    });
    return `{${lines.join(separator)}}`;
  }
  const items = value instanceof PyTuple ? value.items : value;
  if (!Array.isArray(items)) return flat;
  const lines = items.map((item, at) =>
    format(item, {
      width,
      indent: indent + 1,
      allowance: at === items.length - 1 ? allowance + 1 : 1,
    }),
  );
  const [open, close] =
    value instanceof PyTuple ? ["(", items.length === 1 ? ",)" : ")"] : ["[", "]"];
  return `${open}${lines.join(separator)}${close}`;
}

/** The value over as many lines as it needs. */
export function pretty(value: unknown, options: PrettyOptions = {}): string {
  const shown = options.sortKeys === false ? value : sortedKeys(value);
  return format(shown, { indent: 0, allowance: 0, width: options.width ?? 80 });
}
