/** Python's `str` and `repr` of YAQL's values. */
import { bounds } from "../context.ts";
import { PyTimeDelta } from "../python/collections.ts";
import { pyRepr, pyStr } from "../python/text.ts";
import { Fault } from "./faults.ts";
import { Scope } from "./scope.ts";
import { isTemporal, type Temporal } from "./temporal.ts";
import {
  entriesOf,
  isMapping,
  itemsOf,
  MappingRule,
  membersOf,
  viewItems,
  YaqlDict,
  YaqlIterator,
  YaqlList,
  YaqlMemory,
  YaqlOrdering,
  YaqlSet,
  YaqlView,
} from "./values.ts";
import { YaqlRegex } from "./regex.ts";

/** Python's `str`. Addresses are made up. */
export function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  return isTemporal(value) ? pyStr(value) : quotedText(value);
}

/** Python's `repr`. Throws a fault for more text than an evaluation may produce: shared parts can make small data print endlessly. */
export function quotedText(value: unknown): string {
  remaining = bounds.output;
  return repr(value);
}

// Characters that the text being made may still have; texts are made one at a time.
let remaining = 0;

function repr(value: unknown): string {
  const text = reprOf(value);
  remaining -= typeof value === "object" && value !== null ? 2 : text.length;
  if (remaining < 0) {
    throw new Fault("MemoryQuotaExceededException", "Expression consumed too much memory");
  }
  return text;
}

function reprOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return pyRepr(value ?? null);
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.length === 1 ? `(${repr(items[0])},)` : `(${joined(items)})`;
  }
  if (value instanceof YaqlList) return `[${joined(itemsOf(value))}]`;
  if (isMapping(value)) {
    const pairs = entriesOf(value).map(([key, item]) => `${repr(key)}: ${repr(item)}`);
    return `{${pairs.join(", ")}}`;
  }
  return objectText(value);
}

function joined(items: readonly unknown[]): string {
  return items.map(repr).join(", ");
}

function objectText(value: object): string {
  if (isTemporal(value)) return temporalText(value);
  if (value instanceof YaqlSet) {
    return value.entries.size === 0 ? "frozenset()" : `frozenset({${joined(membersOf(value))}})`;
  }
  if (value instanceof YaqlView) return viewText(value);
  if (value instanceof YaqlIterator) return `<${value.label} at 0x7f0000000000>`;
  if (value instanceof YaqlRegex) return `re.compile(${repr(value.pattern)})`;
  const name = classOf(value);
  return name === undefined ? pyStr(value) : `<${name} object at 0x7f0000000000>`;
}

function classOf(value: object): string | undefined {
  if (value instanceof YaqlOrdering) return "yaql.standard_library.queries.OrderingIterable";
  if (value instanceof YaqlMemory)
    return "yaql.language.utils.memorize.<locals>.RememberingIterator";
  if (value instanceof Scope) return "yaql.language.contexts.Context";
  return value instanceof MappingRule ? "yaql.language.utils.MappingRule" : undefined;
}

/** `datetime.datetime(2020, 1, 2, 0, 0, tzinfo=tzutc())`, `datetime.timedelta(seconds=3600)`. */
function temporalText(value: Temporal): string {
  if (value instanceof PyTimeDelta) {
    const days = Math.floor(value.microseconds / 864e8);
    const rest = value.microseconds - days * 864e8;
    const seconds = Math.floor(rest / 1e6);
    const parts = { days, seconds, microseconds: rest - seconds * 1e6 };
    const shown = Object.entries(parts).filter(([, part]) => part !== 0);
    return `datetime.timedelta(${shown.map(([name, part]) => `${name}=${part}`).join(", ") || "0"})`;
  }
  const { year, month, day, hour, minute, second, microsecond } = value.fields();
  const fields = [year, month, day, hour, minute, second, microsecond];
  while (fields.length > 5 && fields.at(-1) === 0) fields.pop();
  const zone = value.offset === 0 ? "tzutc()" : `tzoffset(None, ${value.offset ?? 0})`;
  const shown = fields.join(", ");
  return `datetime.datetime(${value.offset === undefined ? shown : `${shown}, tzinfo=${zone}`})`;
}

function viewText(view: YaqlView): string {
  if (view.dict instanceof YaqlDict && !view.dict.frozen) {
    return `dict_${view.kind}([${joined(viewItems(view))}])`;
  }
  const names = { keys: "KeysView", values: "ValuesView", items: "ItemsView" } as const;
  return `${names[view.kind]}(${repr(view.dict)})`;
}
