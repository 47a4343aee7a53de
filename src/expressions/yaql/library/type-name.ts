/** Names of Python's classes for YAQL's values, as its messages print them. */
import { typeName as pythonTypeName } from "../../python/compare.ts";
import {
  isMapping,
  YaqlDict,
  YaqlIterator,
  YaqlList,
  YaqlMemory,
  YaqlOrdering,
  YaqlSet,
  YaqlView,
} from "../values.ts";
import { YaqlRegex } from "../regex.ts";

export function typeName(value: unknown): string {
  if (typeof value !== "object" || value === null) return pythonTypeName(value);
  if (Array.isArray(value)) return "tuple";
  if (value instanceof YaqlView) return viewName(value);
  if (value instanceof YaqlIterator) return value.label.split(" ")[0] ?? "generator";
  for (const [type, name] of names) if (value instanceof type) return name;
  if (isMapping(value)) return value instanceof YaqlDict && !value.frozen ? "dict" : "FrozenDict";
  return pythonTypeName(value);
}

const names = [
  [YaqlList, "list"],
  [YaqlSet, "frozenset"],
  [YaqlMemory, "RememberingIterator"],
  [YaqlOrdering, "OrderingIterable"],
  [YaqlRegex, "re.Pattern"],
] as const;

function viewName({ kind, dict }: YaqlView): string {
  if (dict instanceof YaqlDict && !dict.frozen) return `dict_${kind}`;
  return { keys: "KeysView", values: "ValuesView", items: "ItemsView" }[kind];
}
