import type { ParameterSchemas } from "../model/definitions.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { inOrder } from "./shell-arguments.ts";

/** A script's arguments in PowerShell's words: the named ones first, then the positional ones in their order. What is null is left out. */
export function powershellArguments(
  parameters: JsonObject,
  schemas: ParameterSchemas,
  { keywordOperator }: { readonly keywordOperator: string },
): string[] {
  const positional = inOrder(schemas);
  const named = Object.entries(parameters)
    .filter(([name, value]) => !positional.includes(name) && value !== null && value !== undefined)
    // With a colon a switch takes a boolean too.
    .map(([name, value]) => `${keywordOperator}${name}:${powershellValue(value)}`);
  return [...named, ...positional.map((name) => powershellValue(parameters[name]))];
}

/** A value as PowerShell writes it. */
function powershellValue(value: unknown): string {
  if (value === undefined || value === null) return "$null";
  if (typeof value === "boolean") return value ? "$true" : "$false";
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `@(${value.map((item) => powershellValue(item)).join(", ")})`;
  if (isObject(value)) {
    const pairs = Object.entries(value).map(
      ([key, item]) => `${text(key)} = ${powershellValue(item)}`,
    );
    return `@{${pairs.join("; ")}}`;
  }
  return text(typeof value === "string" ? value : JSON.stringify(value));
}

/** Between single quotes nothing means anything but the quote, of which PowerShell knows five. */
function text(value: string): string {
  return `'${value.replaceAll(/['\u2018-\u201B]/g, (quote) => quote + quote)}'`;
}
